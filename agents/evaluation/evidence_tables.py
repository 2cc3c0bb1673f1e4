# SPDX-License-Identifier: MIT
"""The tables of a sweep, from its summary."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from llmac.agents.evaluation.evidence import SCORE

_WORST = 8
"""Failures that are shown; summary.json has all."""

_AGENTS = {
    SCORE: ("goodput\n/bound", 3, True),
    "goodput_dpdu_per_tti": ("goodput\ndPDU/TTI", 3, False),
    "jain_index": ("Jain\nindex", 3, False),
    "mean_delay_tti": ("delay\nTTI", 1, True),
    "loss_rate": ("lost\n", 3, False),
}
_AGAINST = {SCORE: ("goodput\n/bound", 3), "jain_index": ("Jain\nindex", 3), "mean_delay_tti": ("delay\nTTI", 1)}


def tables(summary: Mapping[str, Any]) -> Iterator[Table]:
    """For people: all agents, each examined one against the others, and where it fails."""
    yield _of_agents(summary)
    for agent, others in summary["against"].items():
        yield _of_differences(agent, others)
        yield _of_failures(agent, [failure for failure in summary["failures"] if failure["agent"] == agent], summary)


def _of_agents(summary: Mapping[str, Any]) -> Table:
    cells, seeds = len(summary["cells"]), len(summary["seeds"])
    result = _table(
        f"{cells} cell{'s' * (cells > 1)}, {seeds} seeds from {summary['seeds'][0]}, ns-{summary['ns3_version']}"
    )
    _columns(result, "agent\n", "IQM of\ngoodput/bound", *(heading for heading, _, _ in _AGENTS.values()))
    for agent, metrics in summary["agents"].items():
        middle = _interval(summary["interquartile_mean"][agent], 3)
        means = (_half(metrics[name], digits, shown=with_) for name, (_, digits, with_) in _AGENTS.items())
        result.add_row(agent, middle, *means)
    result.caption = "means over cells ± 95% interval over seeds; IQM: mean of the middle half of all runs"
    return result


def _of_differences(agent: str, others: Mapping[str, Any]) -> Table:
    result = _table(f"{agent} less the others, at the same seeds and cells")
    _columns(result, "other\n", "P(higher\ngoodput)", *(heading for heading, _ in _AGAINST.values()))
    for other, compared in others.items():
        differences = (_signed(compared["differences"][name], digits) for name, (_, digits) in _AGAINST.items())
        result.add_row(other, _interval(compared["probability_of_improvement"], 2), *differences)
    result.caption = "* the 95% interval leaves out 0"
    return result


def _of_failures(agent: str, failures: list[Mapping[str, Any]], summary: Mapping[str, Any]) -> Table:
    title = f"where {agent} is behind: {len(failures)} of {len(summary['cells'])} cells"
    result = _table(title)
    _columns(result, "scenario", "UEs", "load", "channel", "best rival", "goodput/bound")
    for failure in failures[:_WORST]:
        load = "-" if failure["load"] is None else f"{failure['load']:g}"
        name = " ".join(part for part in (failure["scenario"], failure["setting"]) if part)
        place = (name, str(failure["ues"]), load, failure["channel"], failure["rival"])
        result.add_row(*place, _signed(failure[SCORE], 3))
    left = len(failures) - _WORST
    result.caption = "the best rival of a cell was chosen at the same seeds" + (f"; {left} more" if left > 0 else "")
    return result


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)


def _half(value: Mapping[str, Any], digits: int, *, shown: bool) -> str:
    mean, high = value["mean"], value["ci95"][1]
    if mean is None:
        return "-"
    return f"{mean:.{digits}f}" + (f"±{high - mean:.{digits}f}" if shown and high is not None else "")


def _signed(value: Mapping[str, Any], digits: int) -> str:
    mean, (low, high) = value["mean"], value["ci95"]
    if mean is None:
        return "-"
    if high is None:
        return f"{mean:+.{digits}f}"
    return f"{mean:+.{digits}f}±{high - mean:.{digits}f}{'*' if low > 0 or high < 0 else ' '}"


def _interval(value: Mapping[str, Any], digits: int) -> str:
    mean, (low, high) = value["mean"], value["ci95"]
    if mean is None:
        return "-"
    return f"{mean:.{digits}f}" + ("" if low is None else f" ({low:.{digits}f}-{high:.{digits}f})")
