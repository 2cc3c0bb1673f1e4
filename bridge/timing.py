# SPDX-License-Identifier: MIT
"""Where the time of an exchange goes, in Python and in the cells."""

from dataclasses import astuple, dataclass
from time import perf_counter_ns
from typing import Self

from llmac.v1 import wire_pb2

_NS = 1e-9


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds since the session began; the difference of two is what was spent between them.

    Those of the cells are sums over the processes, which work at the same time; a process that was started again
    begins at 0.
    """

    exchanges: int = 0
    """Requests and their replies, one with all processes."""
    encode_s: float = 0.0
    """Python: actions checked, written, framed and handed to ZeroMQ."""
    wait_s: float = 0.0
    """Python: for the replies of the cells."""
    decode_s: float = 0.0
    """Python: replies read and checked."""
    cell_decode_s: float = 0.0
    """Cells: requests read and checked."""
    cell_simulate_s: float = 0.0
    """Cells: in ns-3, the building of the cells included."""
    cell_encode_s: float = 0.0
    """Cells: replies written and framed."""
    cell_wait_s: float = 0.0
    """Cells: for requests; what Python, its agents and ZeroMQ take."""

    def __sub__(self, earlier: Self) -> "Timing":
        return Timing(*(after - before for after, before in zip(astuple(self), astuple(earlier), strict=True)))


class Stopwatch:
    """Python's share: `begin` before an action is written, `sent`, `waited` as often as need be, `end`."""

    __slots__ = ("_begin", "_decode", "_encode", "_exchanges", "_sent", "_wait", "_waited")

    def __init__(self) -> None:
        self._exchanges = self._encode = self._wait = self._decode = 0
        self._begin = self._sent = self._waited = 0

    def begin(self) -> None:
        """An exchange begins."""
        self._begin = perf_counter_ns()

    def sent(self) -> None:
        """Its requests are on their way."""
        self._sent = perf_counter_ns()
        self._waited = 0

    def waited(self, ns: int) -> None:
        """For so long nothing was done but to wait."""
        self._waited += ns

    def end(self) -> None:
        """Its replies are read."""
        self._exchanges += 1
        self._encode += self._sent - self._begin
        self._wait += self._waited
        self._decode += perf_counter_ns() - self._sent - self._waited

    def timing(self, cells: list[wire_pb2.Timing]) -> Timing:
        """All that was measured, with what the cells tell."""
        return Timing(
            self._exchanges,
            self._encode * _NS,
            self._wait * _NS,
            self._decode * _NS,
            sum(cell.decode_ns for cell in cells) * _NS,
            sum(cell.simulate_ns for cell in cells) * _NS,
            sum(cell.encode_ns for cell in cells) * _NS,
            sum(cell.wait_ns for cell in cells) * _NS,
        )
