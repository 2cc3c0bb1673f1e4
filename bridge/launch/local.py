# SPDX-License-Identifier: MIT
"""Cell processes on this machine."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.log import ProcessLog

EXECUTABLE = "llmac-cell"
LOG_END_S = 1.0
"""Seconds until the last of an ended process's log has to be read."""


class LocalLauncher:
    """Starts `llmac-cell`.

    Args:
        command: what to start, before the arguments that every cell gets; by default the executable that is found.
        log_dir: keeps what process I writes in cell-I.log there, in place of what an earlier run has left; by default
            only its last lines are kept, for errors.

    Raises:
        CellMissingError: no executable was found.
    """

    def __init__(self, command: Sequence[str] = (), log_dir: Path | None = None) -> None:
        self._command = list(command) or [str(find_executable())]
        self._log_dir = log_dir
        if log_dir is not None:
            log_dir.mkdir(parents=True, exist_ok=True)
            for left in log_dir.glob("cell-*.log*"):
                left.unlink(missing_ok=True)  # another that shares the folder may have been faster

    def start(self, endpoint: str, session: int, index: int) -> "LocalCell":
        """Start process `index`, which connects to `endpoint` for `session`; see `Launcher`."""
        options = {"connect": endpoint, "session": session, "process": index, "parent-pid": os.getpid()}
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        file = None if self._log_dir is None else self._log_dir / f"cell-{index}.log"
        return LocalCell(index, session, [*self._command, *arguments], file)


class LocalCell:
    """A process of its own session, so that Ctrl-C in the terminal reaches Python alone, which then ends it in order.

    Args:
        index: its number among the processes.
        session: number that it was given.
        command: what to start.
        log_file: where to keep what it writes, if anywhere.

    Raises:
        CellMissingError: it cannot be started.
    """

    def __init__(self, index: int, session: int, command: Sequence[str], log_file: Path | None) -> None:
        self.greeting = session
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (no shell; the user's own executable)
                command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, start_new_session=True
            )
        except OSError as error:
            os.close(reader)
            raise CellMissingError(f"{command[0]} cannot be started: {error.strerror}; {HOW_TO_BUILD}") from error
        finally:
            os.close(writer)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._log = ProcessLog(reader, log_file)
        self.name = f"cell {index} (process {self._process.pid})"

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def fileno(self) -> int:
        """A descriptor that becomes readable when the process ends."""
        return self._pidfd

    def ended(self) -> str | None:
        """How the process ended, a clause; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        if code < 0:
            return f"the process was ended by {signal.Signals(-code).name}"
        return f"the process exited with {code}"

    def log(self) -> str:
        """The last lines that it wrote."""
        if self._process.poll() is not None:
            self._log.finish(LOG_END_S)
        return self._log.tail()

    def stop(self, grace_s: float) -> None:
        """Wait for the process to end, SIGTERM after half of `grace_s` seconds, SIGKILL after all of them."""
        if self._pidfd < 0:
            return
        for signal_number in (signal.SIGTERM, signal.SIGKILL) if grace_s > 0 else (signal.SIGKILL,):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s / 2)
            self._process.send_signal(signal_number)  # nothing happens when it has ended
        self._process.wait()
        self._log.finish(LOG_END_S)
        os.close(self._pidfd)
        self._pidfd = -1


HOW_TO_BUILD = (
    "build it with `cmake -S ns3_module -B build/cell -G Ninja && cmake --build build/cell` in the checkout of llmac, "
    "or set LLMAC_CELL to the path of one"
)


def find_executable() -> Path:
    """The cell's executable: $LLMAC_CELL, else beside this Python or on PATH, else in the checkout's build tree.

    Raises:
        CellMissingError: there is none; the message says how to build it.
    """
    if named := os.environ.get("LLMAC_CELL"):
        if not _is_executable(Path(named)):
            raise CellMissingError(f"LLMAC_CELL is {named}, which is no executable file; {HOW_TO_BUILD}")
        return Path(named)
    installed = shutil.which(
        EXECUTABLE, path=os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")))
    )
    built = Path(__file__).resolve().parents[2] / "build" / "cell" / EXECUTABLE
    for candidate in (installed, built):
        if candidate is not None and _is_executable(Path(candidate)):
            return Path(candidate)
    raise CellMissingError(f"the cell's executable {EXECUTABLE} was not found on PATH or at {built}; {HOW_TO_BUILD}")


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
