# SPDX-License-Identifier: MIT
"""Actions, written into messages that are used again for each of them."""

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.wire.column import empty, fill
from llmac.v1 import wire_pb2


class ActionWriter:
    """Writes the actions of the environments of one process, which were checked; each holds until the next one."""

    def __init__(self) -> None:
        u16, u32 = np.uint16, np.uint32
        lead = wire_pb2.LeaderAction(dcm_count=empty(u32), dcm_ue=empty(u32), dcm_code=empty(u16))
        self._lead = wire_pb2.Message(leader_action=lead)
        self._follow = wire_pb2.Message(follower_action=wire_pb2.FollowerAction(action=empty(u16)))
        lead, follow = self._lead.leader_action, self._follow.follower_action
        self._leader, self._follower = lead, follow
        self._dcm_count, self._dcm_ue, self._dcm_code, self._action = (
            lead.dcm_count,
            lead.dcm_ue,
            lead.dcm_code,
            follow.action,
        )

    def lead(
        self, tti: int, dcm_count: NDArray[np.integer], dcm_ue: NDArray[np.integer], dcm_code: NDArray[np.integer]
    ) -> wire_pb2.Message:
        """Write the DCMs that answer the observation of this TTI, columns as in `LeaderAction`."""
        self._leader.tti = tti
        fill(self._dcm_count, dcm_count, np.uint32)
        fill(self._dcm_ue, dcm_ue, np.uint32)
        fill(self._dcm_code, dcm_code, np.uint16)
        return self._lead

    def follow(self, tti: int, action: NDArray[np.integer]) -> wire_pb2.Message:
        """Write the UE actions that answer the observation of this TTI, a column as in `FollowerAction`."""
        self._follower.tti = tti
        fill(self._action, action, np.uint16)
        return self._follow
