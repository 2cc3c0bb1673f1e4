# SPDX-License-Identifier: MIT
"""The figures of `llmac reproduce`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from llmac.agents.evaluation.evidence import SCORE, by, scored
from llmac.agents.evaluation.sweep.table import Frame
from llmac.agents.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, band, legend, looks, picture
from llmac.agents.figures.sweep import AXES, curves
from llmac.agents.reproduce import churn, plan
from llmac.agents.reproduce.populations import trained_with

_INTERVAL = "95% interval over seeds"
_PAPER = ("goodput_dpdu_per_tti", "jain_index")


def arrival_rate(folder: Path, runs: Frame) -> None:
    """Throughput and fairness against the arrival rate."""
    here = runs[runs["setting"] == plan.ARRIVALS]
    curves(folder, "arrival-rate", here, "load", f"{_cell(here)}, {_INTERVAL}", _PAPER)


def network_size(folder: Path, runs: Frame) -> None:
    """Throughput and fairness against the population."""
    here = runs[runs["setting"] == plan.SIZE]
    curves(folder, "network-size", here, "ues", f"load {here['load'].iloc[0]:g} per UE, {_INTERVAL}", _PAPER)


def generalisation(folder: Path, runs: Frame, agents: Sequence[str]) -> None:
    """Throughput, fairness and collisions against the population; bars below where each checkpoint was trained."""
    here = scored(runs[(runs["setting"] == plan.SIZE) & runs["agent"].isin(agents)])
    metrics = (SCORE, "jain_index", "collision_rate")
    data: Frame = pd.concat([by(here, ["ues"], metric).assign(metric=metric) for metric in metrics], ignore_index=True)
    trained = {agent: range_ for agent in agents if (range_ := trained_with(agent, "paper")) is not None}
    data["trained_least"], data["trained_most"] = (
        data["agent"].map({a: r[i] for a, r in trained.items()}) for i in (0, 1)
    )
    look = looks([agent for agent in agents if agent in set(data["agent"])])
    with picture(folder, "generalisation", data, 1, len(metrics), width=3.4) as (figure, axes):
        for ax, metric in zip(axes[0], metrics, strict=True):
            for agent, line in data[data["metric"] == metric].groupby("agent", sort=False):
                band(ax, look[str(agent)], line["ues"], line["mean"], line["low"], line["high"])
            ax.set(xlabel="UEs", ylabel=AXES[metric], ylim=(-0.02 - 0.04 * len(trained), 1.04))
            for i, (agent, (least, most)) in enumerate(trained.items()):
                ax.plot([least - 0.25, most + 0.25], [-0.04 * (i + 1)] * 2, color=look[agent].colour, linewidth=3)
        legend(figure, axes[0, 0])
        figure.suptitle(f"load 0.5 per UE; bars: populations in training; {_INTERVAL}", fontsize=9)


def convergence(folder: Path, data: Frame) -> None:
    """Normalised utility against updates, for several populations."""
    styles = dict(
        zip(sorted(set(data["ues"])), ((BLUE, "s"), (ORANGE, "o"), (GREEN, "^"), (PURPLE, "v")), strict=False)
    )
    with picture(folder, "convergence", data, width=5.0, height=3.2) as (figure, axes):
        ax = axes[0, 0]
        for (ues, of), line in data.groupby(["ues", "of"], sort=True):
            colour, marker = styles[ues]
            drawn = {"color": colour, "label": f"{ues} UEs, {of}"}
            if of == "validation":
                ax.plot(line["update"], line["normalised_utility"], "-", marker=marker, markerfacecolor="none", **drawn)
            else:
                ax.plot(line["update"], line["normalised_utility"], ":", **drawn)
        ax.axhline(1.0, color=GREY, linewidth=0.8)
        ax.set(xlabel="updates of PPO", ylabel=AXES["normalised_utility"])
        legend(figure, ax)


def changing_population(folder: Path, data: Frame) -> None:
    """Deliveries around joins and leaves."""
    look = looks(list(dict.fromkeys(data["agent"])))
    with picture(folder, "changing-population", data, width=6.5, height=3.2) as (figure, axes):
        ax = axes[0, 0]
        for agent, line in data.groupby("agent", sort=False):
            drawn = look[str(agent)]
            ax.fill_between(line["tti"], line["low"], line["high"], color=drawn.colour, alpha=0.12, linewidth=0)
            ax.plot(line["tti"], line["goodput_dpdu_per_tti"], drawn.line, markevery=15, **drawn.line_properties)
        top = ax.get_ylim()[1]
        for tti, text in ((churn.JOIN, "4 UEs join"), (churn.LEAVE, "6 UEs leave")):
            ax.axvline(tti, color="black", linewidth=0.8, linestyle=":")
            ax.text(tti + 1, top, text, va="top", fontsize=8)
        ax.set(xlabel="TTI", ylabel=f"goodput in dPDU/TTI,\nlast {churn.WINDOW} TTIs")
        legend(figure, ax)


def grammar(folder: Path, runs: Frame) -> None:
    """The examined agent and its warm start, with and without grammar, against the population."""
    here = scored(runs[(runs["setting"] == plan.GRAMMAR) & (runs["agent"] != "genie")])
    metrics = (SCORE, "invalid_action_rate", "jain_index")
    data: Frame = pd.concat([by(here, ["ues"], metric).assign(metric=metric) for metric in metrics], ignore_index=True)
    colours = {"trained": VERMILION, "warm start": BLUE}
    with picture(folder, "grammar", data, 1, len(metrics), width=3.4) as (figure, axes):
        for ax, metric in zip(axes[0], metrics, strict=True):
            for agent, line in data[data["metric"] == metric].groupby("agent", sort=False):
                name, comma, _ = str(agent).partition(",")
                style = {"color": colours[name], "label": agent, "marker": "x" if comma else "o"}
                ax.fill_between(line["ues"], line["low"], line["high"], color=colours[name], alpha=0.15, linewidth=0)
                ax.plot(line["ues"], line["mean"], "--" if comma else "-", markerfacecolor="none", **style)
            ax.set(xlabel="UEs", ylabel=AXES.get(metric, "invalid actions"))
        legend(figure, axes[0, 0])


def simulator_gap(folder: Path, runs: Frame) -> None:
    """What each layer costs: a waterfall for each agent; hollow, agents that were told of the layers."""
    layers = list(plan.LAYERS)
    settings = [prefix + layer for prefix in ("", plan.TOLD) for layer in layers]
    here = scored(runs[runs["setting"].isin(settings)])
    data: Frame = by(here, ["setting"], SCORE)
    data["told"] = data["setting"].str.startswith(plan.TOLD)
    data["layer"] = data["setting"].str.removeprefix(plan.TOLD)
    data["order"] = data["layer"].map(layers.index)
    data = data.sort_values(["told", "agent", "order"], kind="stable")
    data["cost"] = -data.groupby(["agent", "told"], sort=False)["mean"].diff()
    look = looks(list(dict.fromkeys(here["agent"])))
    agents = [agent for agent in look if agent != "genie"]
    with picture(folder, "simulator-gap", data, len(agents), 1, width=6.5, height=1.5) as (figure, axes):
        for ax, agent in zip(axes[:, 0], agents, strict=True):
            frozen = data[(data["agent"] == agent) & ~data["told"]]
            told = data[(data["agent"] == agent) & data["told"]]
            means, colour = frozen["mean"].to_numpy(), look[agent].colour
            before = np.concatenate([[0.0], means[:-1]])
            ax.bar(frozen["order"], means - before, bottom=before, color=colour, alpha=0.55, width=0.7)
            ax.errorbar(frozen["order"], means, _half(frozen), fmt="none", ecolor="black", elinewidth=1, capsize=2)
            ax.step([*frozen["order"], len(layers)], [*means, means[-1]], where="post", color=colour, linewidth=0.8)
            if len(told):
                ax.errorbar(told["order"], told["mean"], _half(told), fmt="D", mfc="none", color="black", elinewidth=1)
            ax.set(ylim=(0, 1.05), ylabel=look[agent].label, xlim=(-0.6, len(layers) - 0.4))
            ax.set_xticks(range(len(layers)), [])
        names = [layer if i == 0 else f"+ {layer}" for i, layer in enumerate(layers)]
        axes[-1, 0].set_xticks(range(len(layers)), names, rotation=20, ha="right")
        figure.suptitle(
            f"{AXES[SCORE]} as layers are added, {_INTERVAL};\ndiamonds: told of the layers, not tuned for paper",
            fontsize=9,
        )


def decision_delay(folder: Path, runs: Frame, inference: Mapping[str, float], tti_s: float) -> None:
    """Performance against the delay in TTIs, with the measured time of a decision, in seconds, marked."""
    here = scored(runs[runs["setting"].str.startswith(plan.DELAY)])
    here = here.assign(delay_ttis=here["setting"].str.removeprefix(plan.DELAY).astype(int))
    metrics = (SCORE, "jain_index", "mean_delay_tti")
    data: Frame = pd.concat(
        [by(here, ["delay_ttis"], metric).assign(metric=metric) for metric in metrics], ignore_index=True
    )
    marks: Frame = pd.DataFrame(
        {"agent": name, "metric": "inference in TTIs", "mean": s / tti_s} for name, s in inference.items()
    )
    look = looks(list(dict.fromkeys(here["agent"])))
    with picture(folder, "decision-delay", pd.concat([data, marks]), 1, len(metrics), width=3.4) as (figure, axes):
        for ax, metric in zip(axes[0], metrics, strict=True):
            for agent, line in data[data["metric"] == metric].groupby("agent", sort=False):
                band(ax, look[str(agent)], line["delay_ttis"], line["mean"], line["low"], line["high"])
            for (name, s), style in zip(inference.items(), ("-", "--", ":", "-."), strict=False):
                ax.axvline(
                    s / tti_s, color=VERMILION, linestyle=style, linewidth=0.9, label=f"{name}: {1e3 * s:.1f} ms"
                )
            ax.set(xlabel="decision delay in TTIs", ylabel=AXES[metric], xlim=(-0.2, here["delay_ttis"].max() + 0.2))
        legend(figure, axes[0, 0])


def claims(folder: Path, data: Frame) -> None:
    """Measured gains beside the claimed ones, by scenario and conventional agent."""
    kinds = list(dict.fromkeys(data["claim"]))
    look = looks(list(dict.fromkeys(data["over"])))
    height = 0.9 + 0.16 * len(data) / len(kinds)
    with picture(folder, "claims", data, 1, len(kinds), height=height) as (figure, axes):
        for ax, kind in zip(axes[0], kinds, strict=True):
            here = data[data["claim"] == kind].iloc[::-1].reset_index(drop=True)
            for agent, of in here.groupby("over", sort=False):
                drawn = look[str(agent)]
                spread = [of["measured"] - of["low"], of["high"] - of["measured"]]
                ax.errorbar(
                    of["measured"],
                    of.index,
                    xerr=spread,
                    fmt=drawn.marker or "o",
                    color=drawn.colour,
                    label=drawn.label,
                )
            ax.axvline(float(here["claimed"].iloc[0]), color=VERMILION, linestyle="--", label="claimed")
            ax.axvline(0.0, color="black", linewidth=0.8)
            middle = here.reset_index().groupby("scenario", sort=False)["index"].mean()
            ax.set_yticks(middle, middle.index)
            ax.set_xlabel(f"relative gain in {kind}")
        legend(figure, axes[0, 0])


def _half(data: Frame) -> list[Frame]:
    return [data["mean"] - data["low"], data["high"] - data["mean"]]


def _cell(runs: Frame) -> str:
    first = runs.iloc[0]
    return f"{first['ues']} UEs, {first['rbgs']} RBGs"
