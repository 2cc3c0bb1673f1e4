# SPDX-License-Identifier: MIT
"""Episodes for the page: the traces of one agent at one seed as columns of numbers, compressed."""

import json
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from llmac.agents.evaluation.trace import SCHEMA
from llmac.agents.evaluation.ttis import COUNTERS, TTI_SCHEMA
from llmac.bridge.errors import LlmacError

BUDGET = 12_000_000
"""Bytes of base64 that the episodes of a page may have together, unless more are asked for."""

_TEXTS = ("dcm_sent", "dcm_received", "access", "ucm_sent", "ucm_received", "outcome")


@dataclass(frozen=True, slots=True)
class Episode:
    """One agent at one seed.

    Attributes:
        agent: its name.
        seed: of the episode.
        columns: name, dtype (of NumPy, little-endian) and number of elements of each column, in the order of `data`.
        data: base64 of the zlib-compressed columns, each one padded to a multiple of 8 bytes.
    """

    agent: str
    seed: int
    columns: Sequence[tuple[str, str, int]]
    data: str


def parquet(path: Path) -> pa.Table:
    """Read a file.

    Raises:
        LlmacError: it cannot be read.
    """
    try:
        with path.open("rb") as file:  # one file, even if another is put in its place meanwhile
            return pq.read_table(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise LlmacError(f"{path}: this cannot be read as Parquet: {' '.join(str(error).split())}") from error


def read(folder: Path, name: str) -> pa.Table:
    """Read trace.parquet or ttis.parquet.

    Raises:
        LlmacError: it is not there, cannot be read, or was written by a version without some of the columns.
    """
    schema = {"trace.parquet": SCHEMA, "ttis.parquet": TTI_SCHEMA}[name]
    if not (folder / name).is_file():
        raise LlmacError(f"{folder / name}: there is none beside trace.parquet; let `llmac run --out` write both")
    table = parquet(folder / name)
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise LlmacError(f"{folder / name}: there is no column {missing[0]}; let `llmac run --out` write it again")
    return table


def of_agent(table: pa.Table, agent: str) -> pa.Table:
    """Its rows."""
    return table.filter(pc.field("agent") == agent)


def names(table: pa.Table) -> list[str]:
    """The agents of a trace, in their order."""
    return [str(name) for name in table["agent"].unique().to_pylist()]


def packed(trace: pa.Table, ttis: pa.Table, seeds: Sequence[int] | None) -> Iterator[Episode]:
    """All agents at some seeds.

    Args:
        trace: content of trace.parquet, of each agent in the order of seeds, TTIs and UEs, as it was written.
        ttis: content of ttis.parquet, likewise.
        seeds: which; by default the first ones, as many as fit into BUDGET, at least one.

    Raises:
        LlmacError: the trace has no such seed.
    """
    there = ttis["seed"].unique().to_numpy().tolist()
    for seed in seeds or ():
        if seed not in there:
            raise LlmacError(f"--seeds: the trace has no seed {seed}; it has {', '.join(map(str, there))}")
    spent = 0
    for seed in seeds or there:
        episodes = [_packed(trace, ttis, agent, seed) for agent in names(ttis)]
        spent += sum(len(episode.data) for episode in episodes)
        if seeds is None and spent > BUDGET and seed != there[0]:
            return
        yield from episodes


def _packed(trace: pa.Table, ttis: pa.Table, agent: str, seed: int) -> Episode:
    chosen = (pc.field("agent") == agent) & (pc.field("seed") == seed)
    rows, cells = (table.filter(chosen).combine_chunks() for table in (trace, ttis))
    columns = {**_cells(cells), **_ues(rows, cells.num_rows)}
    parts = [_padded(column) for column in columns.values()]
    data = b64encode(zlib.compress(b"".join(parts), 6)).decode()
    return Episode(agent, seed, [(name, c.dtype.str, c.size) for name, c in columns.items()], data)


def _cells(cells: pa.Table) -> dict[str, NDArray[Any]]:
    """Of each TTI."""
    rbg = cells["rbg"].combine_chunks()
    return {
        "utility": cells["utility"].to_numpy(),
        **{name: cells[name].to_numpy() for name in COUNTERS},
        "rbg_outcome": pc.list_flatten(rbg).to_numpy(),
    }


def _ues(rows: pa.Table, ttis: int) -> dict[str, NDArray[Any]]:
    """Of each UE and TTI, in this order; `first` says where each TTI begins."""
    first = np.searchsorted(rows["tti"].to_numpy(), np.arange(ttis + 1)).astype(np.uint32)
    columns: dict[str, NDArray[Any]] = {"first": first}
    for name in ("ue", "buffer"):
        columns[name] = rows[name].to_numpy().astype(np.uint16)
    columns["on_rbg"] = rows["rbg"].fill_null(pa.scalar(-1, pa.int32())).to_numpy().astype(np.int16)
    for name in _TEXTS:
        columns |= _coded(rows[name], name)
    if not rows.num_rows or rows["sentence"].null_count:
        return columns
    begins = first[:-1][np.diff(first) > 0]
    columns["label"] = rows["label"].to_numpy().astype(np.uint32)
    for prefix, spoken in (("", rows), ("bs_", rows.take(begins))):
        columns |= _coded(spoken[f"{prefix}sentence"], f"{prefix}sentence")
        columns[f"{prefix}probability"] = np.exp(spoken[f"{prefix}log_prob"].to_numpy()).astype(np.float32)
        columns[f"{prefix}entropy"] = spoken[f"{prefix}entropy"].to_numpy().astype(np.float32)
    return columns


def _coded(column: "pa.ChunkedArray[Any]", name: str) -> dict[str, NDArray[Any]]:
    """Numbers, and a JSON list of the texts that they stand for."""
    encoded: Any = column.cast(pa.string()).combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    spelled = json.dumps(texts).encode()
    return {
        name: encoded.indices.to_numpy().astype(np.min_scalar_type(len(texts))),
        f"{name}_texts": np.frombuffer(spelled, dtype=np.uint8),
    }


def _padded(column: NDArray[Any]) -> bytes:
    data = column.tobytes()
    return data + bytes(-len(data) % 8)
