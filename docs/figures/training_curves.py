# SPDX-License-Identifier: MIT
"""Learning curves of training runs: python docs/figures/training_curves.py OUT.png [--level NAME=GOODPUT] LABEL=RUN ...

Draws the goodput of the training episodes over environment-TTIs and over the CPU seconds of the training process, from
the TensorBoard files of the runs, and writes what it drew beside the figure, as CSV.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from llmac.agents.learning.config import TrainConfig

mpl.use("Agg")
GOODPUT, CPU = "train/goodput_dpdu_per_tti", "time/cpu_s"
SMOOTHED_UPDATES = 5


def curve(label: str, run: Path) -> pd.DataFrame:
    """One row for each update of a run."""
    config = TrainConfig.read(run / "config.yaml")
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    known: Any = events.Tags()["scalars"]
    by_update = {
        name: {event.step: event.value for event in events.Scalars(tag)} if tag in known else {}
        for name, tag in (("goodput_dpdu_per_tti", GOODPUT), ("cpu_s", CPU))
    }
    table = pd.DataFrame(by_update).rename_axis("update").reset_index()
    table.insert(0, "label", label)
    table.insert(1, "seed", config.seed)
    # What is played in an update is played by the policy of the updates before.
    table.insert(3, "environment_ttis", (table["update"] - 1) * config.environments * config.ttis)
    return table


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--level", action="append", default=[], metavar="NAME=GOODPUT")
    parser.add_argument("runs", nargs="+", metavar="LABEL=RUN")
    given = parser.parse_args()
    tables = [curve(label, Path(run)) for label, _, run in (text.partition("=") for text in given.runs)]
    table: Any = pd.concat(tables, ignore_index=True)  # Any: stubs of pandas know less than pandas
    table.to_csv(given.out.with_suffix(".csv"), index=False, float_format="%.4f")
    known = {"environment_ttis": "environment-TTIs", "cpu_s": "CPU time of the trainer, s"}
    columns = [column for column in known if table[column].notna().any()]
    figure, axes = plt.subplots(
        1, len(columns), figsize=(1 + 4 * len(columns), 3.4), sharey=True, squeeze=False, layout="constrained"
    )
    colours = {label: f"C{i}" for i, label in enumerate(dict.fromkeys(table["label"]))}
    for axis, column in zip(axes[0], columns, strict=True):
        for (label, _), run in table.groupby(["label", "seed"], sort=False):
            smooth = run["goodput_dpdu_per_tti"].rolling(SMOOTHED_UPDATES, min_periods=1).mean()
            axis.plot(run[column], smooth, color=colours[str(label)], linewidth=1.2, label=label)
        for level in given.level:
            text, _, value = level.partition("=")
            axis.axhline(float(value), color="grey", linewidth=0.8, linestyle="--")
            axis.annotate(
                text, (0.99, float(value)), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8
            )
        axis.set_xlabel(known[column])
    axes[0, 0].set_ylabel("goodput in training, dPDU per TTI")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes[0, -1].legend(unique.values(), unique.keys(), fontsize=8, loc="lower right")
    figure.savefig(given.out, dpi=150)


if __name__ == "__main__":
    main()
