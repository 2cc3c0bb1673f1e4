# SPDX-License-Identifier: MIT
"""Frames: what is encoded comes back, and nothing damaged does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmac.bridge.wire import frame
from llmac.bridge.wire.frame import DamagedFrameError, ForeignVersionError, Frame

numbers = st.integers(0, 2**64 - 1)
frames = st.builds(frame.encode, numbers, numbers, st.binary(max_size=300))


@given(numbers, numbers, st.binary(max_size=2000))
def test_round_trip(session: int, sequence: int, payload: bytes) -> None:
    assert frame.decode(frame.encode(session, sequence, payload)) == Frame(session, sequence, payload)


def test_layout_is_that_of_the_specification() -> None:
    # By hand from the table in docs/wire.md; the CRC-32C bit by bit.
    whole = frame.encode(0x0102030405060708, 0x1112131415161718, b"abc")
    assert whole[:28].hex() == "4c4d4143010000000807060504030201181716151413121103000000"
    assert whole[32:] == b"abc"
    assert whole[28:32] == _crc32c(whole[:28] + b"abc").to_bytes(4, "little")


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@given(frames, st.data())
def test_any_flipped_bit_is_found(whole: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DamagedFrameError):
        frame.decode(bytes(damaged))


@given(frames, st.data())
def test_any_truncation_is_found(whole: bytes, data: st.DataObject) -> None:
    with pytest.raises(DamagedFrameError):
        frame.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(frames, st.binary(min_size=1, max_size=50))
def test_anything_behind_a_frame_is_found(whole: bytes, more: bytes) -> None:
    with pytest.raises(DamagedFrameError):
        frame.decode(whole + more)


@given(st.binary(max_size=200))
def test_noise_is_no_frame(noise: bytes) -> None:
    with pytest.raises(DamagedFrameError):
        frame.decode(noise)


def test_another_version_is_named() -> None:
    whole = bytearray(frame.encode(1, 0, b""))
    whole[4] = 9
    with pytest.raises(ForeignVersionError, match="version 9 and this llmac speaks version 1") as caught:
        frame.decode(bytes(whole))
    assert caught.value.version == 9


def test_the_limit_holds_in_both_directions() -> None:
    too_much = bytes(frame.MAX_FRAME_BYTES)
    with pytest.raises(DamagedFrameError, match="longer than the limit"):
        frame.encode(1, 1, too_much)
    with pytest.raises(DamagedFrameError, match="longer than the limit"):
        frame.decode(too_much + b"x")
