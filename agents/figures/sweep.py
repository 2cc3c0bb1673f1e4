# SPDX-License-Identifier: MIT
"""Figures of a sweep: metrics against load and population, performance profiles, comparisons, where an agent loses."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from llmac.agents import registry
from llmac.agents.evaluation.evidence import SCORE, Results, by, scored
from llmac.agents.evaluation.paired import difference
from llmac.agents.evaluation.robust import improvement, interquartile_mean, profile
from llmac.agents.evaluation.sweep.table import Frame
from llmac.agents.figures.style import DIVERGING, band, legend, looks, picture

AXES = {
    "ues": "UEs",
    "load": "load: arrivals per UE and TTI",
    SCORE: "goodput / bound",
    "goodput_dpdu_per_tti": "goodput in dPDU/TTI",
    "jain_index": "Jain index",
    "mean_delay_tti": "mean delay in TTIs",
    "collision_rate": "collisions per RBG and TTI",
    "normalised_utility": "utility / genie's",
}
_SHOWN = (SCORE, "jain_index", "mean_delay_tti")
_THRESHOLDS = np.linspace(0.0, 1.0, 51)


def draw(folder: Path, table: Frame, examined: Sequence[str]) -> None:
    """All figures that the sweep has data for."""
    for x, others in (("load", "UEs"), ("ues", "loads")):
        if table[x].min() < table[x].max():
            curves(folder, f"by-{x}", table, x, f"mean over {others}, 95% interval over seeds")
    results = Results(scored(table))
    profiles(folder, results)
    comparisons(folder, results, [agent for agent in examined if agent in results.agents])
    if (table[["load", "ues"]].min() < table[["load", "ues"]].max()).all():
        for agent in examined:
            advantage(folder, results, agent)


def curves(folder: Path, name: str, table: Frame, x: str, title: str, metrics: Sequence[str] = _SHOWN) -> None:
    """Metrics of all agents against a column, one column of axes for each scenario and channel."""
    table = scored(table)
    data: Frame = pd.concat(
        [by(table, ["scenario", "channel", x], metric).assign(metric=metric) for metric in metrics], ignore_index=True
    )
    facets = list(data[["scenario", "channel"]].drop_duplicates().itertuples(index=False, name=None))
    look = looks(list(dict.fromkeys(data["agent"])))
    with picture(folder, name, data, len(metrics), len(facets), height=2.2) as (figure, axes):
        for (row, metric), (column, facet) in product(enumerate(metrics), enumerate(facets)):
            here = data[(data["metric"] == metric) & (data["scenario"] == facet[0]) & (data["channel"] == facet[1])]
            ax = axes[row, column]
            for agent, line in here.sort_values(x).groupby("agent", sort=False):
                band(ax, look[str(agent)], line[x], line["mean"], line["low"], line["high"])
            if row == 0:
                ax.set_title(", ".join(part for part in facet if part != "none"), fontsize=9)
            if row == len(metrics) - 1:
                ax.set_xlabel(AXES.get(x, x))
            if column == 0:
                ax.set_ylabel(AXES.get(metric, metric))
        legend(figure, axes[0, 0])
        figure.suptitle(title, fontsize=9)


def profiles(folder: Path, results: Results) -> None:
    """Of each agent, the share of runs whose score exceeds a threshold."""
    parts: list[Frame] = []
    for agent in results.agents:
        p = profile(results.of(agent, SCORE), _THRESHOLDS)
        columns = {"threshold": p.thresholds, "share": p.share, "low": p.low, "high": p.high}
        parts.append(pd.DataFrame({"agent": agent, **columns}))
    data: Frame = pd.concat(parts, ignore_index=True)
    look = looks(results.agents)
    with picture(folder, "profiles", data, width=5.0, height=3.2) as (figure, axes):
        ax = axes[0, 0]
        for agent, line in data.groupby("agent", sort=False):
            drawn = look[str(agent)]
            ax.fill_between(line["threshold"], line["low"], line["high"], color=drawn.colour, alpha=0.15, linewidth=0)
            ax.plot(line["threshold"], line["share"], drawn.line, markevery=5, **drawn.line_properties)
        ax.set(xlabel=f"threshold of {AXES[SCORE]}", ylabel="share of runs above it", ylim=(-0.02, 1.02))
        legend(figure, ax)


def comparisons(folder: Path, results: Results, examined: Sequence[str]) -> None:
    """Interquartile means of all agents; of the examined ones, the probability that they improve on each other one."""
    look = looks(results.agents)
    rows = [("interquartile mean", agent, "", interquartile_mean(results.of(agent, SCORE))) for agent in results.agents]
    for agent, other in product(examined, results.agents):
        if agent != other:
            chance = improvement(*results.pair(agent, other, SCORE))
            rows.append(("probability of improvement", agent, other, chance))
    data: Frame = pd.DataFrame(
        {"quantity": quantity, "agent": agent, "other": other, "mean": e.mean, "low": e.low, "high": e.high}
        for quantity, agent, other, e in rows
    )
    width = max(2.2, 0.3 * len(rows))
    with picture(folder, "comparisons", data, 1, 2, height=width) as (_, axes):
        for ax, quantity in zip(axes[0], ("interquartile mean", "probability of improvement"), strict=True):
            here = data[data["quantity"] == quantity].iloc[::-1]
            for y, row in enumerate(here.itertuples()):
                colour = look[row.other or row.agent].colour
                ax.plot([row.low, row.high], [y, y], color=colour, linewidth=5, alpha=0.4, solid_capstyle="butt")
                ax.plot(row.mean, y, look[row.other or row.agent].marker or "|", color=colour)
            names = [
                f"{look[row.agent].label} over {look[row.other].label}" if row.other else look[row.agent].label
                for row in here.itertuples()
            ]
            ax.set_yticks(range(len(names)), names)
        axes[0, 0].set_xlabel(f"interquartile mean of {AXES[SCORE]}")
        axes[0, 1].axvline(0.5, color="black", linewidth=0.8)
        axes[0, 1].set(xlabel=f"P(higher {AXES[SCORE]} at the same seed)", xlim=(-0.03, 1.03))


def advantage(folder: Path, results: Results, agent: str) -> None:
    """By population and load, an agent's score less that of the best rival there; dotted where it surely differs."""
    rows: list[dict[str, object]] = []
    for cell, place in enumerate(results.cells):
        scores = results.at(cell, SCORE)
        rivals = [
            name for name in scores if name not in {agent, registry.REFERENCE} and not np.isnan(scores[name]).all()
        ]
        if agent in scores and rivals:
            best = max(rivals, key=lambda name: np.nanmean(scores[name]))
            d = difference(scores[agent], scores[best])
            rows.append({**place, "rival": best, "mean": d.mean, "low": d.low, "high": d.high})
    data: Frame = pd.DataFrame(rows)
    facets = list(data[["scenario", "setting", "channel"]].drop_duplicates().itertuples(index=False, name=None))
    limit = max(0.01, float(data["mean"].abs().max()))
    label = looks(results.agents)[agent].label
    with picture(folder, f"advantage-{_file(label)}", data, 1, len(facets), height=2.6) as (figure, axes):
        for ax, facet in zip(axes[0], facets, strict=True):
            here = data[(data[["scenario", "setting", "channel"]] == list(facet)).all(axis=1)]
            means = here.pivot_table("mean", "ues", "load")
            ax.imshow(means, cmap=DIVERGING, vmin=-limit, vmax=limit, origin="lower", aspect="auto")
            sure = here[(here["low"] > 0) | (here["high"] < 0)]
            ax.plot(means.columns.get_indexer(sure["load"]), means.index.get_indexer(sure["ues"]), "k.", markersize=3)
            ax.set_xticks(range(len(means.columns)), [f"{load:g}" for load in means.columns])
            ax.set_yticks(range(len(means.index)), [str(ues) for ues in means.index])
            ax.grid(visible=False)
            ax.set(xlabel=AXES["load"], ylabel="UEs", title=", ".join(p for p in facet if p not in {"", "none"}))
        figure.colorbar(axes[0, 0].images[0], ax=axes, label=f"{label} less the best rival,\n{AXES[SCORE]}")


def _file(label: str) -> str:
    return "".join(c if c.isalnum() or c in "-._" else "-" for c in label)
