# SPDX-License-Identifier: MIT
"""A population that changes within the episode: what is delivered TTI by TTI around joins and leaves."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from llmac.agents.evaluation.episodes import Tti, play
from llmac.agents.evaluation.statistics import estimate
from llmac.agents.evaluation.sweep.pool import Where, make
from llmac.agents.evaluation.sweep.runs import FIRST_SEED, Player
from llmac.agents.evaluation.sweep.table import Frame
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

JOIN, LEAVE, TTIS = 60, 140, 200
"""TTIs at which four UEs join, and six leave, of an episode of so many TTIs."""
WINDOW = 10
"""TTIs of the moving average."""
_DELIVERED = wire_pb2.COUNTER_DELIVERED


def scenario() -> Scenario:
    """The abstract cell, with 4, then 8, then 2 UEs: those that stay joined last."""
    churn = [{"tti": JOIN, "join": 4}, {"tti": LEAVE, "leave": list(range(6))}]
    return load("paper", {"ttis": TTIS, "churn": churn})


class _Goodput:
    """Counts what is delivered in each TTI of each environment."""

    def __init__(self) -> None:
        self.ttis: list[list[int]] = []

    def add(self, tti: Tti) -> None:
        """See episodes.Recorder."""
        self.ttis.append(tti.following.counters[:, _DELIVERED].tolist())


def measure(players: Sequence[Player], seeds: int, where: Where, told: Callable[[str], None]) -> Frame:
    """By agent and TTI: deliveries per TTI in the last WINDOW TTIs, with the interval over seeds."""
    scenarios, numbers = [scenario()] * seeds, list(range(FIRST_SEED, FIRST_SEED + seeds))
    parts: list[Frame] = []
    for player in players:
        told(player.name)
        counted = _Goodput()
        with ColumnEnv(scenarios, privileged=True, bound=True, **where()) as env:
            play(env, make(player), scenarios, numbers, [counted])
        delivered = np.array(counted.ttis, dtype=np.float64)
        smooth = np.lib.stride_tricks.sliding_window_view(delivered, WINDOW, axis=0).mean(axis=-1)
        each = [estimate(row.tolist()) for row in smooth]
        parts.append(
            pd.DataFrame(
                {
                    "agent": player.name,
                    "tti": np.arange(WINDOW, len(delivered) + 1),
                    "goodput_dpdu_per_tti": [e.mean for e in each],
                    "low": [e.low for e in each],
                    "high": [e.high for e in each],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
