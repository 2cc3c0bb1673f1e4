# SPDX-License-Identifier: MIT
"""From an ns3-gym space description to the Gymnasium space that it means."""

from math import prod
from typing import Any, TypeVar

import numpy as np
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from gymnasium import Space, spaces

from llmac.ns3opengym import messages_pb2 as pb

MAX_DEPTH = 16
"""Spaces nested in spaces."""
MAX_VALUES = 1 << 24
"""Values of one box; more is taken for a damaged message."""

DTYPES: dict[int, type[np.int32 | np.uint32 | np.float32 | np.float64]] = {
    pb.DTYPE_NONE: np.float32,
    pb.DTYPE_INT: np.int32,
    pb.DTYPE_UINT: np.uint32,
    pb.DTYPE_FLOAT: np.float32,
    pb.DTYPE_DOUBLE: np.float64,
}
"""What arrives on the wire: all integers have 32 bits there, whatever the simulation counts with."""


class MisfitError(ValueError):
    """Something from the simulation that cannot be used; the message is a clause."""


M = TypeVar("M", bound=Message)


def unpack(packed: AnyMessage, message_type: type[M]) -> M:
    """The message inside an Any.

    Raises:
        MisfitError: it is of another type, or damaged.
    """
    message = message_type()
    try:
        matches = packed.Unpack(message)
    except DecodeError:
        raise MisfitError(f"its {message_type.DESCRIPTOR.name} is damaged") from None
    if not matches:
        raise MisfitError(f"it carries {packed.TypeName() or 'nothing'} instead of {message_type.DESCRIPTOR.full_name}")
    return message


def space_of(description: pb.SpaceDescription, depth: int = 0) -> Space[Any]:
    """The Gymnasium space that a description means.

    A box whose low and high are both 0 has unknown bounds (ns3-gym sends that where they were given value by value)
    and gets those of its dtype.

    Args:
        description: from a SimInitMsg.
        depth: spaces around this one.

    Raises:
        MisfitError: it describes no space.
    """
    if depth > MAX_DEPTH:
        raise MisfitError(f"spaces are nested more than {MAX_DEPTH} deep")
    match description.type:
        case pb.SPACE_DISCRETE:
            n = unpack(description.space, pb.DiscreteSpace).n
            if n < 1:
                raise MisfitError(f"a discrete space of {n} values is none; it takes 1 or more")
            return spaces.Discrete(n)
        case pb.SPACE_BOX:
            return _box(unpack(description.space, pb.BoxSpace))
        case pb.SPACE_TUPLE:
            elements = unpack(description.space, pb.TupleSpace).element
            return spaces.Tuple([space_of(element, depth + 1) for element in elements])
        case pb.SPACE_DICT:
            elements = unpack(description.space, pb.DictSpace).element
            named = {element.name: space_of(element, depth + 1) for element in elements}
            if len(named) < len(elements):
                raise MisfitError("two spaces of a dictionary have the same name")
            return spaces.Dict(named)
        case other:
            raise MisfitError(f"space type {other} is none of Discrete, Box, Tuple and Dict")


def _box(space: pb.BoxSpace) -> spaces.Box:
    dtype = DTYPES.get(space.dtype)
    if dtype is None:
        raise MisfitError(f"a box of dtype {space.dtype} is none of INT, UINT, FLOAT and DOUBLE")
    shape = tuple(space.shape)
    if prod(shape) > MAX_VALUES:
        raise MisfitError(f"a box of shape {shape} has more than {MAX_VALUES} values")
    low, high = (space.low, space.high) if space.low or space.high else (-np.inf, np.inf)
    if not low <= high:
        raise MisfitError(f"a box from {low} to {high} is empty")
    if issubclass(dtype, np.integer):
        limits = np.iinfo(dtype)
        low, high = (int(np.clip(bound, limits.min, limits.max)) for bound in (low, high))
    return spaces.Box(low, high, shape, dtype)
