# SPDX-License-Identifier: MIT
"""Cell processes that somebody else starts: on another machine, in another container, by hand."""

import os


class ExternalLauncher:
    """Starts nothing: waits for cells that come by themselves, `llmac-cell --connect=... --process=I`."""

    def start(self, endpoint: str, session: int, index: int) -> "ExternalCell":  # noqa: ARG002 (see `Launcher`)
        """Expect process `index`; its Hello has no session yet, and Welcome gives it one."""
        return ExternalCell(index)


class ExternalCell:
    """A process of which nothing is seen but its frames.

    Args:
        index: its number among the processes.
    """

    greeting = 0
    """Session that its Hello has: none yet."""

    def __init__(self, index: int) -> None:
        self.name = f"cell {index} (started elsewhere)"
        self._never = os.eventfd(0)

    def fileno(self) -> int:
        """A descriptor that never becomes readable: the end of the process is not seen from here."""
        return self._never

    def ended(self) -> str | None:
        """None: nobody here can tell."""
        return None

    def log(self) -> str:
        """Nothing: its log is where it runs."""
        return ""

    def stop(self, grace_s: float) -> None:  # noqa: ARG002 (see `Peer`)
        """Give back the descriptor; the process ends by `Close`, or when Python is gone."""
        if self._never >= 0:
            os.close(self._never)
            self._never = -1
