# SPDX-License-Identifier: MIT
"""Values between ns3-gym's data containers and Gymnasium: observations are decoded, actions encoded."""

from collections.abc import Mapping
from math import prod
from typing import Any, cast

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import ArrayLike, NDArray

from llmac.bridge.errors import ActionError
from llmac.bridge.ns3gym.spaces import DTYPES, MisfitError, unpack
from llmac.ns3opengym import messages_pb2 as pb

_SPACE_TYPES: dict[int, type[Space[Any]]] = {
    pb.SPACE_DISCRETE: spaces.Discrete,
    pb.SPACE_BOX: spaces.Box,
    pb.SPACE_TUPLE: spaces.Tuple,
    pb.SPACE_DICT: spaces.Dict,
}


def decode(container: pb.DataContainer, space: Space[Any]) -> Any:
    """The value in a container: an np.int64, an array of the box's shape and dtype, a tuple, or a dict.

    Types, names and numbers of values are checked against the space. Bounds are not: ns3-gym never did, and many
    simulations, its own examples among them, leave the bounds that they declare.

    Raises:
        MisfitError: it is no value of this kind of space.
    """
    if not isinstance(space, _SPACE_TYPES.get(container.type, ())):
        sent = _SPACE_TYPES[container.type].__name__ if container.type in _SPACE_TYPES else "nothing"
        raise MisfitError(f"{sent} was sent where {type(space).__name__} was declared")
    if isinstance(space, spaces.Discrete):
        return np.int64(unpack(container.data, pb.DiscreteDataContainer).data)
    if isinstance(space, spaces.Box):
        return _decode_box(unpack(container.data, pb.BoxDataContainer), space)
    if isinstance(space, spaces.Tuple):
        elements = unpack(container.data, pb.TupleDataContainer).element
        if len(elements) != len(space.spaces):
            raise MisfitError(f"a tuple of {len(elements)} was sent where one of {len(space.spaces)} was declared")
        return tuple(decode(element, inner) for element, inner in zip(elements, space.spaces, strict=True))
    inner_spaces = cast("spaces.Dict", space).spaces
    named = {element.name: element for element in unpack(container.data, pb.DictDataContainer).element}
    if named.keys() != inner_spaces.keys():
        raise MisfitError(f"a dictionary of {sorted(named)} was sent where one of {sorted(inner_spaces)} was declared")
    return {name: decode(named[name], inner) for name, inner in inner_spaces.items()}


def _decode_box(box: pb.BoxDataContainer, space: spaces.Box) -> NDArray[Any]:
    match box.dtype:
        case pb.DTYPE_INT:
            sent = np.array(box.intData, np.int32)
        case pb.DTYPE_UINT:
            sent = np.array(box.uintData, np.uint32)
        case pb.DTYPE_DOUBLE:
            sent = np.array(box.doubleData, np.float64)
        case _:
            sent = np.array(box.floatData, np.float32)
    shape = tuple(box.shape)
    # A container made without a shape has none; what was flattened says so.
    if sent.size != prod(space.shape) or shape not in {space.shape, (sent.size,), ()}:
        raise MisfitError(f"a box of shape {shape} with {sent.size} values was sent where {space.shape} was declared")
    values = sent if sent.dtype == space.dtype else _converted(sent, space.dtype)
    return values.reshape(space.shape)


def _converted(sent: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values of a declared dtype that were sent in another."""
    with np.errstate(invalid="ignore", over="ignore"):
        values = sent.astype(dtype)
    # Floating point may be rounded to the declared width; an integer has to arrive as it was.
    if dtype.kind != "f" and not np.array_equal(values, sent):
        raise MisfitError(f"{sent.dtype} values were sent that the declared {dtype} cannot hold")
    return values


def encode(action: Any, space: Space[Any]) -> pb.DataContainer:
    """A container with an action, as the stock client packs it.

    That client sends every box as one row of values, and those of a DOUBLE box as FLOAT; simulations expect no other.

    Raises:
        ActionError: the action is not in the space.
    """
    container = pb.DataContainer()
    if isinstance(space, spaces.Discrete):
        if not space.contains(action):
            raise ActionError(f"{action!r} is not an action of {space}: give an integer from 0 to {space.n - 1}")
        container.type = pb.SPACE_DISCRETE
        container.data.Pack(pb.DiscreteDataContainer(data=int(action)))
    elif isinstance(space, spaces.Box):
        container.type = pb.SPACE_BOX
        container.data.Pack(_encode_box(action, space))
    elif isinstance(space, spaces.Tuple):
        if not isinstance(action, tuple | list) or len(cast("tuple[Any, ...]", action)) != len(space.spaces):
            raise ActionError(f"{action!r} is not an action of {space}: give a tuple of {len(space.spaces)}")
        elements = [encode(*pair) for pair in zip(cast("tuple[Any, ...]", action), space.spaces, strict=True)]
        container.type = pb.SPACE_TUPLE
        container.data.Pack(pb.TupleDataContainer(element=elements))
    else:
        inner_spaces = cast("spaces.Dict", space).spaces
        if not isinstance(action, Mapping) or cast("Mapping[str, Any]", action).keys() != inner_spaces.keys():
            raise ActionError(f"{action!r} is not an action of {space}: give a dict of {sorted(inner_spaces)}")
        data = pb.DictDataContainer()
        for name, inner in inner_spaces.items():
            element = encode(action[name], inner)
            element.name = name
            data.element.append(element)
        container.type = pb.SPACE_DICT
        container.data.Pack(data)
    return container


def _encode_box(action: ArrayLike, space: spaces.Box) -> pb.BoxDataContainer:
    try:
        values = np.asarray(action)
    except ValueError:
        values = np.asarray(None)
    integers = space.dtype.kind in "iu"
    if values.dtype.kind not in ("iu" if integers else "iuf") or values.shape != space.shape:
        kind = "integers" if integers else "numbers"
        raise ActionError(f"{action!r} is not an action of {space}: give {kind} of shape {space.shape}")
    if not integers:
        with np.errstate(over="ignore"):
            values = values.astype(space.dtype)  # before the bounds, which were rounded to this width
    if not ((values >= space.low) & (values <= space.high)).all():
        raise ActionError(f"{action!r} is not an action of {space}: it leaves the bounds")
    row: list[Any] = values.reshape(-1).tolist()
    if integers:
        signed = space.dtype == DTYPES[pb.DTYPE_INT]
        return pb.BoxDataContainer(
            dtype=pb.DTYPE_INT if signed else pb.DTYPE_UINT,
            shape=[len(row)],
            **{"intData" if signed else "uintData": row},
        )
    return pb.BoxDataContainer(dtype=pb.DTYPE_FLOAT, shape=[len(row)], floatData=row)
