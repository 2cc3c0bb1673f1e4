# SPDX-License-Identifier: MIT
"""Every party draws uniformly from the actions that fit its state: the floor of every comparison."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, dcms, limit_dcms
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2


class Random:
    """Uniform over accesses, UCMs and DCMs."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        self._cells = Cells(scenarios, seeds)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """A DCM to every UE, null included; whom a limit leaves out is drawn too."""
        cells = self._cells
        environment = cells.environment(observation)
        dcm_codes = np.array([c.dcm_codes for c in cells.codes], dtype=np.int64)[environment]
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.DCM, observation.ue_id)
        code = choice(draw, dcm_codes)
        limit_dcms(cells, observation, code, first=(draw * dcm_codes % 1 * 2**53).astype(np.int64))
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Any access if the buffer holds something, any UCM if there is an opportunity."""
        cells = self._cells
        environment = cells.environment(observation)
        seed = cells.seeds[environment]
        accesses = np.where(observation.buffer > 0, cells.rbgs[environment] + codes_pb2.ACCESS_TRANSMIT, 1)
        ucms = np.where(observation.ucm_opportunity > 0, cells.ucm_codes[environment], 1)
        access = choice(uniform(seed, observation.tti, Purpose.ACCESS, observation.ue_id), accesses)
        ucm = choice(uniform(seed, observation.tti, Purpose.UCM, observation.ue_id), ucms)
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))
