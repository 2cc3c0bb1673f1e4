# SPDX-License-Identifier: MIT
"""Where a payload has its columns.

From one TTI to the next the payloads of observations differ in `tti` and in the values of columns, and in nothing else
as long as the same number of UEs is connected. What protobuf made of the first one therefore holds for the others: when
every byte besides is the same, the values are taken from where they were.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any, Literal

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from llmac.bridge.wire.column import ContentError, read
from llmac.bridge.wire.message import NO_MESSAGE, parse
from llmac.v1 import wire_pb2

Body = Literal["leader_observation", "follower_observation"]
_MOST = 256
"""Layouts that are kept; an environment whose UEs come and go meets the same ones again and again."""
_LENGTH_DELIMITED = 2
"""Protobuf's wire type of messages and bytes."""


class Layout:
    """Where the columns of an observation are, and what it has besides.

    Args:
        payload: of a frame.
        body: the message that it has to be.
        scalars: type of the values of each column that there may be, by its path, for instance "privileged.buffer".

    Raises:
        ContentError: it is no such message, or a column is not what it has to be.

    Attributes:
        tti: of this payload.
        done: whether the episode is over.
        parts: paths of the messages in it that are no columns.
        lengths: number of values of each column, by path.
        sound_for: for its reader, to note what the lengths were found right for.
    """

    __slots__ = (
        "_dtype",
        "_rest",
        "_take_columns",
        "_take_rest",
        "_tti",
        "done",
        "lengths",
        "parts",
        "sound_for",
        "tti",
    )

    def __init__(self, payload: bytes, body: Body, scalars: Mapping[str, type[np.generic]]) -> None:
        message = _read(payload, body)
        self.tti: int = message.tti
        self.done: bool = getattr(message, "done", False)
        self.parts = set[str]()
        self.lengths = dict[str, int]()
        self.sound_for: tuple[Any, ...] | None = None
        self._tti = slice(0, 0)
        parts = {path.rpartition(".")[0] for path in scalars}
        columns, data = list[tuple[str, np.dtype[np.generic], tuple[int, ...]]](), dict[str, slice]()
        for path, place in _places(wire_pb2.Message.DESCRIPTOR, payload, 0, len(payload)):
            inner = path.removeprefix(f"{body}.")
            if inner in scalars:
                values = read(attrgetter(inner)(message), scalars[inner], name=inner)
                self.lengths[inner] = values.size
                columns.append((inner, values.dtype, values.shape))
            elif inner in parts:
                self.parts.add(inner)
            elif inner.endswith(".data"):
                data[inner.removesuffix(".data")] = place
            elif inner == "tti":
                self._tti = place
        for path in scalars:
            if path.rpartition(".")[0] in {"", *self.parts} and path not in self.lengths:
                raise ContentError(f"{path} is missing")
        columns.sort(key=lambda column: -column[1].itemsize)  # so that all are aligned in memory
        self._dtype = np.dtype(columns)
        taken = [data[path] for path, *_ in columns if path in data]
        cut = sorted([self._tti, *taken], key=lambda place: place.start)
        begins, ends = [0, *(place.stop for place in cut)], [*(place.start for place in cut), len(payload)]
        nothing = slice(0, 0)  # so that there are two or more to take, and what is taken a tuple
        self._take_columns = itemgetter(nothing, nothing, *taken)
        self._take_rest = itemgetter(*map(slice, begins, ends))
        self._rest = self._take_rest(payload)

    def fits(self, payload: bytes, tti: int) -> bool:
        """Whether a payload of the same length is of TTI `tti` and has its columns at the same places."""
        return self._take_rest(payload) == self._rest and payload[self._tti] == _varint(tti)

    def read(self, payload: bytes) -> NDArray[np.void]:
        """Read all columns of a payload that fits, as one structured array without dimensions, in memory of its own."""
        return np.ndarray((), self._dtype, b"".join(self._take_columns(payload)))


class Layouts:
    """The layouts of the observations of one process, found by the length of the payload.

    Args:
        body: the message.
        scalars: as in `Layout`.
    """

    def __init__(self, body: Body, scalars: Mapping[str, type[np.generic]]) -> None:
        self._body: Body = body
        self._scalars = scalars
        self._by_length: dict[int, Layout] = {}

    def find(self, payload: bytes, tti: int) -> Layout:
        """The layout of a payload.

        Raises:
            ContentError: as in `Layout`, or the payload is not about TTI `tti`.
        """
        layout = self._by_length.get(len(payload))
        if layout is None or not layout.fits(payload, tti):
            layout = Layout(payload, self._body, self._scalars)
            if layout.tti != tti:
                raise ContentError(f"it is about TTI {layout.tti} instead of TTI {tti}")
            if len(self._by_length) >= _MOST:
                self._by_length.clear()
            self._by_length[len(payload)] = layout
        return layout


def _read(payload: bytes, body: Body) -> Any:
    try:
        message = parse(payload)
    except DecodeError as error:
        raise ContentError(NO_MESSAGE) from error
    if message.WhichOneof("body") != body:
        raise ContentError(f"it is {message.WhichOneof('body')} instead of {body}")
    return getattr(message, body)


def _places(message: Any, payload: bytes, at: int, end: int, path: str = "") -> Iterator[tuple[str, slice]]:
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
            yield from _places(field.message_type, payload, begin, at, f"{path}{field.name}.")


def _read_varint(payload: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while True:
        byte = payload[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 (no other byte follows)
            return value, at


def _varint(value: int) -> bytes:
    """A number as protobuf writes it; 0, the default, it does not write."""
    if value == 0:
        return b""
    groups = bytearray()
    while value > 127:  # noqa: PLR2004 (what seven bits hold)
        groups.append(value & 127 | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)
