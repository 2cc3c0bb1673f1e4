# SPDX-License-Identifier: MIT
"""The Parquet trace of TTIs: one row per agent, environment and TTI. docs/metrics.md tells what is in its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llmac.agents.evaluation.episodes import Tti
from llmac.bridge.scenario import Scenario
from llmac.v1 import wire_pb2

COUNTERS = tuple(name.removeprefix("COUNTER_").lower() for name in wire_pb2.Counter.keys())  # noqa: SIM118
TTI_SCHEMA = pa.schema(
    [
        pa.field("agent", pa.dictionary(pa.int16(), pa.string())),
        pa.field("seed", pa.uint64()),
        pa.field("tti", pa.int32()),
        pa.field(
            "rbg", pa.list_(pa.int32()), metadata={"unit": "id of the UE that was decoded, -1 idle, -2 undecodable"}
        ),
        pa.field("utility", pa.float64()),
        *(pa.field(name, pa.int32()) for name in COUNTERS),
    ]
)


@dataclass(slots=True)
class _Cells:
    """All environments of one TTI."""

    tti: int
    rbg: NDArray[np.int32]
    utility: NDArray[np.float64]
    counters: NDArray[np.int32]


class AgentTtis:
    """Collects what the TTIs of one agent brought.

    Args:
        agent: its name.
        scenarios: [E] of the environments.
        seeds: [E] of the environments.
    """

    def __init__(self, agent: str, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self._agent = agent
        self._rbgs = np.array([scenario.rbgs for scenario in scenarios])
        self._seeds = seeds
        self._ttis: list[_Cells] = []

    def add(self, tti: Tti) -> None:
        """See episodes.Recorder."""
        following = tti.following
        counters = following.counters.copy()
        if tti.spoken is not None:
            # As Tally.reject counts them: the cell takes a sentence that means nothing for a decision of a UE to hold.
            silent = tti.spoken.leader_unparsed.astype(np.int32)
            counters[:, wire_pb2.COUNTER_DECISION] += silent
            counters[:, wire_pb2.COUNTER_INVALID] += silent + tti.spoken.follower_unparsed.astype(np.int32)
        self._ttis.append(_Cells(tti.followers.tti, following.rbg_outcome, following.leader_utility, counters))

    @property
    def empty(self) -> bool:
        """Nothing was recorded."""
        return not self._ttis

    def table(self) -> pa.Table:
        """All that was recorded, ordered by seed and TTI."""
        ttis, environments = len(self._ttis), self._seeds.size
        counters = np.concatenate([cells.counters for cells in self._ttis])
        ends = np.concatenate([[0], np.cumsum(np.tile(self._rbgs, ttis))])
        rbg = np.concatenate([cells.rbg for cells in self._ttis])
        agent = np.zeros(ttis * environments, dtype=np.int16)
        columns: dict[str, Any] = {
            "agent": pa.DictionaryArray.from_arrays(agent, pa.array([self._agent])),
            "seed": np.tile(self._seeds, ttis),
            "tti": np.repeat(np.array([cells.tti for cells in self._ttis], dtype=np.int32), environments),
            "rbg": pa.ListArray.from_arrays(ends.tolist(), pa.array(rbg)),
            "utility": np.concatenate([cells.utility for cells in self._ttis]),
            **{name: counters[:, i] for i, name in enumerate(COUNTERS)},
        }
        return pa.table(columns, schema=TTI_SCHEMA).sort_by([("seed", "ascending"), ("tti", "ascending")])
