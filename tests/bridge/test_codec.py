# SPDX-License-Identifier: MIT
"""Columns and messages: what is written is read back; what cannot be is refused before it is used."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from llmac.bridge.envs.batch import lay_out
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.scenario import load
from llmac.bridge.wire import codec
from llmac.bridge.wire.column import ContentError, read, write
from llmac.v1 import wire_pb2

SCALARS = [np.uint8, np.uint16, np.uint32, np.int32, np.uint64, np.float32, np.float64]
arrays = st.sampled_from(SCALARS).flatmap(lambda scalar: hnp.arrays(scalar, st.integers(0, 50)))


@given(arrays)
def test_a_column_round_trips_bit_by_bit(values: np.ndarray) -> None:
    column = wire_pb2.Column.FromString(write(values, values.dtype.type).SerializeToString())
    assert column.length == values.size
    back = read(column, values.dtype.type, values.size, "x")
    assert back.dtype == values.dtype
    assert back.tobytes() == values.tobytes()
    assert not back.flags.writeable


def test_columns_are_little_endian() -> None:
    assert write(np.array([1, 258], ">u2"), np.uint16).data == b"\x01\x00\x02\x01"


@given(arrays, st.data())
def test_a_column_of_another_type_length_or_size_is_refused(values: np.ndarray, data: st.DataObject) -> None:
    column = write(values, values.dtype.type)
    match data.draw(st.sampled_from(["dtype", "length", "data"])):
        case "dtype":
            other = data.draw(st.sampled_from([scalar for scalar in SCALARS if scalar is not values.dtype.type]))
            column.dtype = write(np.zeros(0), other).dtype
        case "length":
            column.length = data.draw(st.integers(0, 2**32 - 1).filter(lambda n: n != values.size))
        case _:
            column.data = data.draw(st.binary(max_size=500).filter(lambda b: len(b) != len(column.data)))
    with pytest.raises(ContentError, match=r"^x has "):
        read(column, values.dtype.type, values.size, "x")


# ---- observations: two environments of `paper` at TTI 3 of 12, the first of which has 4 UEs and the second 2

LIMITS = lay_out([load("paper", {"ttis": 12})] * 2, 1, None, privileged=True, bound=False).limits


def leader_message() -> wire_pb2.LeaderObservation:
    u8, u16, u32, i32 = np.uint8, np.uint16, np.uint32, np.int32
    zeros = np.zeros
    return wire_pb2.LeaderObservation(
        tti=3,
        ue_count=write(np.array([4, 2]), u32),
        ue_id=write(np.array([0, 1, 2, 3, 1, 2]), u32),
        rbg_outcome=write(np.array([-1, -2, 3, 0]), i32),
        rbg_duplicate=write(zeros(4), u8),
        ucm=write(np.array([0, 1, 2, 7, 0, 0]), u16),
        mean_snr_db=write(np.full(6, np.nan), np.float32),
        leader_utility=write(np.array([1.5, -3]), np.float64),
        follower_utility=write(zeros(8), np.float64),
        ue_outcome=write(np.arange(8), u8),
        counters=write(np.arange(34), i32),
        privileged=wire_pb2.Privileged(
            buffer=write(zeros(6), u16),
            undelivered=write(zeros(6), u16),
            head_delivered=write(zeros(6), u8),
            head_age=write(zeros(6), u16),
            would_decode=write(zeros(12), u8),
        ),
    )


def follower_message() -> wire_pb2.FollowerObservation:
    codes = write(np.array([0, 1, 2, 3, 4, 5]), np.uint16)
    return wire_pb2.FollowerObservation(
        tti=3, buffer=codes, last_action=codes, last_ucm=codes, dcm=codes, ucm_opportunity=write(np.ones(6), np.uint8)
    )


def test_a_leader_observation_is_read() -> None:
    observation = codec.leader_observation(leader_message(), LIMITS, 3, 8)
    assert observation.ue_count.tolist() == [4, 2]
    assert observation.counters.shape == (2, 17)
    assert observation.counters[1, 0] == 17
    assert observation.leader_utility.tolist() == [1.5, -3]
    assert observation.privileged is not None
    assert observation.end is None


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("ue_count", [4, 3], "ue_id has 6 values instead of 7"),
        ("ue_id", [0, 1, 2, 4, 1, 2], "ue_id has a 4, and less than 4 is allowed"),
        ("ue_id", [0, 1, 1, 3, 1, 2], "ue_id does not ascend"),
        ("ue_id", [0, 1, 2, 3, 2, 1], "ue_id does not ascend"),
        ("rbg_outcome", [-3, 0, 0, 0], "rbg_outcome has a -3"),
        ("rbg_outcome", [0, 0, 4, 0], "rbg_outcome has a 4, and less than 4 is allowed"),
        ("ucm", [8, 0, 0, 0, 0, 0], "ucm has a 8, and less than 8 is allowed"),
        ("ue_outcome", [0, 0, 0, 0, 0, 0, 0, 8], "ue_outcome has a 8"),
        ("counters", [0] * 33, "counters has 33 values instead of 34"),
        ("leader_utility", [0.0], "leader_utility has 1 values instead of 2"),
    ],
)
def test_a_leader_observation_that_cannot_be_is_refused(column: str, values: list[Any], words: str) -> None:
    message = leader_message()
    old = getattr(message, column)
    scalar = next(s for s in SCALARS if write(np.zeros(0), s).dtype == old.dtype)
    old.CopyFrom(write(np.array(values), scalar))
    with pytest.raises(ContentError, match=words):
        codec.leader_observation(message, LIMITS, 3, 8)


def test_the_place_in_the_episode_has_to_fit() -> None:
    message = leader_message()
    with pytest.raises(ContentError, match="about TTI 3 instead of TTI 4"):
        codec.leader_observation(message, LIMITS, 4, 8)
    with pytest.raises(ContentError, match="about TTI 3 instead of TTI 2"):
        codec.follower_observation(follower_message(), LIMITS, codec.leader_observation(at(2), LIMITS, 2, 8))
    message.done = True
    with pytest.raises(ContentError, match="the end of the episode and TTI 3 of 12"):
        codec.leader_observation(message, LIMITS, 3, 8)
    message.done = False
    message.start.dpdu_bits.CopyFrom(write(np.ones(2), np.uint32))
    with pytest.raises(ContentError, match="the start of an episode and TTI 3"):
        codec.leader_observation(message, LIMITS, 3, 8)
    message.ClearField("start")
    message.ClearField("privileged")
    with pytest.raises(ContentError, match="privileged columns are missing"):
        codec.leader_observation(message, LIMITS, 3, 8)


def at(tti: int) -> wire_pb2.LeaderObservation:
    message = leader_message()
    message.tti = tti
    return message


@pytest.mark.parametrize("column", ["last_action", "last_ucm", "dcm"])
def test_a_code_out_of_range_is_refused(column: str) -> None:
    message = follower_message()
    leader = codec.leader_observation(leader_message(), LIMITS, 3, 8)
    assert codec.follower_observation(message, LIMITS, leader).dcm.tolist() == [0, 1, 2, 3, 4, 5]
    getattr(message, column).CopyFrom(write(np.array([0, 0, 0, 0, 0, 32]), np.uint16))
    with pytest.raises(ContentError, match=f"{column} has a 32, and less than (32|8|6) is allowed"):
        codec.follower_observation(message, LIMITS, leader)


def test_limits_are_those_of_the_environment() -> None:
    small_and_large = codec.PerEnvironment([2, 5])
    codec.check_below(np.array([1, 4, 4]), small_and_large, np.array([1, 2]), "x")
    with pytest.raises(ContentError, match="x has a 4, and less than 2"):
        codec.check_below(np.array([4, 4, 1]), small_and_large, np.array([2, 1]), "x")


@given(st.lists(st.lists(st.integers(0, 6), max_size=5), min_size=1, max_size=5))
def test_ascending_is_judged_within_each_environment(ids: list[list[int]]) -> None:
    flat = np.array([i for part in ids for i in part], np.uint32)
    counts = np.array([len(part) for part in ids], np.uint32)
    assert codec.ascending(flat, counts) == all(part == sorted(set(part)) for part in ids)


@given(hnp.arrays(np.uint16, st.integers(0, 20)), st.integers(0, 2**32 - 1))
def test_actions_round_trip(codes: np.ndarray, tti: int) -> None:
    message = codec.follower_action(tti, FollowerAction(codes)).follower_action
    assert message.tti == tti
    assert read(message.action, np.uint16, codes.size, "action").tolist() == codes.tolist()
    counts = np.array([codes.size], np.uint32)
    action = LeaderAction(counts, np.arange(codes.size, dtype=np.uint32), codes)
    sent = codec.leader_action(tti, action).leader_action
    assert read(sent.dcm_count, np.uint32, 1, "dcm_count").tolist() == [codes.size]
    assert read(sent.dcm_ue, np.uint32, codes.size, "dcm_ue").tolist() == list(range(codes.size))
    assert read(sent.dcm_code, np.uint16, codes.size, "dcm_code").tolist() == codes.tolist()
