# SPDX-License-Identifier: MIT
"""A frame: a header of 32 bytes and a payload, guarded by CRC-32C (the polynomial of RFC 3720)."""

import struct
from typing import Final, NamedTuple

from google_crc32c import extend, value

MAGIC: Final = b"LMAC"
PROTOCOL_VERSION: Final = 1
MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""Header and payload; both sides refuse a longer one."""

_GUARDED: Final = struct.Struct("<4sHHQQI")  # magic, version, reserved, session, sequence, length
_CRC: Final = struct.Struct("<I")
_HEADER: Final = struct.Struct("<4sHHQQII")  # both
HEADER_BYTES: Final = 32


class DamagedFrameError(ValueError):
    """These bytes are no frame of this protocol; the message is a clause that says why."""


class ForeignVersionError(DamagedFrameError):
    """A frame of another protocol version, of which only magic and version can be trusted.

    Args:
        version: the protocol version that the peer speaks.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"it speaks protocol version {version} and this llmac speaks version {PROTOCOL_VERSION}")
        self.version = version


class Frame(NamedTuple):
    """A frame that arrived whole."""

    session: int
    sequence: int
    payload: bytes


def encode(session: int, sequence: int, payload: bytes) -> bytes:
    """The frame around a payload.

    Args:
        session: number of the session, 1 to 2^64 - 1.
        sequence: number of the request, 0 in the handshake.
        payload: a serialised Message.

    Raises:
        DamagedFrameError: the frame would be longer than MAX_FRAME_BYTES.
    """
    if len(payload) > MAX_FRAME_BYTES - HEADER_BYTES:
        raise DamagedFrameError(_too_long(HEADER_BYTES + len(payload)))
    return _header(session, sequence, payload) + payload


def payload_of(frame: bytes, session: int, sequence: int) -> bytes | None:
    """The payload, if this is a sound frame of this number in this session; else `decode` tells what it is."""
    payload = frame[HEADER_BYTES:]
    if len(frame) <= MAX_FRAME_BYTES and frame.startswith(_header(session, sequence, payload)):
        return payload
    return None


def decode(frame: bytes) -> Frame:
    """The frame in these bytes, every bit of it checked.

    Raises:
        DamagedFrameError: wrong magic, length or CRC.
        ForeignVersionError: another protocol version.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise DamagedFrameError(_too_long(len(frame)))
    if len(frame) < HEADER_BYTES:
        raise DamagedFrameError(f"a frame of {len(frame)} bytes is shorter than its header of {HEADER_BYTES}")
    magic, version, reserved, session, sequence, length, crc = _HEADER.unpack_from(frame)
    if magic != MAGIC:
        raise DamagedFrameError(f"a frame begins with {magic!r} instead of {MAGIC!r}")
    if version != PROTOCOL_VERSION:
        raise ForeignVersionError(version)
    payload = frame[HEADER_BYTES:]
    if length != len(payload):
        raise DamagedFrameError(f"a frame states a payload of {length} bytes and has {len(payload)}")
    if crc != extend(value(frame[: _GUARDED.size]), payload):
        raise DamagedFrameError("the CRC of a frame is wrong")
    if reserved != 0:
        raise DamagedFrameError(f"the reserved field of a frame is {reserved} instead of 0")
    return Frame(session, sequence, payload)


def _header(session: int, sequence: int, payload: bytes) -> bytes:
    guarded = _GUARDED.pack(MAGIC, PROTOCOL_VERSION, 0, session, sequence, len(payload))
    return guarded + _CRC.pack(value(guarded + payload))  # faster than to extend, for all but the longest


def _too_long(length: int) -> str:
    return f"a frame of {length} bytes is longer than the limit of {MAX_FRAME_BYTES}"
