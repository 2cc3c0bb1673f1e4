# SPDX-License-Identifier: MIT
"""The Parquet traces of UEs and of TTIs. docs/metrics.md tells what is in their columns."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from llmac.agents.agent import Spoken
from llmac.agents.evaluation.episodes import Recorder, Tti
from llmac.agents.evaluation.ttis import TTI_SCHEMA, AgentTtis
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2, wire_pb2

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
        pa.field("ucm_received", _TEXT),
        pa.field("rbg", pa.int32()),
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


_TRANSMITTED = (
    wire_pb2.UE_DECODED,
    wire_pb2.UE_DECODED_DUPLICATE,
    wire_pb2.UE_NOT_DECODED,
    wire_pb2.UE_COLLIDED,
)


class TraceWriter:
    """Writes trace.parquet and ttis.parquet, one row group per agent; with no folder, nothing.

    Args:
        folder: of the files.
        scenarios: [E] of the environments.
        seeds: [E] of the environments.
    """

    def __init__(self, folder: Path | None, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        self._scenarios = tuple(scenarios)
        self._seeds = np.array(seeds, dtype=np.uint64)
        self._files = ExitStack()
        self._writers = [
            self._files.enter_context(pq.ParquetWriter(folder / name, schema, compression="zstd"))
            for name, schema in (("trace.parquet", SCHEMA), ("ttis.parquet", TTI_SCHEMA))
            if folder is not None
        ]
        self._current: tuple[AgentTrace, AgentTtis] | None = None

    def of(self, agent: str) -> Sequence[Recorder]:
        """The recorders of the next agent; what those of the one before recorded is written."""
        self._flush()
        if not self._writers:
            return ()
        self._current = AgentTrace(agent, self._scenarios, self._seeds), AgentTtis(agent, self._scenarios, self._seeds)
        return self._current

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._files:
            self._flush()

    def _flush(self) -> None:
        for writer, recorder in zip(self._writers, self._current or (), strict=False):
            if not recorder.empty:
                writer.write_table(recorder.table())
        self._current = None


@dataclass(slots=True)
class _Rows:
    """The UEs of one TTI, as columns of numbers."""

    environment: NDArray[np.int64]
    tti: NDArray[np.int32]
    ue: NDArray[np.uint32]
    buffer: NDArray[np.uint16]
    dcm_sent: NDArray[np.uint16]
    dcm_received: NDArray[np.uint16]
    action: NDArray[np.uint16]
    last_action: NDArray[np.uint16]
    ucm_received: NDArray[np.uint16]
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
    """Collects the UEs of all TTIs of one agent.

    Args:
        agent: its name.
        scenarios: [E] of the environments.
        seeds: [E] of the environments.
    """

    def __init__(self, agent: str, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self._agent = agent
        self._codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
        self._delayed = np.array([bool(scenario.decision_delay) for scenario in scenarios])
        self._seeds = seeds
        self._ttis: list[_Rows] = []
        self._ucm: NDArray[np.uint16] | None = None

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
                environment=environment,
                tti=np.full(environment.size, followers.tti, dtype=np.int32),
                ue=followers.ue_id,
                buffer=followers.buffer,
                dcm_sent=dcm_sent,
                dcm_received=followers.dcm,
                action=tti.follower_action.action,
                last_action=followers.last_action,
                # Nothing arrives before the first TTI.
                ucm_received=np.zeros_like(dcm_sent) if self._ucm is None else self._ucm,
                outcome=tti.following.ue_outcome,
                speech=None if tti.spoken is None else _speech(tti.spoken, environment),
            )
        )
        self._ucm = tti.following.ucm

    @property
    def empty(self) -> bool:
        """Nothing was recorded."""
        return not self._ttis

    def table(self) -> pa.Table:
        """All that was recorded, ordered by seed, TTI and UE."""
        column = self._column
        environment, action = column("environment"), column("action")
        tables = {name: [getattr(codes, f"{name}_texts") for codes in self._codes] for name in ("access", "ucm", "dcm")}
        ucm_codes = np.array([codes.ucm_codes for codes in self._codes])[environment]
        columns: dict[str, Any] = {
            "agent": _texts(np.zeros(action.size, dtype=np.int64), [self._agent]),
            "seed": self._seeds[environment],
            "tti": column("tti").astype(np.int32),
            "ue": column("ue").astype(np.int32),
            "buffer": column("buffer").astype(np.int32),
            "dcm_sent": _texts_of(column("dcm_sent"), environment, tables["dcm"]),
            "dcm_received": _texts_of(column("dcm_received"), environment, tables["dcm"]),
            "access": _texts_of(action // ucm_codes, environment, tables["access"]),
            "ucm_sent": _texts_of(action % ucm_codes, environment, tables["ucm"]),
            "ucm_received": _texts_of(column("ucm_received"), environment, tables["ucm"]),
            "rbg": self._rbg(environment, ucm_codes),
            "outcome": _texts(column("outcome"), _OUTCOMES),
            **self._speeches(action.size),
        }
        table = pa.table(columns, schema=SCHEMA)
        return table.sort_by([("seed", "ascending"), ("tti", "ascending"), ("ue", "ascending")])

    def _column(self, name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(rows, name) for rows in self._ttis]).astype(np.int64)

    def _rbg(self, environment: NDArray[np.int64], ucm_codes: NDArray[np.int64]) -> "pa.Array[Any]":
        """RBG of each transmission; null where there was none, and where it is unknown.

        With a decision delay the action that took effect is another one than that of the row. What it was, the UE
        observes in the next TTI; of the last TTI of a UE nobody tells.
        """
        ue, column = self._column("ue"), self._column
        order = np.lexsort((column("tti"), ue, environment))
        now, following = order[:-1], order[1:]
        goes_on = (environment[now] == environment[following]) & (ue[now] == ue[following])
        action = np.where(self._delayed[environment], 0, column("action"))
        action[now[goes_on]] = column("last_action")[following[goes_on]]
        rbg = action // ucm_codes - codes_pb2.ACCESS_TRANSMIT
        return pa.array(rbg.astype(np.int32), mask=(rbg < 0) | ~np.isin(column("outcome"), _TRANSMITTED))

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


def _texts_of(
    code: NDArray[np.int64], environment: NDArray[np.int64], tables: Sequence[Sequence[str]]
) -> "pa.Array[Any]":
    """Texts of codes, each by the table of its environment."""
    texts = list(dict.fromkeys(text for table in tables for text in table))
    place = {text: i for i, text in enumerate(texts)}
    index = np.zeros((len(tables), max(map(len, tables))), dtype=np.int64)
    for row, table in zip(index, tables, strict=True):
        row[: len(table)] = [place[text] for text in table]
    return _texts(index[environment, code], texts)
