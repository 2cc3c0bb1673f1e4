# SPDX-License-Identifier: MIT
"""A file of the frames that crossed the wire, as they were, damaged ones included; docs/wire.md tells its layout."""

import struct
from collections.abc import Iterator
from pathlib import Path
from time import time_ns
from typing import BinaryIO, NamedTuple

from llmac.bridge.errors import LlmacError
from llmac.bridge.wire.frame import MAX_FRAME_BYTES

MAGIC = b"LMACLOG1"
MAX_BYTES = 4 * 1024**3
"""A log ends before it grows beyond this."""
_BUFFER_BYTES = 256 * 1024
_RECORD = struct.Struct("<QIIB3x")  # time, process, length of the frame, whether the cell sent it


class Record(NamedTuple):
    """A frame that crossed the wire."""

    time_ns: int
    """Since 1970."""
    process: int
    from_cell: bool
    frame: bytes


class WireLog:
    """Writes frames to a file; what the disk refuses ends the log, and not the run.

    Args:
        path: of the file; one that is there is replaced.

    Raises:
        LlmacError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stopped: str | None = None
        """Why frames are missing at the end, a clause."""
        self._bytes = len(MAGIC)
        try:
            self._file: BinaryIO | None = path.open("wb", _BUFFER_BYTES)
            self._file.write(MAGIC)
        except OSError as error:
            raise LlmacError(f"the frames cannot be logged in {path}: {error.strerror}") from error

    def add(self, process: int, frame: bytes, *, from_cell: bool) -> None:
        """Write a frame to or from a process."""
        if self._file is None:
            return
        self._bytes += _RECORD.size + len(frame)
        if self._bytes > MAX_BYTES:
            self._stop(f"it has reached its limit of {MAX_BYTES} bytes")
            return
        try:
            self._file.write(_RECORD.pack(time_ns(), process, len(frame), from_cell) + frame)
        except OSError as error:
            self._stop(str(error.strerror))

    def flush(self) -> None:
        """Write out what is buffered."""
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            self._stop(str(error.strerror))

    def close(self) -> None:
        """Write out what is buffered and close the file; may be called again."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _stop(self, reason: str) -> None:
        self.stopped = reason
        file, self._file = self._file, None
        if file is not None:
            file.raw.close()  # pyright: ignore[reportAttributeAccessIssue] (what is buffered is lost, and not tried again)


def read(path: Path) -> Iterator[Record]:
    """The records of a log, in order.

    Raises:
        LlmacError: it cannot be read, is no log, or ends within a record.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise LlmacError(f"{path} is no log of frames; `llmac run SCENARIO --log-wire FILE` writes one")
            while header := file.read(_RECORD.size):
                if len(header) < _RECORD.size:
                    raise LlmacError(f"{path} ends within a record")
                time, process, length, from_cell = _RECORD.unpack(header)
                frame = file.read(min(length, MAX_FRAME_BYTES + 1))
                if len(frame) < length:
                    raise LlmacError(f"{path} ends within a record")
                yield Record(time, process, bool(from_cell), frame)
    except OSError as error:
        raise LlmacError(f"{path} cannot be read: {error.strerror}") from error
