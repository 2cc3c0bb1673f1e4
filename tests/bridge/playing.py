# SPDX-License-Identifier: MIT
"""Random players whose choices depend on seed, TTI and UE alone, so that they do the same in every layout."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario

Trace = list[dict[str, Any]]


class RandomPlayers:
    """Draws any code, those that do not fit the state among them; every second UE gets a DCM."""

    def __init__(self, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        self.codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
        self.seeds = seeds

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        ues: list[int] = []
        codes: list[int] = []
        counts: list[int] = []
        begin = 0
        for environment, count in enumerate(observation.ue_count.tolist()):
            rng = np.random.default_rng([self.seeds[environment], observation.tti, 0])
            chosen = observation.ue_id[begin : begin + count][rng.random(count) < 0.5].tolist()
            ues += chosen
            codes += rng.integers(self.codes[environment].dcm_codes, size=len(chosen)).tolist()
            counts.append(len(chosen))
            begin += count
        return LeaderAction(np.array(counts, np.uint32), np.array(ues, np.uint32), np.array(codes, np.uint16))

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        actions: list[int] = []
        for environment, count in enumerate(observation.ue_count.tolist()):
            rng = np.random.default_rng([self.seeds[environment], observation.tti, 1])
            actions += rng.integers(self.codes[environment].ue_action_codes, size=count).tolist()
        return FollowerAction(np.array(actions, np.uint16))


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
    return _bytes(asdict(observation))


def _bytes(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.tobytes() if isinstance(value, np.ndarray) else _bytes(value) if isinstance(value, dict) else value
        for name, value in columns.items()
    }
