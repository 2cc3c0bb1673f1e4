# SPDX-License-Identifier: MIT
"""Learning curves of training runs: python docs/figures/training_curves.py OUT.png [--level NAME=GOODPUT] LABEL=RUN ...

Draws the goodput of the training episodes, or with --validation that of the most probable sentences in validation, as a
share of the bound: over environment-TTIs, over the CPU seconds of the training process (those of the cell come on
top), and over the seconds that passed. What it drew is written beside the figure, as CSV.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pyarrow.parquet as pq
from matplotlib import pyplot as plt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from llmac.agents.learning.config import TrainConfig

mpl.use("Agg")
CPU = "time/cpu_s"
TRAINING, VALIDATION = "train/goodput_dpdu_per_tti", "validation/goodput_over_bound"
AXES = {
    "environment_ttis": "environment-TTIs",
    "cpu_s": "CPU time of the trainer, s",
    "wall_s": "time on a shared machine, s",
    TRAINING: "goodput in training, dPDU per TTI",
    VALIDATION: "goodput in validation / bound",
}
SMOOTHED_UPDATES = 5


def curve(label: str, run: Path, drawn: str) -> pd.DataFrame:
    """One row for each policy that was played: what it took to make it, and how it did."""
    config = TrainConfig.read(run / "config.yaml")
    metrics: Any = pq.read_table(run / "metrics.parquet").to_pandas()  # Any: stubs of pandas know less than pandas
    table = metrics[["updates", drawn]].dropna().rename(columns={"updates": "update"}).astype({"update": int})
    table.insert(0, "label", label)
    table.insert(1, "seed", config.seed)
    table.insert(3, "environment_ttis", table["update"] * config.environments * config.ttis)
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    known: Any = events.Tags()["scalars"]
    if CPU in known:
        scalars, begun = events.Scalars(CPU), events.FirstEventTimestamp()
        cpu = {0: 0.0, **{event.step: event.value for event in scalars}}
        wall = {0: 0.0, **{event.step: event.wall_time - begun for event in scalars}}
        table.insert(4, "cpu_s", table["update"].map(cpu))
        table.insert(5, "wall_s", table["update"].map(wall))
    return table


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--level", action="append", default=[], metavar="NAME=GOODPUT")
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("runs", nargs="+", metavar="LABEL=RUN")
    given = parser.parse_args()
    drawn, smoothed = (VALIDATION, 1) if given.validation else (TRAINING, SMOOTHED_UPDATES)
    tables = [curve(label, Path(run), drawn) for label, _, run in (text.partition("=") for text in given.runs)]
    table: Any = pd.concat(tables, ignore_index=True)
    table.to_csv(given.out.with_suffix(".csv"), index=False, float_format="%.4f")
    columns = [column for column in ("environment_ttis", "cpu_s", "wall_s") if column in table]
    figure, axes = plt.subplots(
        1, len(columns), figsize=(1 + 4 * len(columns), 3.4), sharey=True, squeeze=False, layout="constrained"
    )
    colours = {label: f"C{i}" for i, label in enumerate(dict.fromkeys(table["label"]))}
    for axis, column in zip(axes[0], columns, strict=True):
        for (label, _), run in table.groupby(["label", "seed"], sort=False):
            smooth = run[drawn].rolling(smoothed, min_periods=1).mean()
            axis.plot(run[column], smooth, color=colours[str(label)], linewidth=1.2, label=label)
        for level in given.level:
            text, _, value = level.partition("=")
            axis.axhline(float(value), color="grey", linewidth=0.8, linestyle="--")
            axis.annotate(
                text, (0.99, float(value)), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8
            )
        axis.locator_params(axis="x", nbins=6)
        axis.set_xlabel(AXES[column])
    axes[0, 0].set_ylabel(AXES[drawn])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes[0, -1].legend(unique.values(), unique.keys(), fontsize=8, loc="best")
    figure.savefig(given.out, dpi=150)


if __name__ == "__main__":
    main()
