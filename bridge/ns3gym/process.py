# SPDX-License-Identifier: MIT
"""A simulation started as a process of its own, which never outlives its environment."""

import os
import select
import signal
import subprocess
import weakref
from collections.abc import Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path

from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.log import ProcessLog

LOG_END_S = 1.0
"""Seconds until the last of an ended process's log has to be read."""

# Waits for the end of its input, which comes when Python is gone however it went, and ends the group of the simulation.
_GUARD = 'read -r _; kill -s KILL -- "-$0"'


class SimulationProcess:
    """A command that runs as the head of a process group, so that a wrapper like `ns3 run` ends with all it started.

    Args:
        command: program and arguments.
        cwd: the directory that it starts in; by default this process's.

    Raises:
        CellMissingError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], cwd: Path | None = None) -> None:
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (no shell; the user's own command)
                command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, start_new_session=True, cwd=cwd
            )
        except OSError as error:
            os.close(reader)
            raise CellMissingError(
                f"{command[0]} cannot be started: {error.strerror}; give the path of the simulation's executable"
            ) from error
        finally:
            os.close(writer)
        self.pid = self._process.pid
        """Number of the process, and of its group."""
        self._log = ProcessLog(reader)
        self._pidfd = os.pidfd_open(self.pid)
        guard = subprocess.Popen(  # noqa: S603 (a constant)
            ["/bin/sh", "-c", _GUARD, str(self.pid)], stdin=subprocess.PIPE, start_new_session=True
        )
        self._end = weakref.finalize(self, _end, os.getpid(), self._process, guard, self._pidfd, self._log)

    def ended(self) -> str | None:
        """How the process ended, a clause; None while it runs. Not to be asked after `stop`."""
        # Looked at without being reaped, so that the number stays the group's until `stop` has ended that.
        end = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if end is None:
            return None
        if end.si_code == os.CLD_EXITED:
            return f"the process exited with {end.si_status}"
        return f"the process was ended by {signal.Signals(end.si_status).name}"

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of the process; False when it still runs after `timeout_s` seconds."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(ceil(timeout_s * 1000)))

    def log(self) -> str:
        """The last lines that it wrote."""
        if self.ended():
            self._log.finish(LOG_END_S)
        return self._log.tail()

    def stop(self, grace_s: float) -> None:
        """End the group: SIGTERM unless the process ends in half of `grace_s` seconds, SIGKILL after all of them.

        May be called again.
        """
        if not self._end.alive:
            return
        if grace_s > 0 and not self.wait(grace_s / 2):
            os.killpg(self.pid, signal.SIGTERM)
            self.wait(grace_s / 2)
        self._end()


def _end(
    owner: int, process: subprocess.Popen[bytes], guard: subprocess.Popen[bytes], pidfd: int, log: ProcessLog
) -> None:
    """End the group at once, then its guard, and give back what they held."""
    if os.getpid() != owner:  # a copy of the environment in a forked process
        return
    with suppress(PermissionError):  # a member that became another user's
        os.killpg(process.pid, signal.SIGKILL)
    guard.kill()  # before the number is free for another group
    guard.communicate()
    process.wait()
    log.finish(LOG_END_S)
    os.close(pidfd)
