# SPDX-License-Identifier: MIT
"""A session: several cell processes on one socket, asked in step, watched by three detectors.

A process that ends is seen at once (its descriptor is polled with the socket), a peer that stops between requests is
disconnected when its heartbeats fail to come, and whatever else keeps a reply from coming is caught by the deadline of
the request. A cell in turn ends when Python does, and when no request has come for the idle lease.
"""

import os
import secrets
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Final, Literal, NoReturn, TypeVar, get_args

from google.protobuf.message import DecodeError

from llmac.bridge.errors import (
    BridgeError,
    CellCrashError,
    DeadlineError,
    FrameError,
    HandshakeError,
    RequestRefusedError,
)
from llmac.bridge.launch import Launcher, Peer
from llmac.bridge.step import Step
from llmac.bridge.timing import Stopwatch, Timing
from llmac.bridge.wire import frame
from llmac.bridge.wire.frame import DamagedFrameError, ForeignVersionError
from llmac.bridge.wire.handshake import refusal_of, refusal_of_version
from llmac.bridge.wire.keys import load as load_keys
from llmac.bridge.wire.log import WireLog
from llmac.bridge.wire.message import NO_MESSAGE, parse
from llmac.bridge.wire.transport import Listener
from llmac.v1 import wire_pb2
from llmac.v1.digest import SCHEMA_DIGEST

HANDSHAKE: Final = Step("handshake")
Body = Literal["leader_observation", "follower_observation", "timing", "closed"]
"""What a request is answered by, unless it is refused: a name in wire_pb2.Message."""


def _tag(body: Body) -> bytes:
    """What a payload begins with: protobuf's tag of the field."""
    number = wire_pb2.Message.DESCRIPTOR.fields_by_name[body].number
    return bytes([number << 3 | 2])  # less than 16, as are all that cells send


_TAGS: Final[dict[str, bytes]] = {body: _tag(body) for body in get_args(Body)}

MAX_REPEATS: Final = 2
"""How often a request is repeated when it or its reply was damaged; the cell answers a repeated one from a cache."""


_S: Final = 1_000_000_000
"""Nanoseconds."""
RECONNECT_NS: Final = _S // 10
"""Until a request is sent to a cell that was not connected when it was to be repeated; what ZeroMQ takes to connect."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a step has to be done."""

    handshake_s: float = 20.0
    reset_s: float = 60.0
    phase_s: float = 30.0
    close_s: float = 5.0
    idle_s: int = 3600
    """The lease: a cell that has got no request for so long ends itself. Updates of agents may take that long."""


@dataclass(slots=True, eq=False)
class Cell:
    """A process as the session sees it."""

    index: int
    """Its number among the processes."""
    peer: Peer
    descriptor: int
    """Becomes readable when the process ends."""
    session: int
    """Number that its frames carry; a new one for each process, so that what a predecessor said is told apart."""
    route: bytes
    sequence: int = 0
    request: bytes = b""
    """The frame that waits for its answer, kept to be repeated."""
    repeats: int = 0
    reply: bytes = b""
    """Payload of the answer that came last."""
    remark: str = ""
    """What arrived from it last and was not the answer, a clause."""


E = TypeVar("E", bound=BridgeError)
Accept = Callable[[Step, str, Cell, bytes], bool]
"""Looks at a frame from a cell that is waited for in a step; True when it is what was expected."""


class Session:
    """Starts processes, speaks with them, restarts those that failed, ends them.

    Used by one thread at a time. The processes end with `close`, with the last reference to it, and with Python.

    Args:
        launcher: starts the processes.
        processes: P, how many.
        address: None for ipc in a private directory, or as in `Listener`.
        deadlines: of the steps.
        keys: folder with Python's CURVE keys, needed beyond this machine.
        log: gets every frame; closed with the session.
        environments: [P] those that each process simulates, for errors; may be replaced at any time.

    Raises:
        AddressError: the address cannot be used.
        KeyFileError: the keys cannot be used.
        CellMissingError: there is nothing to start.
        BridgeError: the processes did not start, or cannot be talked to.
    """

    def __init__(
        self,
        launcher: Launcher,
        processes: int = 1,
        address: str | None = None,
        deadlines: Deadlines | None = None,
        keys: Path | None = None,
        log: WireLog | None = None,
        environments: Sequence[range] = (),
    ) -> None:
        self.deadlines = deadlines or Deadlines()
        self.environments = environments
        self.stopwatch = Stopwatch()
        self._log = log
        self._launcher = launcher
        self._listener = Listener(address, load_keys(keys) if keys else None)
        self._cells: list[Cell | None] = [None] * processes
        self._hellos: dict[bytes, wire_pb2.Hello] = {}
        self._early: dict[bytes, bytes] = {}  # Hello of cells that were started again by somebody else
        self._alive = set[None]()  # ends with the session, to which there are no weak references when it is compiled
        self._end = weakref.finalize(self._alive, _end, os.getpid(), self._cells, self._listener, log)
        try:
            self.restore()
        except BaseException:
            self._end()
            raise

    @property
    def processes(self) -> int:
        """P, the number of processes."""
        return len(self._cells)

    @property
    def ns3_version(self) -> str:
        """Of the cells, for instance "3.37"."""
        return next(iter(self._hellos.values())).ns3_version

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return not self._end.alive

    def restore(self) -> None:
        """Start what is not running: all processes at first, later those that failed or ended.

        Raises:
            CellMissingError: there is nothing to start.
            BridgeError: a process did not start, or cannot be talked to.
        """
        for cell in self._cells:
            if cell is not None and cell.peer.ended():
                self._drop(cell)
        started: list[Cell] = []
        try:
            for index, cell in enumerate(self._cells):
                if cell is None:
                    started.append(self._start(index))
            late = [cell for cell in started if not self._came_early(cell)]
            self._gather(HANDSHAKE, "hello", late, self.deadlines.handshake_s, self._accept_hello)
        except BaseException:
            for cell in started:  # none stays that was not welcomed
                if cell in self._cells:
                    self._drop(cell)
            raise

    def exchange(self, step: Step, requests: Sequence[bytes], expected: Body, deadline_s: float) -> list[bytes]:
        """Send one request to each process, then gather their replies, so that the processes work at the same time.

        Args:
            step: what is done, for errors.
            requests: the payload for each process.
            expected: what they have to be answered by.
            deadline_s: seconds until all replies have to be there.

        Returns:
            The payload of each reply. It begins as that of `expected` does, and was not looked at further.

        Raises:
            CellCrashError: a process ended.
            DeadlineError: a reply is missing.
            FrameError: a reply is damaged, or another one than expected.
            RequestRefusedError: a process refused; others may have gone on.
        """
        cells = [cell if cell is not None else self._missing(index, step) for index, cell in enumerate(self._cells)]
        for cell in cells:
            cell.sequence += 1
            cell.repeats = 0
            cell.remark = ""
            try:
                cell.request = frame.encode(cell.session, cell.sequence, requests[cell.index])
            except DamagedFrameError as error:
                raise self._error(cell, FrameError, step, f"the request was not sent: {error}") from error
            self._send(cell, cell.request)  # one that is not connected now gets it repeated
        self.stopwatch.sent()
        self._gather(step, expected, cells, deadline_s, self._accept_reply)
        for cell in cells:
            if not cell.reply.startswith(_TAGS[expected]):
                fault = parse(cell.reply).fault
                code = wire_pb2.FaultCode.Name(fault.code)
                raise self._error(cell, RequestRefusedError, step, f"refused with {code}: {fault.reason}")
        return [cell.reply for cell in cells]

    def reject(self, index: int, step: Step, cause: str) -> FrameError:
        """Give up a process whose reply cannot be; returns the error to raise."""
        return self._fail(self._cells[index] or self._missing(index, step), FrameError, step, cause)

    def timing(self) -> Timing:
        """Where the time went since the session began; costs an exchange.

        Raises:
            BridgeError: as in `exchange`.
        """
        request = wire_pb2.Message(timing_request=wire_pb2.TimingRequest()).SerializeToString()
        step = Step("timing")
        told = self.exchange(step, [request] * self.processes, "timing", self.deadlines.phase_s)
        return self.stopwatch.timing([self._timing(index, step, reply) for index, reply in enumerate(told)])

    def close(self) -> None:
        """End the processes in order, by force if they do not, and close the socket; may be called again."""
        if self.closed:
            return
        request = wire_pb2.Message(close=wire_pb2.Close()).SerializeToString()
        try:
            self.exchange(Step("close"), [request] * self.processes, "closed", self.deadlines.close_s)
            for cell in self._cells:
                if cell is not None:
                    cell.peer.stop(self.deadlines.close_s)
        except BridgeError:
            pass  # a process that does not answer is ended all the same
        finally:
            self._end()

    def _timing(self, index: int, step: Step, payload: bytes) -> wire_pb2.Timing:
        try:
            return parse(payload).timing
        except DecodeError as error:
            raise self.reject(index, step, NO_MESSAGE) from error

    # ---- processes

    def _start(self, index: int) -> Cell:
        number = secrets.randbits(63) + 1
        peer = self._launcher.start(self._listener.endpoint, number, index)
        cell = Cell(index, peer, peer.fileno(), number, b"cell-%d" % index)
        self._listener.watch(cell.descriptor)
        self._cells[index] = cell
        return cell

    def _missing(self, index: int, step: Step) -> NoReturn:
        cause = "the process has ended; reset starts a new one"
        raise CellCrashError(f"cell {index}", step, cause, environments=self._simulated(index))

    def _drop(self, cell: Cell) -> None:
        self._listener.unwatch(cell.descriptor)
        if cell.peer.greeting == 0 and cell.route not in self._early:  # nobody here can end it: it is asked to go
            request = wire_pb2.Message(close=wire_pb2.Close()).SerializeToString()
            self._listener.send(cell.route, frame.encode(cell.session, cell.sequence + 1, request))
        cell.peer.stop(0.0)
        self._cells[cell.index] = None

    def _fail(self, cell: Cell, error: type[E], step: Step, cause: str) -> E:
        """Give up a process; the next `restore` starts a new one."""
        self._drop(cell)
        if self._log is not None:
            self._log.flush()
        return self._error(cell, error, step, f"{cause}; {cell.remark}" if cell.remark else cause)

    def _error(self, cell: Cell, error: type[E], step: Step, cause: str) -> E:
        return error(cell.peer.name, step, cause, cell.peer.log(), self._simulated(cell.index))

    def _simulated(self, index: int) -> range:
        return self.environments[index] if self.environments else range(0)

    # ---- replies

    def _gather(self, step: Step, expected: str, cells: Iterable[Cell], deadline_s: float, accept: Accept) -> None:
        """Wait until each of the cells has sent what `accept` accepts as `expected`.

        A request without an answer is repeated, after half of the time: what was lost with a connection that broke
        comes back, and what was only late is answered from the cell's cache.
        """
        waiting = {cell.route: cell for cell in cells}
        begin = perf_counter_ns()
        repeat_at, end = begin + int(deadline_s / 2 * _S), begin + int(deadline_s * _S)
        while waiting:
            now = perf_counter_ns()
            arrival = self._receive((min(repeat_at, end) - now) / _S)
            received = perf_counter_ns()
            self.stopwatch.waited(received - now)
            if arrival is not None:
                route, data = arrival
                cell = waiting.get(route) or self._seat(step, waiting, route, data)
                if cell is not None and accept(step, expected, cell, data):
                    del waiting[cell.route]
                    continue
            elif self._listener.ended():
                self._raise_ended(step)
            if received >= end:
                late, *others = waiting.values()
                for cell in others:
                    self._drop(cell)
                late.remark = self._listener.failed_handshake() or late.remark
                raise self._fail(late, DeadlineError, step, f"no answer within {deadline_s:g} s")
            if received >= repeat_at:
                repeat_at = end if self._repeat_all(waiting.values()) else received + RECONNECT_NS

    def _raise_ended(self, step: Step) -> None:
        for cell in self._cells:
            if cell is not None and (how := cell.peer.ended()):
                raise self._fail(cell, CellCrashError, step, how)

    def _accept_reply(self, step: Step, expected: str, cell: Cell, data: bytes) -> bool:
        """Take the payload of the answer to the request of a cell, be it what is expected or a Fault."""
        payload = frame.payload_of(data, cell.session, cell.sequence)
        if payload is None:
            self._pass_over(step, cell, data)
            return False
        if not payload.startswith(_TAGS[expected]) and not self._is_refusal(step, cell, payload, expected):
            return False
        cell.reply = payload
        if expected == "closed":
            self._listener.unwatch(cell.descriptor)  # it ends now, as it should, while others may still close
        return True

    def _pass_over(self, step: Step, cell: Cell, data: bytes) -> None:
        """See what a frame is that is not the answer; what is damaged, or of a cell that began anew, cannot pass."""
        try:
            session = frame.decode(data).session
        except DamagedFrameError as error:
            if not self._repeat(cell):
                raise self._fail(cell, FrameError, step, str(error)) from error
            return
        if session == cell.session:
            return  # the answer to an earlier request, repeated or given up
        if session == cell.peer.greeting == 0:
            self._early[cell.route] = data
            raise self._fail(cell, CellCrashError, step, "the cell was started again, and its episode is lost")
        cell.remark = _foreign(session, cell)

    def _is_refusal(self, step: Step, cell: Cell, payload: bytes, expected: str) -> bool:
        """Whether a cell that did not answer as expected refuses the request; False when that was repeated."""
        try:
            message = parse(payload)
        except DecodeError as error:
            raise self._fail(cell, FrameError, step, NO_MESSAGE) from error
        if not message.HasField("fault"):
            body = message.WhichOneof("body")
            raise self._fail(cell, FrameError, step, f"it answered with {body} instead of {expected}")
        damaged_on_its_way = message.fault.code == wire_pb2.FAULT_BAD_FRAME
        return not (damaged_on_its_way and self._repeat(cell))

    def _repeat(self, cell: Cell) -> bool:
        """Send the request once more, unless that has been tried."""
        cell.repeats += 1
        return cell.repeats <= MAX_REPEATS and self._send(cell, cell.request)

    def _repeat_all(self, waiting: Iterable[Cell]) -> bool:
        """Send the requests once more; False when one of the cells is not connected just now."""
        sent = [self._send(cell, cell.request) for cell in waiting if cell.request]
        return all(sent)

    def _receive(self, timeout_s: float) -> tuple[bytes, bytes] | None:
        arrival = self._listener.receive(timeout_s)
        if self._log is not None and arrival is not None:
            for cell in self._cells:
                if cell is not None and cell.route == arrival[0]:
                    self._log.add(cell.index, arrival[1], from_cell=True)
        return arrival

    def _send(self, cell: Cell, data: bytes) -> bool:
        if self._log is not None:
            self._log.add(cell.index, data, from_cell=False)
        return self._listener.send(cell.route, data)

    def _accept_hello(self, step: Step, expected: str, cell: Cell, data: bytes) -> bool:
        try:
            arrived = frame.decode(data)
            if arrived.session != cell.peer.greeting:
                cell.remark = _foreign(arrived.session, cell)
                return False
            message = parse(arrived.payload)
        except ForeignVersionError as foreign:
            raise self._refuse(cell, refusal_of_version(foreign.version)) from foreign
        except (DamagedFrameError, DecodeError) as error:
            raise self._fail(cell, FrameError, step, str(error)) from error
        if message.WhichOneof("body") != expected:
            raise self._refuse(cell, f"the cell began with {message.WhichOneof('body')} instead of {expected}")
        if reason := refusal_of(message.hello):
            raise self._refuse(cell, reason)
        self._hellos[cell.route] = message.hello
        welcome = wire_pb2.Welcome(idle_s=self.deadlines.idle_s, schema_digest=SCHEMA_DIGEST)
        self._tell(cell, wire_pb2.Message(welcome=welcome))
        return True

    def _came_early(self, cell: Cell) -> bool:
        """Welcome a cell whose Hello came while its predecessor, or something else, was waited for."""
        if cell.peer.greeting == 0 and cell.route not in self._early and self._early:
            cell.route = next(iter(self._early))
        hello = self._early.pop(cell.route, None)
        return hello is not None and self._accept_hello(HANDSHAKE, "hello", cell, hello)

    def _seat(self, step: Step, waiting: dict[bytes, Cell], route: bytes, data: bytes) -> Cell | None:
        """Let a cell that was started elsewhere under a name of its own be the first that is waited for.

        One that comes at another time is remembered for the next reset.
        """
        if any(cell is not None and cell.route == route for cell in self._cells):
            return None
        free = [cell for cell in waiting.values() if cell.peer.greeting == 0] if step is HANDSHAKE else []
        if not free:
            if len(self._early) < self.processes and _is_first_hello(data):
                self._early[route] = data
            return None
        cell = free[0]
        del waiting[cell.route]
        cell.route = route
        waiting[route] = cell
        return cell

    def _refuse(self, cell: Cell, reason: str) -> HandshakeError:
        """Tell the cell why, and let it log that and end."""
        self._tell(cell, wire_pb2.Message(refusal=wire_pb2.Refusal(reason=reason)))
        cell.peer.stop(self.deadlines.close_s)
        return self._fail(cell, HandshakeError, HANDSHAKE, reason)

    def _tell(self, cell: Cell, message: wire_pb2.Message) -> None:
        self._send(cell, frame.encode(cell.session, 0, message.SerializeToString()))


def _is_first_hello(data: bytes) -> bool:
    """Whether a frame comes from a cell that has no session yet."""
    try:
        return frame.decode(data).session == 0
    except (DamagedFrameError, ForeignVersionError):
        return False


def _foreign(session: int, cell: Cell) -> str:
    return f"a frame of session {session} instead of {cell.session} was dropped"


def _end(owner: int, cells: Sequence[Cell | None], listener: Listener, log: WireLog | None) -> None:
    """End the processes, close socket and log; a fork of the owner leaves both alone."""
    if os.getpid() != owner:
        return
    for cell in cells:
        if cell is not None:
            cell.peer.stop(0.0)
    listener.close()
    if log is not None:
        log.close()
