# SPDX-License-Identifier: MIT
"""Payloads that differ from each other in a few places only."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from struct import Struct
from typing import Any

_LENGTH_DELIMITED = 2
"""Protobuf's wire type of messages and bytes."""


class Template:
    """What stays of a payload, and the places of what changes.

    Args:
        payload: one of them.
        places: of what changes, ascending; an empty one is nowhere, and nothing is ever there.
    """

    __slots__ = ("_split", "_stays")

    def __init__(self, payload: bytes, places: Iterable[slice]) -> None:
        lengths, end = list[int](), 0
        for place in places:
            empty = place.start == place.stop
            lengths += [0 if empty else place.start - end, place.stop - place.start]
            end = end if empty else place.stop
        lengths.append(len(payload) - end)
        self._split = Struct("".join(f"{length}s" for length in lengths)).unpack
        self._stays = self._split(payload)[::2]

    def take(self, payload: bytes) -> tuple[bytes, ...] | None:
        """What is at the places of a payload of the same length; None when it is another one elsewhere."""
        pieces = self._split(payload)
        return pieces[1::2] if pieces[::2] == self._stays else None


def places(message: Any, payload: bytes, at: int, end: int, path: str = "") -> Iterator[tuple[str, slice]]:
    """Paths and places of the values of all fields in a sound payload of `message`, a descriptor.

    Its fields are numbers written as varints, or they have a length.
    """
    while at < end:
        tag, at = _read_varint(payload, at)
        field = message.fields_by_number[tag >> 3]
        begin = at
        value, at = _read_varint(payload, at)
        if tag & 7 == _LENGTH_DELIMITED:
            begin, at = at, at + value
        yield f"{path}{field.name}", slice(begin, at)
        if field.message_type is not None:
            yield from places(field.message_type, payload, begin, at, f"{path}{field.name}.")


def _read_varint(payload: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while True:
        byte = payload[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 (no other byte follows)
            return value, at


@lru_cache(maxsize=64)  # a number is asked for by every payload of its TTI, a length by those of its size
def varint(value: int) -> bytes:
    """A number as protobuf writes it; 0, the default, it does not write."""
    if value == 0:
        return b""
    groups = bytearray()
    while value > 127:  # noqa: PLR2004 (what seven bits hold)
        groups.append(value & 127 | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)
