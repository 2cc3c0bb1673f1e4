# SPDX-License-Identifier: MIT
"""Columns and messages: what is written is read back; what cannot be is refused before it is used."""

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from llmac.bridge.envs.batch import lay_out
from llmac.bridge.scenario import load
from llmac.bridge.wire import layout, requests
from llmac.bridge.wire.column import ContentError, read, write
from llmac.bridge.wire.limits import PerEnvironment, ascending, check_below
from llmac.bridge.wire.message import parse
from llmac.bridge.wire.replies import ObservationReader
from llmac.v1 import wire_pb2

SCALARS = [np.uint8, np.uint16, np.uint32, np.int32, np.uint64, np.float32, np.float64]
arrays = st.sampled_from(SCALARS).flatmap(lambda scalar: hnp.arrays(scalar, st.integers(0, 50)))


@given(arrays)
def test_a_column_round_trips_bit_by_bit(values: np.ndarray) -> None:
    column = wire_pb2.Column.FromString(write(values, values.dtype.type).SerializeToString())
    assert column.length == values.size
    back = read(column, values.dtype.type, "x")
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
        read(column, values.dtype.type, "x")


# ---- observations: two environments of `paper` at TTI 3 of 12; the first has 4 UEs and the second 2, after 4 and 4

LIMITS = lay_out([load("paper", {"ttis": 12})] * 2, 1, None, privileged=True, bound=False).limits


def leader_message(
    tti: int = 3, acted: int = 8, ues: tuple[int, ...] = (0, 1, 2, 3, 1, 2)
) -> wire_pb2.LeaderObservation:
    u8, u16, u32, i32 = np.uint8, np.uint16, np.uint32, np.int32
    zeros, n = np.zeros, len(ues)
    message = wire_pb2.LeaderObservation(
        tti=tti,
        ue_count=write(np.array([4, n - 4]), u32),
        ue_id=write(np.array(ues), u32),
        rbg_outcome=write(np.array([-1, -2, 3, 0]), i32),
        rbg_duplicate=write(zeros(4), u8),
        ucm=write(np.array([0, 1, 2, 7, 0, 0, 0, 0][:n]), u16),
        mean_snr_db=write(np.full(n, np.nan), np.float32),
        leader_utility=write(np.array([1.5, -3]), np.float64),
        follower_utility=write(zeros(acted), np.float64),
        ue_outcome=write(np.arange(acted), u8),
        counters=write(np.arange(34), i32),
        privileged=wire_pb2.Privileged(
            buffer=write(zeros(n), u16),
            undelivered=write(zeros(n), u16),
            head_delivered=write(zeros(n), u8),
            head_age=write(zeros(n), u16),
            would_decode=write(zeros(2 * n), u8),
        ),
    )
    if tti == 0:
        message.start.dpdu_bits.CopyFrom(write(np.ones(2), u32))
    return message


def follower_message(tti: int = 3) -> wire_pb2.FollowerObservation:
    codes = write(np.array([0, 1, 2, 3, 4, 5]), np.uint16)
    return wire_pb2.FollowerObservation(
        tti=tti, buffer=codes, last_action=codes, last_ucm=codes, dcm=codes, ucm_opportunity=write(np.ones(6), np.uint8)
    )


def leader_payload(message: wire_pb2.LeaderObservation) -> bytes:
    return wire_pb2.Message(leader_observation=message).SerializeToString()


def follower_payload(message: wire_pb2.FollowerObservation) -> bytes:
    return wire_pb2.Message(follower_observation=message).SerializeToString()


def reader_at_start() -> ObservationReader:
    """Has read TTI 0, with UEs 0 to 3 in both environments."""
    reader = ObservationReader(LIMITS)
    reader.leader(leader_payload(leader_message(0, 0, (0, 1, 2, 3) * 2)), 0)
    return reader


def reader_with_layout() -> ObservationReader:
    """Has read observations of this size, too, so that it looks for the columns of the next ones where they were."""
    reader = reader_at_start()
    reader.leader(leader_payload(leader_message()), 3)
    reader.follower(follower_payload(follower_message()), 3)
    reader.leader(leader_payload(leader_message(4, 6)), 4)
    return reader


def test_a_leader_observation_is_read() -> None:
    observation = reader_at_start().leader(leader_payload(leader_message()), 3)
    assert observation.ue_count.tolist() == [4, 2]
    assert observation.ue_id.tolist() == [0, 1, 2, 3, 1, 2]
    assert observation.counters.shape == (2, 17)
    assert observation.counters[1, 0] == 17
    assert observation.leader_utility.tolist() == [1.5, -3]
    assert observation.privileged is not None
    assert observation.end is None


def test_columns_are_aligned_and_read_only() -> None:
    observation = reader_with_layout().leader(leader_payload(leader_message(5, 6)), 5)
    arrays = [column for column in observation if isinstance(column, np.ndarray)]
    assert len(arrays) == 10
    assert all(array.flags.aligned and not array.flags.writeable for array in arrays)


def test_a_payload_of_a_known_layout_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_with_layout()
    monkeypatch.setattr(layout, "parse", None)
    message = leader_message(128, 6)
    message.ucm.CopyFrom(write(np.arange(6), np.uint16))
    with pytest.raises(TypeError):  # its `tti` is longer
        reader.leader(leader_payload(message), 128)
    message.tti = 11
    assert reader.leader(leader_payload(message), 11).ucm.tolist() == [0, 1, 2, 3, 4, 5]
    assert reader.follower(follower_payload(follower_message(11)), 11).dcm.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("known", [False, True], ids=["first", "known layout"])
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
        ("ue_outcome", [0, 0, 0, 0, 0, 8], "ue_outcome has a 8"),
        ("ue_outcome", [0, 0, 0, 0, 0], "ue_outcome has 5 values instead of 6"),
        ("counters", [0] * 33, "counters has 33 values instead of 34"),
        ("leader_utility", [0.0], "leader_utility has 1 values instead of 2"),
        ("privileged.would_decode", [0] * 11, "would_decode has 11 values instead of 12"),
    ],
)
def test_a_leader_observation_that_cannot_be_is_refused(
    column: str, values: list[Any], words: str, known: bool
) -> None:
    reader = reader_at_start()
    reader.leader(leader_payload(leader_message()), 3)
    if known:
        reader.leader(leader_payload(leader_message(4, 6)), 4)
    message = leader_message(5, 6)
    old = attrgetter(column)(message)
    scalar = next(s for s in SCALARS if write(np.zeros(0), s).dtype == old.dtype)
    old.CopyFrom(write(np.array(values), scalar))
    with pytest.raises(ContentError, match=words):
        reader.leader(leader_payload(message), 5)


@pytest.mark.parametrize("column", ["ue_count", "ucm", "counters", "privileged", "privileged.buffer"])
def test_a_column_that_is_missing_is_named(column: str) -> None:
    message = leader_message()
    part, _, name = column.rpartition(".")
    (attrgetter(part)(message) if part else message).ClearField(name)
    with pytest.raises(ContentError, match=f"{column} (is|columns are) missing"):
        reader_at_start().leader(leader_payload(message), 3)


@pytest.mark.parametrize("known", [False, True], ids=["first", "known layout"])
def test_the_place_in_the_episode_has_to_fit(known: bool) -> None:
    def reader() -> ObservationReader:
        return reader_with_layout() if known else reader_at_start()

    acted = 6 if known else 8
    message = leader_message(5, acted)
    with pytest.raises(ContentError, match="about TTI 5 instead of TTI 4"):
        reader().leader(leader_payload(message), 4)
    with pytest.raises(ContentError, match="about TTI 3 instead of TTI 4"):
        reader().follower(follower_payload(follower_message()), 4)
    with pytest.raises(ContentError, match="it is follower_observation instead of leader_observation"):
        reader().leader(follower_payload(follower_message()), 3)
    message.done = True
    with pytest.raises(ContentError, match="the end of the episode and TTI 5 of 12"):
        reader().leader(leader_payload(message), 5)
    message.done = False
    message.start.dpdu_bits.CopyFrom(write(np.ones(2), np.uint32))
    with pytest.raises(ContentError, match="the start of an episode and TTI 5"):
        reader().leader(leader_payload(message), 5)
    message.ClearField("start")
    message.ClearField("privileged")
    with pytest.raises(ContentError, match="privileged columns are missing"):
        reader().leader(leader_payload(message), 5)


@pytest.mark.parametrize("known", [False, True], ids=["first", "known layout"])
@pytest.mark.parametrize("column", ["last_action", "last_ucm", "dcm"])
def test_a_code_out_of_range_is_refused(column: str, known: bool) -> None:
    reader = reader_with_layout()
    if not known:
        reader = reader_at_start()
        reader.leader(leader_payload(leader_message()), 3)
    message = follower_message(4)
    assert reader.follower(follower_payload(message), 4).dcm.tolist() == [0, 1, 2, 3, 4, 5]
    getattr(message, column).CopyFrom(write(np.array([0, 0, 0, 0, 0, 32]), np.uint16))
    with pytest.raises(ContentError, match=f"{column} has a 32, and less than (32|8|6) is allowed"):
        reader.follower(follower_payload(message), 4)


def test_limits_are_those_of_the_environment() -> None:
    small_and_large = PerEnvironment([2, 5])
    check_below(np.array([1, 4, 4]), small_and_large, np.array([1, 2]), "x")
    with pytest.raises(ContentError, match="x has a 4, and less than 2"):
        check_below(np.array([4, 4, 1]), small_and_large, np.array([2, 1]), "x")


@given(st.lists(st.lists(st.integers(0, 6), max_size=5), min_size=1, max_size=5))
def test_ascending_is_judged_within_each_environment(ids: list[list[int]]) -> None:
    flat = np.array([i for part in ids for i in part], np.uint32)
    counts = np.array([len(part) for part in ids], np.uint32)
    assert ascending(flat, counts) == all(part == sorted(set(part)) for part in ids)


@given(hnp.arrays(np.uint16, st.integers(0, 20)), st.integers(0, 2**32 - 1))
def test_actions_round_trip(codes: np.ndarray, tti: int) -> None:
    payload = requests.follow(tti, codes)
    assert payload == parse(payload).SerializeToString()
    sent = parse(payload).follower_action
    assert sent.tti == tti
    assert read(sent.action, np.uint16, "action").tolist() == codes.tolist()
    payload = requests.lead(tti, np.array([codes.size]), np.arange(codes.size), codes)
    assert payload == parse(payload).SerializeToString()
    sent = parse(payload).leader_action
    assert sent.tti == tti
    assert read(sent.dcm_count, np.uint32, "dcm_count").tolist() == [codes.size]
    assert read(sent.dcm_ue, np.uint32, "dcm_ue").tolist() == list(range(codes.size))
    assert read(sent.dcm_code, np.uint16, "dcm_code").tolist() == codes.tolist()
