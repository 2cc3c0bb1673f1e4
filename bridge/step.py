# SPDX-License-Identifier: MIT
"""What is under way between Python and a cell process; every exchange makes one, for the error that may come."""


class Step:
    """A step of the conversation.

    Args:
        name: "handshake", "reset", "leader phase", "follower phase", "timing" or "close".
        tti: of a phase.
    """

    __slots__ = ("name", "tti")

    def __init__(self, name: str, tti: int | None = None) -> None:
        self.name = name
        self.tti = tti

    def __str__(self) -> str:
        return self.name if self.tti is None else f"{self.name} of TTI {self.tti}"
