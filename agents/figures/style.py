# SPDX-License-Identifier: MIT
"""How all figures look: one palette for the colour-blind, one line and marker for each agent, one way to save."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from llmac.agents.evaluation.sweep.table import Frame

# Okabe and Ito, Color Universal Design (2008): told apart with any kind of colour vision.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY = "#7F7F7F"

DIVERGING = "PuOr"
"""Of differences: told apart with any kind of colour vision, too."""

_LOOK: Any = {
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "pdf.fonttype": 42,
}
_FIXED = {
    "genie": (GREY, "--", ""),
    "genie-causal": (GREY, ":", ""),
    "grant": (BLUE, "-", "s"),
    "sps": (GREEN, "-", "^"),
    "hybrid": (PURPLE, "-", "v"),
    "tdma": (SKY, "-", "P"),
    "aloha": (ORANGE, "-", "o"),
    "random": (BLACK, ":", "x"),
    "llm": (VERMILION, "-", "D"),
    "mappo": (BLACK, "-", "*"),
    "mappo-4": (BLACK, "--", "X"),
}
_OTHERS = (
    (VERMILION, "-", "D"),
    (BLACK, "-", "*"),
    (PURPLE, "--", "p"),
    (BLUE, "--", "h"),
    (GREEN, "--", "<"),
    (ORANGE, "--", ">"),
    (SKY, "--", "X"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How an agent is drawn, and what it is called."""

    colour: str
    line: str
    marker: str
    label: str

    @property
    def line_properties(self) -> dict[str, Any]:
        """For `Axes.plot`; hollow markers let lines below be seen."""
        hollow = {"markerfacecolor": "none", "markeredgewidth": 1.2}
        return {"color": self.colour, "marker": self.marker or None, "label": self.label, **hollow}


def looks(agents: Sequence[str]) -> dict[str, Look]:
    """A look for each agent: that of its name, wherever it appears, or the next free one."""
    taken = {_FIXED[agent] for agent in agents if agent in _FIXED}
    others = iter([other for other in _OTHERS if other not in taken] * len(agents))
    labels = _labels(agents)
    return {agent: Look(*(_FIXED.get(agent) or next(others)), labels[agent]) for agent in agents}


def _labels(agents: Sequence[str]) -> dict[str, str]:
    """Names without what the paths of checkpoints have in common at their beginning."""
    paths = {agent: Path(agent.partition(":")[2]).parts for agent in agents if ":" in agent}
    labels = {agent: agent for agent in agents}
    for agent, parts in paths.items():
        others = [other for name, other in paths.items() if name != agent]
        unique = next(
            (k for k in range(1, len(parts)) if all(parts[-k:] != other[-k:] for other in others)), len(parts)
        )
        labels[agent] = f"{agent.partition(':')[0]}:{'/'.join(parts[-unique:])}"
    return labels


@contextmanager
def picture(
    folder: Path,
    name: str,
    data: Frame,
    rows: int = 1,
    columns: int = 1,
    width: float = 4.2,
    height: float = 2.8,
) -> Generator[tuple[Figure, Any]]:
    """A figure to draw in; written as NAME.png and NAME.pdf, with `data` as NAME.csv, when the block ends.

    Args:
        folder: for the files; it is made.
        name: of the files.
        data: everything that is drawn.
        rows: of axes.
        columns: of axes.
        width: of one of the axes, in inches.
        height: likewise.

    Yields:
        The figure, and its axes, [rows, columns].
    """
    folder.mkdir(parents=True, exist_ok=True)
    data.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    with mpl.rc_context(_LOOK):
        figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
        yield figure, figure.subplots(rows, columns, squeeze=False)
        # Without the time and the version, equal results are equal files.
        figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
        figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})


def band(axes: Axes, look: Look, x: Any, mean: Any, low: Any, high: Any) -> None:
    """Draw a line with its interval."""
    axes.fill_between(x, low, high, color=look.colour, alpha=0.15, linewidth=0)
    axes.plot(x, mean, look.line, **look.line_properties)


def legend(figure: Figure, axes: Axes) -> None:
    """One legend for all axes, below them."""
    handles, labels = axes.get_legend_handles_labels()
    entry = 0.6 + 0.07 * max(map(len, labels))  # width in inches
    figure.legend(
        handles, labels, loc="outside lower center", ncols=max(1, min(len(labels), int(figure.get_figwidth() / entry)))
    )
