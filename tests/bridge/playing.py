# SPDX-License-Identifier: MIT
"""Random players whose choices depend on seed, TTI and UE alone, so that they do the same in every layout."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerObservation, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.bridge.testing import RandomPlayer

Trace = list[dict[str, Any]]


class RandomPlayers(RandomPlayer):
    """RandomPlayer, ready for one episode."""

    def __init__(self, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        super().__init__()
        self.reset(scenarios, np.array(seeds, dtype=np.uint64))


def play(env: ColumnEnv, seeds: Sequence[int], scenarios: Sequence[Scenario] | None = None) -> Trace:
    """Play one episode; returns all that was observed, as plain values."""
    leader = env.reset(seeds, scenarios)
    players = RandomPlayers(env.scenarios, seeds)
    trace = [plain(leader)]
    while not leader.done:
        follower = env.lead(players.lead(leader))
        leader = env.follow(players.follow(follower))
        trace += [plain(follower), plain(leader)]
    return trace


def plain(observation: LeaderObservation | FollowerObservation) -> dict[str, Any]:
    """An observation as values that compare, bit by bit."""
    return _bytes(observation)


def _bytes(columns: Any) -> dict[str, Any]:
    return {
        name: value.tobytes() if isinstance(value, np.ndarray) else _bytes(value) if isinstance(value, tuple) else value
        for name, value in columns._asdict().items()
    }
