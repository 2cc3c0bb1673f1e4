# SPDX-License-Identifier: MIT
"""Grant-based access, the conventional protocol of cellular systems (3GPP TS 36.321 clauses 5.4.4 and 5.4.5).

UEs report backlog: `sr` for one dPDU, `bsr k` for more. The BS grants the RBGs round robin among the UEs that it
believes to have undelivered dPDUs, and acknowledges what it decodes. A UE transmits on its grant and deletes on the
acknowledgement.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, dcms, limit_dcms, rank_within
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.pag.codes import bsr_level
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

_NEXT_ROUND = 2**32  # above every UE id


class Grant:
    """Round robin."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = self._cells = Cells(scenarios, seeds)
        self._delay = np.array([s.control.delay_ttis for s in scenarios])
        self._ack_deletes = np.array([s.ack_deletes for s in scenarios])
        self._levels = np.array([c.bsr_levels for c in cells.codes], dtype=np.int64)
        # Of the BS, per UE: the backlog it believes in, the TTI until which a grant to the UE is under way, and how
        # often the UE was decoded by each of the last TTIs, as far back as a report can be old.
        self._backlog = np.zeros(cells.slots, dtype=np.int64)
        self._busy_until = np.zeros(cells.slots, dtype=np.int64)
        self._decodes = np.zeros((self._delay.max(initial=0) + 2, cells.slots), dtype=np.int64)
        # Of the BS, per environment: the UE after which the next round begins.
        self._last_served = np.full(len(cells.scenarios), -1)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Acknowledge what was decoded; grant the RBGs to the next backlogged UEs."""
        cells = self._cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        decoded = np.isin(slot, cells.decoded_slots(observation))
        self._believe(observation, environment, slot, decoded)

        # A UE that is acknowledged now deletes in this TTI; only with ack_deletes it can transmit at once.
        can_transmit = self._ack_deletes[environment] | ~decoded
        candidate = (self._backlog[slot] > 0) & can_transmit & (self._busy_until[slot] <= observation.tti)
        ue_id = observation.ue_id.astype(np.int64)
        turn = np.where(ue_id > self._last_served[environment], ue_id, ue_id + _NEXT_ROUND)
        rank = rank_within(environment, turn, candidate)
        granted = (rank >= 0) & (rank < cells.rbgs[environment])

        ack = np.where(decoded, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL)
        grant = codes_pb2.DCM_GRANT + rank + np.where(decoded, cells.rbgs[environment], 0)
        code = np.where(granted, grant, ack)
        limit_dcms(cells, observation, code, first=np.where(decoded, -1, turn))
        granted &= code >= codes_pb2.DCM_GRANT
        self._busy_until[slot[granted]] = observation.tti + 1 + self._delay[environment[granted]]
        in_order = np.flatnonzero(granted)[np.argsort(rank[granted])]
        self._last_served[environment[in_order]] = ue_id[in_order]  # of several the last one stays
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Transmit on a grant, delete on an acknowledgement, report what is left."""
        cells = self._cells
        environment = cells.environment(observation)
        rbgs, dcm = cells.rbgs[environment], observation.dcm.astype(np.int64)
        backlogged = observation.buffer > 0
        ack_grant = dcm >= codes_pb2.DCM_GRANT + rbgs
        acknowledged = (dcm == codes_pb2.DCM_ACK) | ack_grant
        delete = backlogged & acknowledged & ~self._ack_deletes[environment]
        transmit = backlogged & (dcm >= codes_pb2.DCM_GRANT) & ~delete
        rbg = dcm - codes_pb2.DCM_GRANT - np.where(ack_grant, rbgs, 0)
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)

        left = observation.buffer.astype(np.int64) - delete
        report = np.where(left == 1, codes_pb2.UCM_SR, codes_pb2.UCM_BSR + bsr_level(left, self._levels[environment]))
        ucm = np.where((left > 0) & (observation.ucm_opportunity > 0), report, codes_pb2.UCM_NULL)
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))

    def _believe(
        self,
        observation: LeaderObservation,
        environment: NDArray[np.int64],
        slot: NDArray[np.int64],
        decoded: NDArray[np.bool_],
    ) -> None:
        """Take over the reports, less what was decoded since they were made."""
        now = observation.tti % len(self._decodes)
        self._decodes[now] = self._decodes[now - 1]
        self._decodes[now, slot] += decoded
        made = (observation.tti - 1 - self._delay[environment]) % len(self._decodes)
        since = self._decodes[now, slot] - self._decodes[made, slot]

        ucm = observation.ucm.astype(np.int64)
        level = np.where(ucm == codes_pb2.UCM_SR, 1, np.maximum(ucm - codes_pb2.UCM_BSR, 0))
        at_least = np.where(level > 0, 1 << np.maximum(level - 1, 0), 0)
        reported = ucm != codes_pb2.UCM_NULL
        self._backlog[slot] = np.maximum(np.where(reported, at_least - since, self._backlog[slot] - decoded), 0)
