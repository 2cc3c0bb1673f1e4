# SPDX-License-Identifier: MIT
"""runs.parquet: a row per run. It is written anew after each batch and put in place in one step: it is always whole."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from llmac.agents import registry
from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.evaluation.sweep.runs import Run
from llmac.bridge.errors import LlmacError

Frame: TypeAlias = Any
"""A pandas.DataFrame, which is typed in part only."""

PLACE = ["scenario", "setting", "ues", "load", "channel"]
"""Columns that tell cells apart."""

SCHEMA = pa.schema(
    [
        ("agent", pa.string()),
        ("scenario", pa.string()),
        ("setting", pa.string()),
        ("ues", pa.int32()),
        ("load", pa.float64()),
        ("channel", pa.string()),
        ("seed", pa.uint64()),
        ("rbgs", pa.int32()),
        ("ttis", pa.int32()),
        ("ns3_version", pa.string()),
        ("fingerprint", pa.string()),
        ("seconds", pa.float64()),
        *((name, pa.float64()) for name in NAMES),
    ]
)
"""docs/metrics.md tells what the columns hold."""


def rows(
    runs: Sequence[Run], metrics: Sequence[Mapping[str, float]], ns3_version: str, seconds: Sequence[float]
) -> Frame:
    """Rows of runs that were played, without `normalised_utility`."""
    return pd.DataFrame(
        {
            "agent": run.player.name,
            "scenario": run.cell.scenario.name,
            "setting": run.cell.setting,
            "ues": run.cell.scenario.ues,
            "load": run.cell.load,
            "channel": run.cell.channel,
            "seed": run.seed,
            "rbgs": run.cell.scenario.rbgs,
            "ttis": run.cell.scenario.ttis,
            "ns3_version": ns3_version,
            "fingerprint": run.fingerprint,
            "seconds": spent,
            **{name: values.get(name, np.nan) for name in NAMES},
        }
        for run, values, spent in zip(runs, metrics, seconds, strict=True)
    )


def normalised(table: Frame) -> Frame:
    """The table with `normalised_utility`: NaN where the reference did not play, or had no positive utility."""
    key = [*PLACE, "seed"]
    reference = table.loc[table["agent"] == registry.REFERENCE, [*key, "utility"]]
    utility = table[key].merge(reference, on=key, how="left")["utility"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(utility > 0, table["utility"].to_numpy() / utility, np.nan)
    return table.assign(normalised_utility=share)


def write(path: Path, table: Frame) -> None:
    """Put the table in the place of the file; whenever the process is killed, there is the old one or the new one."""
    new = path.with_suffix(".new")
    ordered = normalised(table).sort_values(["agent", *PLACE, "seed"])
    with new.open("wb") as file:
        pq.write_table(pa.Table.from_pandas(ordered, SCHEMA, preserve_index=False), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read(path: Path) -> Frame:
    """Read what was written; an empty table if there is no file.

    Raises:
        LlmacError: the file is something else.
    """
    if not path.exists():
        return SCHEMA.empty_table().to_pandas()
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise LlmacError(f"{path}: this is no Parquet file; remove it, or give another folder") from error
    if table.schema.names != SCHEMA.names:
        raise LlmacError(f"{path}: this holds other columns than runs have; give another folder")
    return table.to_pandas()


def played(table: Frame, runs: Iterable[Run], path: Path) -> set[Run]:
    """Those of the runs that the table has.

    Raises:
        LlmacError: it has runs that look the same and were of another agent, scenario or ns-3.
    """
    known: dict[tuple[str, ...], str] = {}
    seeds: set[tuple[str, int]] = set()
    for row in table[["agent", *PLACE, "seed", "fingerprint"]].itertuples(index=False):
        place = (row.agent, row.scenario, row.setting, str(row.ues), f"{row.load:g}", row.channel)
        known[place] = row.fingerprint
        seeds.add((row.fingerprint, int(row.seed)))
    for run in runs:
        if known.get(run.place, run.fingerprint) != run.fingerprint:
            raise LlmacError(
                f"{path}: the runs of {run.player.name} in {run.cell.title} are of other weights, parameters or "
                "scenario fields than now; give another folder"
            )
    return {run for run in runs if (run.fingerprint, run.seed) in seeds}
