# SPDX-License-Identifier: MIT
"""The Parquet trace: one row per agent, environment, TTI and UE."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.v1 import wire_pb2

_TEXT = pa.dictionary(pa.int16(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("agent", _TEXT),
        pa.field("seed", pa.uint64()),
        pa.field("tti", pa.int32()),
        pa.field("ue", pa.int32()),
        pa.field("buffer", pa.int32(), metadata={"unit": "dPDUs, before the UE acts"}),
        pa.field("dcm_sent", _TEXT),
        pa.field("dcm_received", _TEXT),
        pa.field("access", _TEXT),
        pa.field("ucm_sent", _TEXT),
        pa.field("outcome", _TEXT),
    ]
)
_OUTCOMES = [name.removeprefix("UE_").lower().replace("_", " ") for name in wire_pb2.UeOutcome.keys()]  # noqa: SIM118


class TraceWriter:
    """Writes trace.parquet, one row group per agent; with no path, nothing.

    Args:
        path: of the file.
        scenario: of all environments.
        seeds: [E] of the environments.
    """

    def __init__(self, path: Path | None, scenario: Scenario, seeds: Sequence[int]) -> None:
        self._codes = Codes(scenario.rbgs, scenario.vocabulary)
        self._seeds = np.array(seeds, dtype=np.uint64)
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd") if path else None
        self._current: AgentTrace | None = None

    def of(self, agent: str) -> "AgentTrace | None":
        """The recorder of the next agent; what the one before recorded is written."""
        self._flush()
        if self._writer is not None:
            self._current = AgentTrace(agent, self._codes, self._seeds)
        return self._current

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if self._writer is not None and self._current is not None and not self._current.empty:
            self._writer.write_table(self._current.table())
        self._current = None


@dataclass(slots=True)
class _Rows:
    """The UEs of one TTI, as columns of numbers."""

    seed: NDArray[np.uint64]
    tti: NDArray[np.int32]
    ue: NDArray[np.uint32]
    buffer: NDArray[np.uint16]
    dcm_sent: NDArray[np.uint16]
    dcm_received: NDArray[np.uint16]
    action: NDArray[np.uint16]
    outcome: NDArray[np.uint8]


class AgentTrace:
    """Collects the TTIs of one agent.

    Args:
        agent: its name.
        codes: the code table of all environments.
        seeds: [E] of the environments.
    """

    def __init__(self, agent: str, codes: Codes, seeds: NDArray[np.uint64]) -> None:
        self._agent = agent
        self._codes = codes
        self._seeds = seeds
        self._ttis: list[_Rows] = []

    def add(
        self,
        leader: LeaderAction,
        followers: FollowerObservation,
        action: FollowerAction,
        following: LeaderObservation,
    ) -> None:
        """Record one TTI: what was sent, observed, done, and what came of it."""
        environment = np.repeat(np.arange(self._seeds.size), followers.ue_count)
        receiver_environment = np.repeat(np.arange(self._seeds.size), leader.dcm_count)
        dcm_sent = np.zeros(environment.size, dtype=np.uint16)
        # Both sides ascend by (environment, UE). A DCM to a UE that has left has no row to stand in.
        ues, receivers = _key(environment, followers.ue_id), _key(receiver_environment, leader.dcm_ue)
        dcm_sent[np.isin(ues, receivers)] = leader.dcm_code[np.isin(receivers, ues)]
        self._ttis.append(
            _Rows(
                seed=self._seeds[environment],
                tti=np.full(environment.size, followers.tti, dtype=np.int32),
                ue=followers.ue_id,
                buffer=followers.buffer,
                dcm_sent=dcm_sent,
                dcm_received=followers.dcm,
                action=action.action,
                outcome=following.ue_outcome,
            )
        )

    @property
    def empty(self) -> bool:
        """Nothing was recorded."""
        return not self._ttis

    def table(self) -> pa.Table:
        """All that was recorded, ordered by seed, TTI and UE."""

        def column(name: str) -> NDArray[np.int64]:
            return np.concatenate([getattr(rows, name) for rows in self._ttis])

        codes = self._codes
        action = column("action")
        columns = {
            "agent": _texts(np.zeros(action.size, dtype=np.int64), [self._agent]),
            "seed": column("seed"),
            "tti": column("tti"),
            "ue": column("ue").astype(np.int32),
            "buffer": column("buffer").astype(np.int32),
            "dcm_sent": _texts(column("dcm_sent"), codes.dcm_texts),
            "dcm_received": _texts(column("dcm_received"), codes.dcm_texts),
            "access": _texts(action // codes.ucm_codes, codes.access_texts),
            "ucm_sent": _texts(action % codes.ucm_codes, codes.ucm_texts),
            "outcome": _texts(column("outcome"), _OUTCOMES),
        }
        table = pa.table(columns, schema=SCHEMA)
        return table.sort_by([("seed", "ascending"), ("tti", "ascending"), ("ue", "ascending")])


def _key(environment: NDArray[np.int64], ue: NDArray[np.uint32]) -> NDArray[np.int64]:
    return (environment << 32) | ue.astype(np.int64)


def _texts(index: NDArray[np.int64], texts: Sequence[str]) -> "pa.Array[Any]":
    return pa.DictionaryArray.from_arrays(index.astype(np.int16), pa.array(texts, pa.string()))
