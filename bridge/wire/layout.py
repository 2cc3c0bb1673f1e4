# SPDX-License-Identifier: MIT
"""Where an observation has its columns.

What protobuf made of the first one holds for the others: when every byte besides `tti` and the values of columns is the
same, the values are taken from where they were.
"""

from collections.abc import Mapping
from operator import attrgetter, itemgetter
from typing import Any, Literal

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from llmac.bridge.wire.column import ContentError, read
from llmac.bridge.wire.message import NO_MESSAGE, parse
from llmac.bridge.wire.template import Template, places, varint
from llmac.v1 import wire_pb2

Body = Literal["leader_observation", "follower_observation"]
_MOST = 256
"""Layouts that are kept; an environment whose UEs come and go meets the same ones again and again."""


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
        lengths: number of values of each column, by path, in the order of `scalars`.
        sound_for: for its reader, to note what the lengths were found right for.
    """

    __slots__ = ("_dtype", "_in_memory", "_template", "_tti", "done", "lengths", "parts", "sound_for", "tti")

    def __init__(self, payload: bytes, body: Body, scalars: Mapping[str, type[np.generic]]) -> None:
        message = _read(payload, body)
        self.tti: int = message.tti
        self.done: bool = getattr(message, "done", False)
        self.sound_for: tuple[Any, ...] | None = None
        found = {
            path.removeprefix(f"{body}."): place
            for path, place in places(wire_pb2.Message.DESCRIPTOR, payload, 0, len(payload))
        }
        parts = {path.rpartition(".")[0] for path in scalars}
        self.parts = parts & found.keys()
        columns = dict[str, NDArray[np.generic]]()
        for path, scalar in scalars.items():
            if path in found:
                columns[path] = read(attrgetter(path)(message), scalar, name=path)
            elif path.rpartition(".")[0] in {"", *self.parts}:
                raise ContentError(f"{path} is missing")
        self.lengths = {path: values.size for path, values in columns.items()}
        # In memory the columns are ordered by the size of their values, so that all are aligned.
        in_memory = sorted(columns, key=lambda path: -columns[path].itemsize)
        offsets = dict[str, int]()
        end = 0
        for path in in_memory:
            offsets[path], end = end, end + columns[path].nbytes
        self._dtype = np.dtype(
            {
                "names": list(columns),
                "formats": [(values.dtype, values.shape) for values in columns.values()],
                "offsets": [offsets[path] for path in columns],
                "itemsize": end,
            }
        )
        tti = found.get("tti", slice(0, 0))
        filled = [path for path in in_memory if f"{path}.data" in found]
        changes = sorted([tti, *(found[f"{path}.data"] for path in filled)], key=lambda place: place.start)
        self._template = Template(payload, changes)
        self._tti = changes.index(tti)
        order = [changes.index(found[f"{path}.data"]) for path in filled]
        # The two at the end are nothing to read; with them there are always two or more, and what is taken is a tuple.
        self._in_memory = itemgetter(*order, self._tti, self._tti)

    def read(self, payload: bytes, tti: int) -> tuple[NDArray[Any], ...] | None:
        """Read the columns of a payload of the same length, in the order of `lengths`, into memory of their own.

        Returns:
            None when the payload is not of TTI `tti`, or has its columns at other places.
        """
        changes = self._template.take(payload)
        if changes is None or changes[self._tti] != varint(tti):
            return None
        return np.ndarray((), self._dtype, b"".join(self._in_memory(changes))).item()


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

    def read(self, payload: bytes, tti: int) -> tuple[Layout, tuple[NDArray[Any], ...]]:
        """The layout of a payload, and its columns.

        Raises:
            ContentError: as in `Layout`, or the payload is not about TTI `tti`.
        """
        layout = self._by_length.get(len(payload))
        columns = None if layout is None else layout.read(payload, tti)
        if layout is not None and columns is not None:
            return layout, columns
        layout = Layout(payload, self._body, self._scalars)
        columns = layout.read(payload, tti)
        if columns is None:
            raise ContentError(f"it is about TTI {layout.tti} instead of TTI {tti}")
        if len(self._by_length) >= _MOST:
            self._by_length.clear()
        self._by_length[len(payload)] = layout
        return layout, columns


def _read(payload: bytes, body: Body) -> Any:
    try:
        message = parse(payload)
    except DecodeError as error:
        raise ContentError(NO_MESSAGE) from error
    if message.WhichOneof("body") != body:
        raise ContentError(f"it is {message.WhichOneof('body')} instead of {body}")
    return getattr(message, body)
