# SPDX-License-Identifier: MIT
"""What a benchmark found: figures with their spread beside their targets, as a table and as flat JSON."""

import json
import operator
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from llmac.bridge.errors import LlmacError

_RELATIONS = {"≥": operator.ge, "≤": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be.

    Attributes:
        relation: ≥, ≤, > or <.
        value: in the unit of the figure.
    """

    relation: str
    value: float

    def __post_init__(self) -> None:
        if self.relation not in _RELATIONS:
            raise ValueError(f"a relation is one of {' '.join(_RELATIONS)}, not {self.relation}")

    def is_met(self, figure: float) -> bool:
        """Whether a figure is what it should be."""
        return _RELATIONS[self.relation](figure, self.value)

    def __str__(self) -> str:
        return f"{self.relation} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, measured several times.

    Attributes:
        key: its name in the JSON document.
        values: one for each round; a single one if there is nothing to repeat.
        unit: for people, for instance "TTI/s"; empty for a ratio.
        target: if it has one.
    """

    key: str
    values: Sequence[float]
    unit: str = ""
    target: Target | None = None

    @property
    def median(self) -> float:
        """What is reported, and compared with the target."""
        return statistics.median(self.values)


def machine() -> dict[str, str | int | float]:
    """What it is measured on; to be asked before the measurement, for the load average."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "processor": _processor(),
        "python_version": platform.python_version(),
        "llmac_version": metadata.version("llmac"),
    }


def write(path: Path, figures: Sequence[Figure], where: dict[str, str | int | float]) -> None:
    """Write one flat JSON object: under each key the median, under KEY_min and KEY_max its spread, then the machine.

    Raises:
        LlmacError: the file cannot be written.
    """
    document: dict[str, str | int | float] = {}
    for figure in figures:
        document[figure.key] = figure.median
        if len(figure.values) > 1:
            document[f"{figure.key}_min"] = min(figure.values)
            document[f"{figure.key}_max"] = max(figure.values)
    try:
        path.write_text(json.dumps(document | where, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise LlmacError(f"--json {path}: it cannot be written: {error.strerror}") from error


def table(title: str, figures: Sequence[Figure], where: dict[str, str | int | float]) -> Table:
    """One row for each figure."""
    result = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # Long keys take two lines rather than room from the figures.
    result.add_column("", overflow="fold")
    for heading in ("median", "min .. max", "target", ""):
        result.add_column(heading, justify="right", no_wrap=True)
    for figure in figures:
        spread = f"{_short(min(figure.values))} .. {_short(max(figure.values))}" if len(figure.values) > 1 else ""
        target = figure.target
        verdict = "" if target is None else "met" if target.is_met(figure.median) else "missed"
        median = f"{_short(figure.median)} {figure.unit}".rstrip()
        result.add_row(figure.key, median, spread, str(target or ""), verdict)
    result.caption = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in where.items())
    return result


def _short(value: float) -> str:
    """Three to five digits that count, so that a row fits into 80 columns."""
    for least, unit, suffix in ((1e5, 1e3, "k"), (1e3, 1, "")):
        if abs(value) >= least:
            return f"{value / unit:,.0f}{suffix}"
    return f"{value:.3g}"


def _processor() -> str:
    """Its model, where the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
