# SPDX-License-Identifier: MIT
"""Spaces and values: what is encoded is decoded again, and nothing that arrives leads to more than a refusal."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from gymnasium import Space, spaces
from gymnasium.utils.env_checker import data_equivalence
from hypothesis import given
from hypothesis import strategies as st
from replay import transcripts

from llmac.bridge.errors import ActionError
from llmac.bridge.ns3gym.data import decode, encode
from llmac.bridge.ns3gym.spaces import MAX_DEPTH, MisfitError, space_of
from llmac.ns3opengym import messages_pb2 as pb

FRAMES = sorted({frame for one in transcripts() for frame in one.simulation + one.agent})


def discrete(n: int) -> pb.SpaceDescription:
    description = pb.SpaceDescription(type=pb.SPACE_DISCRETE)
    description.space.Pack(pb.DiscreteSpace(n=n))
    return description


def box(low: float, high: float, dtype: "pb.Dtype", shape: list[int]) -> pb.SpaceDescription:
    description = pb.SpaceDescription(type=pb.SPACE_BOX)
    description.space.Pack(pb.BoxSpace(low=low, high=high, dtype=dtype, shape=shape))
    return description


def tuple_of(*elements: pb.SpaceDescription) -> pb.SpaceDescription:
    description = pb.SpaceDescription(type=pb.SPACE_TUPLE)
    description.space.Pack(pb.TupleSpace(element=elements))
    return description


def dict_of(**elements: pb.SpaceDescription) -> pb.SpaceDescription:
    space = pb.DictSpace()
    for name, element in elements.items():
        space.element.add(name=name, type=element.type, space=element.space)
    description = pb.SpaceDescription(type=pb.SPACE_DICT)
    description.space.Pack(space)
    return description


floats = st.floats(0, 1000, width=32)
shapes = st.lists(st.integers(0, 3), min_size=1, max_size=3)
dtypes = st.sampled_from([pb.DTYPE_INT, pb.DTYPE_UINT, pb.DTYPE_FLOAT, pb.DTYPE_DOUBLE, pb.DTYPE_NONE])


@st.composite
def boxes(draw: st.DrawFn) -> pb.SpaceDescription:
    low, high = sorted((draw(floats), draw(floats)))
    return box(low, high, draw(dtypes), draw(shapes))


leaves = st.builds(discrete, st.integers(1, 2**31 - 1)) | boxes()
descriptions = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda elements: tuple_of(*elements))
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(lambda elements: dict_of(**elements))
    ),
    max_leaves=6,
)


def narrowed(value: Any) -> Any:
    """Doubles as they arrive: actions travel as FLOAT."""
    if isinstance(value, dict):
        return {name: narrowed(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(narrowed(inner) for inner in value)
    return value.astype(np.float32).astype(np.float64) if value.dtype == np.float64 else value


@given(descriptions, st.integers(0, 2**31 - 1))
def test_an_action_arrives_as_it_was(description: pb.SpaceDescription, seed: int) -> None:
    space = space_of(description)
    space.seed(seed)
    action = space.sample()
    arrived = decode(encode(action, space), space)
    assert data_equivalence(arrived, narrowed(action))


@given(st.sampled_from(FRAMES), st.data())
def test_damaged_messages_are_refused_or_read(frame: bytes, data: st.DataObject) -> None:
    damaged = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    read_everything(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(frame: bytes) -> None:
    read_everything(frame)


def read_everything(frame: bytes) -> None:
    """Take a frame for each of the messages that a simulation sends."""
    with suppress(DecodeError):
        hello = pb.SimInitMsg.FromString(frame)
        for description in (hello.obsSpace, hello.actSpace):
            with suppress(MisfitError):
                assert isinstance(space_of(description), Space)
    with suppress(DecodeError):
        state = pb.EnvStateMsg.FromString(frame)
        for space in SPACES:
            with suppress(MisfitError):
                assert space_kinds(decode(state.obsData, space)) == space_kinds(space.sample())


SPACES = [
    space_of(pb.SimInitMsg.FromString(one.simulation[0]).obsSpace)
    for one in transcripts()
    if one.name.endswith("game over")
]


def space_kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: space_kinds(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [space_kinds(inner) for inner in value]
    return value.dtype, value.shape


@pytest.mark.parametrize(
    ("description", "space"),
    [
        (discrete(7), spaces.Discrete(7)),
        (box(-5, 9, pb.DTYPE_INT, [2, 3]), spaces.Box(-5, 9, (2, 3), np.int32)),
        (box(0, 1e12, pb.DTYPE_UINT, [4]), spaces.Box(0, 2**32 - 1, (4,), np.uint32)),
        (box(-1.5, 2.5, pb.DTYPE_NONE, [1]), spaces.Box(-1.5, 2.5, (1,), np.float32)),
        (box(-1.5, 2.5, pb.DTYPE_DOUBLE, []), spaces.Box(-1.5, 2.5, (), np.float64)),
        # Bounds given value by value are not sent.
        (box(0, 0, pb.DTYPE_FLOAT, [2]), spaces.Box(-np.inf, np.inf, (2,), np.float32)),
        (box(0, 0, pb.DTYPE_INT, [2]), spaces.Box(-(2**31), 2**31 - 1, (2,), np.int32)),
        (tuple_of(discrete(2), tuple_of()), spaces.Tuple([spaces.Discrete(2), spaces.Tuple([])])),
        (dict_of(b=discrete(2), a=discrete(3)), spaces.Dict({"a": spaces.Discrete(3), "b": spaces.Discrete(2)})),
    ],
)
def test_spaces(description: pb.SpaceDescription, space: Space[Any]) -> None:
    assert space_of(description) == space


def nested(depth: int) -> pb.SpaceDescription:
    return tuple_of(nested(depth - 1)) if depth else discrete(2)


def mislabelled() -> pb.SpaceDescription:
    description = discrete(2)
    description.type = pb.SPACE_BOX
    return description


def same_names() -> pb.SpaceDescription:
    description = pb.SpaceDescription(type=pb.SPACE_DICT)
    description.space.Pack(pb.DictSpace(element=[discrete(2), discrete(3)]))
    return description


@pytest.mark.parametrize(
    ("description", "cause"),
    [
        (pb.SpaceDescription(), "space type 0 is none of"),
        (pb.SpaceDescription(type=pb.SPACE_BOX), "it carries nothing instead of ns3opengym.BoxSpace"),
        (mislabelled(), "it carries ns3opengym.DiscreteSpace instead of ns3opengym.BoxSpace"),
        (discrete(0), "a discrete space of 0 values is none"),
        (box(2, 1, pb.DTYPE_FLOAT, [1]), "a box from 2.0 to 1.0 is empty"),
        (box(float("nan"), 1, pb.DTYPE_FLOAT, [1]), "a box from nan to 1.0 is empty"),
        (box(0, 1, pb.DTYPE_FLOAT, [2**20, 2**20]), "has more than 16777216 values"),
        (nested(MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        (same_names(), "two spaces of a dictionary have the same name"),
    ],
)
def test_descriptions_that_are_none(description: pb.SpaceDescription, cause: str) -> None:
    with pytest.raises(MisfitError, match=cause):
        space_of(description)


def sent(dtype: "pb.Dtype", shape: list[int], **values: list[Any]) -> pb.DataContainer:
    container = pb.DataContainer(type=pb.SPACE_BOX)
    container.data.Pack(pb.BoxDataContainer(dtype=dtype, shape=shape, **values))
    return container


@pytest.mark.parametrize("shape", [[2, 2], [4], []])
def test_boxes_are_reshaped(shape: list[int]) -> None:
    space = spaces.Box(0, 9, (2, 2), np.uint32)
    values = decode(sent(pb.DTYPE_UINT, shape, uintData=[1, 2, 3, 99]), space)
    np.testing.assert_array_equal(values, np.array([[1, 2], [3, 99]]))  # bounds are the simulation's own affair
    assert values.dtype == np.uint32


@pytest.mark.parametrize(
    ("container", "cause"),
    [
        (sent(pb.DTYPE_UINT, [4, 1], uintData=[1, 2, 3, 4]), r"of shape \(4, 1\) with 4 values"),
        (sent(pb.DTYPE_UINT, [2, 2], uintData=[1, 2, 3]), "with 3 values"),
        (sent(pb.DTYPE_UINT, [2, 2], intData=[1, 2, 3, 4]), "with 0 values"),
        (sent(pb.DTYPE_INT, [2, 2], intData=[1, 2, 3, -4]), "int32 values were sent that the declared uint32"),
        (sent(pb.DTYPE_FLOAT, [2, 2], floatData=[1, 2, 3, 0.5]), "float32 values were sent that the declared uint32"),
        (sent(pb.DTYPE_FLOAT, [2, 2], floatData=[1, 2, 3, np.nan]), "float32 values were sent"),
    ],
)
def test_boxes_that_do_not_fit(container: pb.DataContainer, cause: str) -> None:
    with pytest.raises(MisfitError, match=cause):
        decode(container, spaces.Box(0, 9, (2, 2), np.uint32))


INTEGERS = spaces.Box(-5, 9, (2,), np.int32)
FLOATS = spaces.Box(0.1, 1, (2,), np.float64)


@pytest.mark.parametrize(
    ("action", "space"),
    [
        (np.int64(1), spaces.Discrete(2)),
        ([-5, 9], INTEGERS),
        ((0.1, 1), FLOATS),
        ([1, 1], FLOATS),
        (0.5, spaces.Box(0, 1, ())),
    ],
)
def test_actions_may_be_of_any_type_that_fits(action: Any, space: Space[Any]) -> None:
    arrived = decode(encode(action, space), space)
    np.testing.assert_allclose(arrived, action, rtol=1e-7)


@pytest.mark.parametrize(
    ("action", "space", "cause"),
    [
        (2, spaces.Discrete(2), "give an integer from 0 to 1"),
        (0.0, spaces.Discrete(2), "give an integer from 0 to 1"),
        ([1], INTEGERS, r"give integers of shape \(2,\)"),
        ([1.0, 2.0], INTEGERS, r"give integers of shape \(2,\)"),
        ([[1], [2, 3]], INTEGERS, r"give integers of shape \(2,\)"),
        ([1, 10], INTEGERS, "it leaves the bounds"),
        (["a", "b"], FLOATS, r"give numbers of shape \(2,\)"),
        ([1, np.nan], FLOATS, "it leaves the bounds"),
        ((1,), spaces.Tuple([spaces.Discrete(2), spaces.Discrete(2)]), "give a tuple of 2"),
        (1, spaces.Tuple([spaces.Discrete(2)]), "give a tuple of 1"),
        ({"a": 1}, spaces.Dict({"a": spaces.Discrete(2), "b": INTEGERS}), r"give a dict of \['a', 'b'\]"),
        ({"a": 2}, spaces.Dict({"a": spaces.Discrete(2)}), "give an integer from 0 to 1"),
    ],
)
def test_actions_outside_their_space(action: Any, space: Space[Any], cause: str) -> None:
    with pytest.raises(ActionError, match=cause):
        encode(action, space)
