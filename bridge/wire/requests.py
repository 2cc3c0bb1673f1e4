# SPDX-License-Identifier: MIT
"""Actions as payloads.

What precedes the values of a column depends on their number alone, and is taken from what protobuf wrote for as many.
To make a message of each action, and bytes of that, takes more than twice as long.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.wire.column import fill
from llmac.bridge.wire.template import varint
from llmac.v1 import wire_pb2

_MOST: Final = 1024
"""Heads that are kept for a column."""


class _Column:
    """A column of an action.

    Args:
        action: type of the message that has it.
        name: of its field.
        scalar: type of its values.
    """

    __slots__ = ("_action", "_dtype", "_heads", "_name", "_scalar")

    def __init__(self, action: Any, name: str, scalar: type[np.generic]) -> None:
        self._action = action
        self._name = name
        self._scalar = scalar
        self._dtype = np.dtype(scalar).newbyteorder("<")
        self._heads = dict[int, bytes]()

    def write(self, values: NDArray[np.integer]) -> bytes:
        """The field, with its tag."""
        head = self._heads.get(len(values))
        if head is None:
            head = self._learn(len(values))
        return head + values.astype(self._dtype, copy=False).tobytes()

    def _learn(self, size: int) -> bytes:
        """What precedes so many values."""
        action = self._action()
        fill(getattr(action, self._name), np.zeros(size), self._scalar)
        written: bytes = action.SerializeToString()
        if len(self._heads) >= _MOST:
            self._heads.clear()
        self._heads[size] = written[: len(written) - size * self._dtype.itemsize]
        return self._heads[size]


_COUNT: Final = _Column(wire_pb2.LeaderAction, "dcm_count", np.uint32)
_UE: Final = _Column(wire_pb2.LeaderAction, "dcm_ue", np.uint32)
_CODE: Final = _Column(wire_pb2.LeaderAction, "dcm_code", np.uint16)
_ACTION: Final = _Column(wire_pb2.FollowerAction, "action", np.uint16)
_TTI: Final = b"\x08"
"""Tag of field 1, a varint."""


def _tag(body: str) -> bytes:
    """Tag of an action in a message: a field that has a length."""
    return varint(wire_pb2.Message.DESCRIPTOR.fields_by_name[body].number << 3 | 2)


_LEADER: Final = _tag("leader_action")
_FOLLOWER: Final = _tag("follower_action")


def lead(tti: int, dcm_count: NDArray[np.integer], dcm_ue: NDArray[np.integer], dcm_code: NDArray[np.integer]) -> bytes:
    """Write the DCMs that answer the observation of this TTI, checked columns as in `LeaderAction`."""
    return _payload(_LEADER, tti, _COUNT.write(dcm_count) + _UE.write(dcm_ue) + _CODE.write(dcm_code))


def follow(tti: int, action: NDArray[np.integer]) -> bytes:
    """Write the UE actions that answer the observation of this TTI, a checked column as in `FollowerAction`."""
    return _payload(_FOLLOWER, tti, _ACTION.write(action))


def _payload(tag: bytes, tti: int, columns: bytes) -> bytes:
    action = _TTI + varint(tti) + columns if tti else columns
    return tag + varint(len(action)) + action
