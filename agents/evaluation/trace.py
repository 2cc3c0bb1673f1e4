# SPDX-License-Identifier: MIT
"""The Parquet trace: one row per agent, environment, TTI and UE. docs/metrics.md tells what is in its columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from llmac.agents.agent import Spoken
from llmac.agents.evaluation.episodes import Tti
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.v1 import wire_pb2

_TEXT = pa.dictionary(pa.int16(), pa.string())
_SENTENCE = pa.dictionary(pa.int32(), pa.string())
_NATS = {"unit": "nats"}
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
        pa.field("label", pa.int32()),
        pa.field("sentence", _SENTENCE),
        pa.field("log_prob", pa.float64(), metadata=_NATS),
        pa.field("entropy", pa.float64(), metadata=_NATS),
        pa.field("bs_sentence", _SENTENCE),
        pa.field("bs_log_prob", pa.float64(), metadata=_NATS),
        pa.field("bs_entropy", pa.float64(), metadata=_NATS),
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
    speech: "_Speech | None"


@dataclass(slots=True)
class _Speech:
    """What was said in one TTI, as columns; that of a BS stands beside each of its UEs."""

    label: NDArray[np.int64]
    sentence: Sequence[str]
    log_prob: NDArray[np.float64]
    entropy: NDArray[np.float64]
    bs_sentence: Sequence[str]
    bs_log_prob: NDArray[np.float64]
    bs_entropy: NDArray[np.float64]


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

    def add(self, tti: Tti) -> None:
        """See episodes.Recorder."""
        leader, followers = tti.leader_action, tti.followers
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
                action=tti.follower_action.action,
                outcome=tti.following.ue_outcome,
                speech=None if tti.spoken is None else _speech(tti.spoken, environment),
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
            **self._speeches(action.size),
        }
        table = pa.table(columns, schema=SCHEMA)
        return table.sort_by([("seed", "ascending"), ("tti", "ascending"), ("ue", "ascending")])

    def _speeches(self, rows: int) -> dict[str, Any]:
        """Columns of what was said; nothing where the agent does not speak."""
        columns = [field.name for field in fields(_Speech)]
        speeches = [rows.speech for rows in self._ttis if rows.speech is not None]
        if not speeches:
            return {name: pa.nulls(rows, SCHEMA.field(name).type) for name in columns}
        return {name: _concatenated([getattr(speech, name) for speech in speeches], name) for name in columns}


def _speech(spoken: Spoken, environment: NDArray[np.int64]) -> _Speech:
    leaders = [spoken.leader[e] for e in environment.tolist()]
    return _Speech(
        label=spoken.labels,
        sentence=[reply.sentence for reply in spoken.follower],
        log_prob=np.array([reply.log_prob for reply in spoken.follower], dtype=np.float64),
        entropy=np.array([reply.entropy for reply in spoken.follower], dtype=np.float64),
        bs_sentence=[reply.sentence for reply in leaders],
        bs_log_prob=np.array([reply.log_prob for reply in leaders], dtype=np.float64),
        bs_entropy=np.array([reply.entropy for reply in leaders], dtype=np.float64),
    )


def _concatenated(parts: Sequence[Sequence[Any]], name: str) -> "pa.Array[Any]":
    values = [value for part in parts for value in part]
    kind = SCHEMA.field(name).type
    # pyarrow makes a dictionary from values, not from a type.
    return pa.array(values, pa.string()).dictionary_encode() if kind == _SENTENCE else pa.array(values, kind)


def _key(environment: NDArray[np.int64], ue: NDArray[np.uint32]) -> NDArray[np.int64]:
    return (environment << 32) | ue.astype(np.int64)


def _texts(index: NDArray[np.int64], texts: Sequence[str]) -> "pa.Array[Any]":
    return pa.DictionaryArray.from_arrays(index.astype(np.int16), pa.array(texts, pa.string()))
