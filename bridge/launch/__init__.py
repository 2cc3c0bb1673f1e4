# SPDX-License-Identifier: MIT
"""Ways to start cell processes; a session needs no more of them than `Launcher` and `Peer` say."""

from typing import Protocol


class Peer(Protocol):
    """A cell process that was started, seen from outside."""

    @property
    def name(self) -> str:
        """Who it is, for error messages: "cell 0 (process 4711)"."""
        ...

    @property
    def greeting(self) -> int:
        """Session number that its Hello carries: the one that it was started with, or 0 when it is to be given one."""
        ...

    def fileno(self) -> int:
        """A descriptor that becomes readable when the process ends."""
        ...

    def ended(self) -> str | None:
        """How the process ended, a clause; None while it runs."""
        ...

    def log(self) -> str:
        """The last lines that it wrote."""
        ...

    def stop(self, grace_s: float) -> None:
        """End it, at the latest by force after `grace_s` seconds, and give back what it held. May be called again."""
        ...


class Launcher(Protocol):
    """Starts cell processes."""

    def start(self, endpoint: str, session: int, index: int) -> Peer:
        """Start a process that will connect to `endpoint` and say Hello for `session` as number `index`.

        Raises:
            CellMissingError: there is nothing to start.
        """
        ...
