# SPDX-License-Identifier: MIT
"""What `llmac run` tells of its agents: a table for people, a JSON document for programs."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.evaluation.paired import Difference
from llmac.agents.evaluation.statistics import Estimate, estimate
from llmac.bridge.timing import Timing

# What a table shows: heading, digits, and whether the interval is shown; the JSON document has everything.
_COLUMNS = {
    "goodput_dpdu_per_tti": ("goodput\ndPDU/TTI", 3, True),
    "jain_index": ("Jain\nindex", 3, False),
    "mean_delay_tti": ("delay\nTTI", 1, True),
    "collision_rate": ("colli-\nsions", 3, False),
    "loss_rate": ("lost\n", 3, False),
    "drop_rate": ("drop-\nped", 3, False),
    "signalling_bits_per_tti": ("signal.\nbit/TTI", 1, False),
    "normalised_utility": ("utility\n/genie", 3, False),
}


_COMPARED = ("goodput_dpdu_per_tti", "jain_index", "mean_delay_tti", "loss_rate", "normalised_utility")
"""What a table of differences shows, as wide as a terminal."""


def normalise(episodes: dict[str, list[dict[str, float]]], reference: str) -> None:
    """Add `normalised_utility` to every episode: its utility over the reference's at the same seed.

    NaN where the reference's is not positive, since a share of nothing says nothing.
    """
    references = [e["utility"] for e in episodes[reference]]
    for agent in episodes.values():
        for episode, utility in zip(agent, references, strict=True):
            episode["normalised_utility"] = episode["utility"] / utility if utility > 0 else math.nan


def estimates(episodes: Sequence[dict[str, float]]) -> dict[str, Estimate]:
    """Mean and interval over the episodes, for every metric."""
    return {name: estimate([e[name] for e in episodes]) for name in NAMES}


def document(
    scenario: str,
    seeds: Sequence[int],
    ns3_version: str,
    agents: dict[str, dict[str, Estimate]],
    timings: dict[str, Timing],
) -> dict[str, Any]:
    """The content of summary.json; null where there is no number."""
    return {
        "scenario": scenario,
        "seeds": list(seeds),
        "ns3_version": ns3_version,
        "agents": {
            agent: {
                name: {"mean": _number(e.mean), "ci95": [_number(e.low), _number(e.high)]}
                for name, e in metrics.items()
            }
            for agent, metrics in agents.items()
        },
        "timing": {agent: asdict(timing) for agent, timing in timings.items()},
    }


def table(title: str, agents: dict[str, dict[str, Estimate]]) -> Table:
    """One row per agent, each cell a mean, the main ones with half of their interval."""
    result = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # A long name takes several lines rather than room from the figures.
    result.add_column("agent\n", overflow="fold")
    for heading, _, _ in _COLUMNS.values():
        result.add_column(heading, justify="right", no_wrap=True)
    for agent, metrics in agents.items():
        cells = (_cell(metrics[name], digits, interval) for name, (_, digits, interval) in _COLUMNS.items())
        result.add_row(agent, *cells)
    bound = next(iter(agents.values()))["bound_dpdu_per_tti"].mean
    limit = (
        "TCP answers to what the agents do, so that nothing bounds the goodput here"
        if math.isnan(bound)
        else f"no protocol can exceed {bound:.3f} dPDU/TTI here"
    )
    result.caption = f"± 95% interval over seeds; {limit}"
    return result


def differences_document(against: str, agents: dict[str, dict[str, Difference]]) -> dict[str, Any]:
    """The section `against` of summary.json: every agent less the one named, at the same seeds."""
    return {
        "agent": against,
        "differences": {
            agent: {
                name: {"mean": _number(d.mean), "ci95": [_number(d.low), _number(d.high)], "pairs": d.pairs}
                for name, d in metrics.items()
            }
            for agent, metrics in agents.items()
        },
    }


def differences_table(against: str, agents: dict[str, dict[str, Difference]]) -> Table:
    """One row per agent: its metrics less those of the agent `against`, with half of the interval."""
    result = Table(
        title=f"less {against}, at the same seeds",
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,  # so that names of six letters fit into 80 columns
    )
    # A long name takes several lines rather than room from the figures.
    result.add_column("agent\n", overflow="fold")
    for name in _COMPARED:
        result.add_column(_COLUMNS[name][0], justify="right", no_wrap=True)
    for agent, metrics in agents.items():
        result.add_row(agent, *(_signed(metrics[name], _COLUMNS[name][1]) for name in _COMPARED))
    result.caption = "± 95% interval of the mean of paired differences; *: it leaves out 0"
    return result


def _signed(difference: Difference, digits: int) -> str:
    if math.isnan(difference.mean):
        return "-"
    text = f"{difference.mean:+.{digits}f}"
    if math.isnan(difference.low):
        return text
    return f"{text}±{difference.high - difference.mean:.{digits}f}{'*' if difference.different else ' '}"


def _cell(estimate_: Estimate, digits: int, interval: bool) -> str:
    if math.isnan(estimate_.mean):
        return "-"
    if not interval or math.isnan(estimate_.low):
        return f"{estimate_.mean:.{digits}f}"
    return f"{estimate_.mean:.{digits}f}±{estimate_.high - estimate_.mean:.{digits}f}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
