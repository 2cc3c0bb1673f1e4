# SPDX-License-Identifier: MIT
"""A player that draws any well-formed action, those that do not fit the state among them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario


class RandomPlayer:
    """A `Player` whose choices depend on seed, TTI and environment alone; every second UE gets a DCM.

    Args:
        salt: another one is another player.
    """

    def __init__(self, salt: int = 0) -> None:
        self._salt = salt
        self._codes: list[Codes] = []
        self._seeds: list[int] = []

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See `Player`."""
        self._codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
        self._seeds = np.asarray(seeds).tolist()

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """See `Player`."""
        ues: list[int] = []
        drawn: list[int] = []
        counts: list[int] = []
        begin = 0
        for seed, codes, count in zip(self._seeds, self._codes, observation.ue_count.tolist(), strict=True):
            rng = np.random.default_rng([self._salt, seed, observation.tti, 0])
            chosen = observation.ue_id[begin : begin + count][rng.random(count) < 0.5].tolist()  # noqa: PLR2004
            ues += chosen
            drawn += rng.integers(codes.dcm_codes, size=len(chosen)).tolist()
            counts.append(len(chosen))
            begin += count
        return LeaderAction(np.array(counts, np.uint32), np.array(ues, np.uint32), np.array(drawn, np.uint16))

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """See `Player`."""
        drawn: list[int] = []
        for seed, codes, count in zip(self._seeds, self._codes, observation.ue_count.tolist(), strict=True):
            rng = np.random.default_rng([self._salt, seed, observation.tti, 1])
            drawn += rng.integers(codes.ue_action_codes, size=count).tolist()
        return FollowerAction(np.array(drawn, np.uint16))
