# SPDX-License-Identifier: MIT
"""What the runs of a sweep show: estimates by cell and over all cells, comparisons at equal seeds, failures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llmac.agents import registry
from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.evaluation.paired import Difference, difference
from llmac.agents.evaluation.robust import improvement, interquartile_mean
from llmac.agents.evaluation.statistics import Estimate, estimate
from llmac.agents.evaluation.sweep.table import PLACE, Frame

SCORE = "goodput_over_bound"
"""What runs of different cells are compared by: the goodput as a share of what no protocol can exceed there."""

METRICS = (*NAMES, SCORE)

Scores = NDArray[np.float64]


def scored(table: Frame) -> Frame:
    """The table with the column SCORE; NaN where there is no bound (TCP), or nothing that could arrive."""
    bound = table["bound_dpdu_per_tti"].to_numpy()
    goodput = table["goodput_dpdu_per_tti"].to_numpy()
    return table.assign(**{SCORE: np.divide(goodput, bound, out=np.full_like(goodput, np.nan), where=bound > 0)})


class Results:
    """The runs of a table as arrays, [C, S] for each agent and metric.

    Attributes:
        agents: names, in the order of the table.
        cells: [C] what tells them apart, by the names of PLACE.
        seeds: [S] ascending.
    """

    def __init__(self, table: Frame) -> None:
        codes, places = pd.MultiIndex.from_frame(table[PLACE]).factorize()
        self.agents = list(dict.fromkeys(table["agent"]))
        self.cells = [_place(key) for key in places]
        seed_codes, seeds = pd.factorize(table["seed"], sort=True)
        self.seeds = [int(seed) for seed in seeds]
        self._values: dict[tuple[str, str], Scores] = {}
        for agent in self.agents:
            mine = (table["agent"] == agent).to_numpy()
            for metric in METRICS:
                values = np.full((len(self.cells), len(self.seeds)), np.nan)
                values[codes[mine], seed_codes[mine]] = table.loc[mine, metric]
                self._values[agent, metric] = values
        self._played = {a: np.isin(range(len(self.cells)), codes[table["agent"] == a]) for a in self.agents}

    def of(self, agent: str, metric: str) -> Scores:
        """[c, S] in the c cells that the agent could play."""
        return self._values[agent, metric][self._played[agent]]

    def pair(self, agent: str, other: str, metric: str) -> tuple[Scores, Scores]:
        """[c, S] of two agents in the c cells that both could play."""
        both = self._played[agent] & self._played[other]
        return self._values[agent, metric][both], self._values[other, metric][both]

    def at(self, cell: int, metric: str) -> dict[str, Scores]:
        """[S] of every agent that could play in a cell."""
        return {a: self._values[a, metric][cell] for a in self.agents if self._played[a][cell]}


def by(table: Frame, columns: Sequence[str], metric: str) -> Frame:
    """Estimates of every agent at each value of the columns: `agent`, the columns, `mean`, `low`, `high`.

    Where several cells share a value, a seed counts with their mean.
    """
    keys = ["agent", *columns]
    per_seed = table.groupby([*keys, "seed"], sort=False, dropna=False)[metric].mean()
    found: list[dict[str, Any]] = []
    for key, values in per_seed.groupby(level=keys, sort=False, dropna=False):
        e = estimate(values.tolist())
        found.append({**dict(zip(keys, key, strict=True)), "mean": e.mean, "low": e.low, "high": e.high})
    return pd.DataFrame(found, columns=[*keys, "mean", "low", "high"])


def failures(results: Results, agent: str) -> list[dict[str, Any]]:
    """Cells in which an agent's score is below that of the best rival there, worst first; only where it surely is.

    The rival is chosen with the seeds of the comparison, which flatters rivals, not the agent.
    """
    found: list[dict[str, Any]] = []
    for cell, place in enumerate(results.cells):
        scores = results.at(cell, SCORE)
        rivals = [
            name for name in scores if name not in {agent, registry.REFERENCE} and not np.isnan(scores[name]).all()
        ]
        if agent not in scores or not rivals:
            continue
        best = max(rivals, key=lambda name: np.nanmean(scores[name]))
        less = difference(scores[agent], scores[best])
        if less.high < 0:
            found.append({**place, "agent": agent, "rival": best, SCORE: interval(less)})
    return sorted(found, key=lambda failure: failure[SCORE]["mean"])


def document(table: Frame, examined: Sequence[str]) -> dict[str, Any]:
    """The content of summary.json of a sweep; null where there is no number. docs/metrics.md tells what is in it."""
    results = Results(scored(table))
    return {
        "scenarios": list(dict.fromkeys(table["scenario"])),
        "seeds": results.seeds,
        "ns3_version": ", ".join(sorted(set(table["ns3_version"]))),
        "runs": len(table),
        "agents": {a: {m: interval(over_seeds(results.of(a, m))) for m in METRICS} for a in results.agents},
        "interquartile_mean": {a: interval(interquartile_mean(results.of(a, SCORE))) for a in results.agents},
        "against": {
            agent: {other: _comparison(results, agent, other) for other in results.agents if other != agent}
            for agent in examined
            if agent in results.agents
        },
        "failures": [failure for agent in examined if agent in results.agents for failure in failures(results, agent)],
        "cells": [{**place, "agents": _of_cell(results, cell)} for cell, place in enumerate(results.cells)],
    }


def over_seeds(values: Scores) -> Estimate:
    """Of [C, S]: the mean over cells, with Student's interval over seeds."""
    known = ~np.isnan(values)
    sums, counts = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return estimate(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0).tolist())


def _comparison(results: Results, agent: str, other: str) -> dict[str, Any]:
    return {
        "probability_of_improvement": interval(improvement(*results.pair(agent, other, SCORE))),
        "differences": {m: interval(difference(*results.pair(agent, other, m))) for m in METRICS},
    }


def _of_cell(results: Results, cell: int) -> dict[str, Any]:
    values = {metric: results.at(cell, metric) for metric in METRICS}
    return {a: {m: interval(estimate(values[m][a].tolist())) for m in METRICS} for a in values[SCORE]}


def interval(value: Estimate | Difference) -> dict[str, Any]:
    """For JSON."""
    known = {"mean": number(value.mean), "ci95": [number(value.low), number(value.high)]}
    return {**known, "pairs": value.pairs} if isinstance(value, Difference) else known


def number(value: float) -> float | None:
    """Null where there is no number."""
    return None if np.isnan(value) else float(value)


def _place(key: tuple[Any, ...]) -> dict[str, Any]:
    scenario, setting, ues, load, channel = key
    return {
        "scenario": scenario,
        "setting": setting,
        "ues": int(ues),
        "load": number(load),
        "channel": channel,
    }
