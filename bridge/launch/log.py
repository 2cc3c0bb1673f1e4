# SPDX-License-Identifier: MIT
"""What a cell process writes: drained as it comes, its end kept for errors, and a file of bounded size on request."""

from pathlib import Path
from threading import Lock, Thread

TAIL_BYTES = 4096
FILE_BYTES = 16 * 1024 * 1024
"""A log file that has grown to this is moved to NAME.1, over the one before."""


class ProcessLog:
    """Reads a pipe to its end in a thread, so that the process never waits for a reader.

    Args:
        pipe: the reading end; closed when the writer has closed its own.
        file: where to keep the log; by default only its end is kept, in memory.
    """

    def __init__(self, pipe: int, file: Path | None = None) -> None:
        self._tail = b""
        self._lock = Lock()
        self._thread = Thread(target=self._drain, args=(pipe, file), name="llmac log", daemon=True)
        self._thread.start()

    def tail(self) -> str:
        """The last lines, at most TAIL_BYTES."""
        with self._lock:
            return self._tail.decode(errors="replace").strip()

    def finish(self, timeout_s: float) -> None:
        """Wait until all that an ended process wrote was read."""
        self._thread.join(timeout_s)

    def _drain(self, pipe: int, file: Path | None) -> None:
        with open(pipe, "rb", buffering=0) as reader:
            while chunk := reader.read(65536):
                with self._lock:
                    self._tail = (self._tail + chunk)[-TAIL_BYTES:]
                if file is not None:
                    file = _append(file, chunk)


def _append(file: Path, chunk: bytes) -> Path | None:
    """Write to the file; None, so that no more is written, when the disk refuses: a log is no reason to fail."""
    try:
        with file.open("ab") as log:
            log.write(chunk)
            size = log.tell()
        if size >= FILE_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))
    except OSError:
        return None
    return file
