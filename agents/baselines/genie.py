# SPDX-License-Identifier: MIT
"""The genie: it sees every buffer and every link outcome of the TTI, and moves the UEs without messages.

It is the reference that other agents are measured against, near the upper bound, and no protocol: it needs the
privileged columns, and its leader tells its followers what to do outside the cell.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from llmac.agents.baselines.columns import Cells, dcms
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2


class Genie:
    """In every TTI the most decodes, and among those the longest queues first."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        self._cells = Cells(scenarios, seeds)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Decide for all UEs; send nothing.

        Raises:
            ValueError: the observation has no privileged columns.
        """
        state = observation.privileged
        if state is None:
            raise ValueError("the genie needs an environment with privileged=True")
        cells = self._cells
        environment = cells.environment(observation)
        sends = (state.undelivered > 0) & (state.head_delivered == 0)
        access = np.where(state.head_delivered > 0, codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_HOLD)
        first_ue = first_link = 0
        for ues, rbgs in zip(observation.ue_count.tolist(), cells.rbgs.tolist(), strict=True):
            links = state.would_decode[first_link : first_link + ues * rbgs].reshape(ues, rbgs)
            ue = first_ue + np.flatnonzero(sends[first_ue : first_ue + ues])
            # A decode outweighs all queue lengths; a UE that would not be decoded still keeps an RBG from lying idle.
            value = links[ue - first_ue].astype(np.int64) * 2**20 + state.undelivered[ue, None].astype(np.int64)
            chosen, rbg = linear_sum_assignment(value, maximize=True)
            access[ue[chosen]] = codes_pb2.ACCESS_TRANSMIT + rbg
            first_ue += ues
            first_link += ues * rbgs
        self._action = FollowerAction((access * cells.ucm_codes[environment]).astype(np.uint16))
        return dcms(cells, observation, np.zeros(environment.size, dtype=np.int64))

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Do what was decided."""
        del observation
        return self._action
