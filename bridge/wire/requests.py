# SPDX-License-Identifier: MIT
"""Actions as messages.

Each is a new message: what protobuf holds in a message that is written again, its memory keeps until the message goes.
"""

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.wire.column import fill
from llmac.v1 import wire_pb2


def lead(
    tti: int, dcm_count: NDArray[np.integer], dcm_ue: NDArray[np.integer], dcm_code: NDArray[np.integer]
) -> wire_pb2.Message:
    """Write the DCMs that answer the observation of this TTI, checked columns as in `LeaderAction`."""
    message = wire_pb2.Message()
    action = message.leader_action
    action.tti = tti
    fill(action.dcm_count, dcm_count, np.uint32)
    fill(action.dcm_ue, dcm_ue, np.uint32)
    fill(action.dcm_code, dcm_code, np.uint16)
    return message


def follow(tti: int, action: NDArray[np.integer]) -> wire_pb2.Message:
    """Write the UE actions that answer the observation of this TTI, a checked column as in `FollowerAction`."""
    message = wire_pb2.Message()
    message.follower_action.tti = tti
    fill(message.follower_action.action, action, np.uint16)
    return message
