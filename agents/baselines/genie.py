# SPDX-License-Identifier: MIT
"""The genie: it sees every buffer and every link outcome of the TTI, and moves the UEs without messages.

Where a received `ack` deletes by itself, and comes in the TTI in which it is sent, the genie sends that one message: it
saves the UE a TTI.

It is the reference that other agents are measured against, near the upper bound, and no protocol: it needs the
privileged columns, and its leader tells its followers what to do outside the cell.

The causal genie knows of the links what was decoded until now, and not what is about to be. What separates it from the
genie is foresight, which no protocol has; what separates a protocol from it is signalling.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from llmac.agents.baselines.columns import Cells, dcms, limit_dcms
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario, Semantic
from llmac.v1 import codes_pb2


class Genie:
    """In every TTI the most decodes, and among those the longest queues first."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = self._cells = Cells(scenarios, seeds)
        has_ack = np.array([isinstance(s.vocabulary, Semantic) for s in scenarios], dtype=np.bool_)
        self._acks = cells.ack_deletes & has_ack & (cells.delay == 0)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Decide for all UEs.

        Raises:
            ValueError: the observation has no privileged columns.
        """
        state = observation.privileged
        if state is None:
            raise ValueError("the genie needs an environment with privileged=True")
        cells = self._cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        code = np.where(self._acks[environment] & (state.head_delivered > 0), codes_pb2.DCM_ACK, codes_pb2.DCM_NULL)
        limit_dcms(cells, observation, code, first=-state.undelivered.astype(np.int64))
        self._acked = code != codes_pb2.DCM_NULL
        sends = (state.undelivered > 0) & ((state.head_delivered == 0) | self._acked)
        deletes = (state.head_delivered > 0) & ~self._acked
        access = np.where(deletes, codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_HOLD)
        first_ue = first_link = 0
        for ues, rbgs in zip(observation.ue_count.tolist(), cells.rbgs.tolist(), strict=True):
            links = state.would_decode[first_link : first_link + ues * rbgs].reshape(ues, rbgs)
            here = slice(first_ue, first_ue + ues)
            worth = self._worth(state.undelivered[here].astype(np.int64), links, slot[here])
            ue = np.flatnonzero(sends[here])
            chosen, rbg = linear_sum_assignment(worth[ue], maximize=True)
            access[first_ue + ue[chosen]] = codes_pb2.ACCESS_TRANSMIT + rbg
            first_ue += ues
            first_link += ues * rbgs
        self._access = access
        return dcms(cells, observation, code)

    def _worth(
        self,
        undelivered: NDArray[np.int64],
        links: NDArray[np.uint8],
        slot: NDArray[np.int64],  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """[UEs, RBGs] what it is worth that a UE transmits on an RBG.

        Args:
            undelivered: [UEs] dPDUs of the UEs of an environment.
            links: [UEs, RBGs] 1 where they would be decoded in this TTI.
            slot: [UEs] their places in per-UE memory.
        """
        # A decode outweighs all queue lengths; a UE that would not be decoded still keeps an RBG from lying idle.
        return (links.astype(np.int64) * 2**20 + undelivered[:, None]).astype(np.float64)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Do what was decided; a UE whose `ack` was lost deletes first."""
        lost = self._acked & (observation.dcm != codes_pb2.DCM_ACK)
        access = np.where(lost, codes_pb2.ACCESS_DELETE, self._access)
        ucm_codes = self._cells.ucm_codes[self._cells.environment(observation)]
        return FollowerAction((access * ucm_codes).astype(np.uint16))


class CausalGenie(Genie):
    """MaxWeight scheduling (Tassiulas and Ephremides, IEEE TAC 37, 1992): backlog times the success rate until now."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        super().reset(scenarios, seeds)
        # Laplace's rule of succession.
        self._decoded, self._seen = np.ones(self._cells.slots), np.full(self._cells.slots, 2.0)

    def _worth(
        self, undelivered: NDArray[np.int64], links: NDArray[np.uint8], slot: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """See Genie; the same on all RBGs."""
        worth = undelivered * self._decoded[slot] / self._seen[slot]
        self._decoded[slot] += links.mean(axis=1)
        self._seen[slot] += 1
        return np.broadcast_to(worth[:, None], links.shape)
