# SPDX-License-Identifier: MIT
"""A launcher whose cell is reached through a go-between that does something to one frame, or when it sees it."""

import ctypes
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

import zmq
from places import LOCAL, Place

from llmac.bridge.launch import Launcher, Peer
from llmac.bridge.wire import frame
from llmac.v1 import wire_pb2
from llmac.v1.digest import SCHEMA_DIGEST

TO_CELL, FROM_CELL = "to cell", "from cell"
TTI = 1
"""Phases are disturbed in this one."""

# The frame that a phase is disturbed at: its request and its answer, by the name of the body and TTI.
FRAMES: dict[str, dict[str, tuple[str, int | None]]] = {
    "handshake": {FROM_CELL: ("hello", None), TO_CELL: ("welcome", None)},
    "reset": {TO_CELL: ("reset", None), FROM_CELL: ("leader_observation", 0)},
    "leader": {TO_CELL: ("leader_action", TTI), FROM_CELL: ("follower_observation", TTI)},
    "follower": {TO_CELL: ("follower_action", TTI), FROM_CELL: ("leader_observation", TTI + 1)},
    "close": {TO_CELL: ("close", None), FROM_CELL: ("closed", None)},
}


class Delivery(NamedTuple):
    """A frame, and from when on it may go; those behind it wait."""

    data: bytes
    at: float = 0.0


Meddling = Callable[["GoBetween", str, bytes], list[Delivery]]
"""Gets the direction and the frame, once; returns what goes on instead of it."""


class GoBetween(Thread):
    """Carries frames between a cell and Python, in order; the first one of a kind goes through `meddling`.

    Args:
        python: endpoint that Python is bound to.
        index: of the process.
        phase: see FRAMES.
        direction: which of its frames.
        meddling: what happens to it.
        place: where the cell runs.
    """

    def __init__(
        self, python: str, index: int, phase: str, direction: str, meddling: Meddling | None, place: Place
    ) -> None:
        super().__init__(name="go-between")
        self.python = python
        self.route = b"cell-%d" % index
        self.index = index
        self.place = place
        self.held: dict[str, bytes] = {}
        """By direction: goes behind the next frame."""
        self._wanted = (direction, FRAMES[phase][direction])
        self._meddling = meddling
        self._queues: dict[str, list[Delivery]] = {TO_CELL: [], FROM_CELL: []}
        self._over = Event()
        self._directory = tempfile.TemporaryDirectory()
        self._context = zmq.Context()
        self._cell_side = self._context.socket(zmq.ROUTER)
        self._cell_side.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self._cell_side.bind(f"ipc://{self._directory.name}/s")
        self.endpoint = f"ipc://{self._directory.name}/s"
        self._python_side = self.connect()
        self._sides = {TO_CELL: self._cell_side, FROM_CELL: self._python_side}

    @property
    def cell(self) -> int:
        """Number of the cell's process."""
        return self.place.cells(os.getpid())[self.index]

    def connect(self) -> zmq.Socket[bytes]:
        """A socket that has the cell's name and is connected to Python."""
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 1000)
        socket.setsockopt(zmq.ROUTING_ID, self.route)
        socket.connect(self.python)
        return socket

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._cell_side, zmq.POLLIN)
        poller.register(self._python_side, zmq.POLLIN)
        while not self._over.is_set():
            ready = dict(poller.poll(20))
            if self._cell_side in ready:
                self._take(FROM_CELL, self._cell_side.recv_multipart()[-1])
            if self._python_side in ready:
                self._take(TO_CELL, self._python_side.recv())
            for direction in self._queues:
                self._pass_on(direction)

    def end(self) -> None:
        """Stop and leave nothing; may be called again."""
        if self._over.is_set():
            return
        self._over.set()
        if self.ident is not None:
            self.join()
        self._context.destroy(linger=0)
        self._directory.cleanup()

    def _take(self, direction: str, data: bytes) -> None:
        deliveries = [Delivery(data)]
        if self._meddling is not None and _is(direction, data, self._wanted):
            meddling, self._meddling = self._meddling, None
            deliveries = meddling(self, direction, data)
        elif late := self.held.pop(direction, None):
            deliveries.append(Delivery(late))
        self._queues[direction] += deliveries

    def _pass_on(self, direction: str) -> None:
        queue = self._queues[direction]
        while queue and queue[0].at <= monotonic():
            whole = queue.pop(0).data
            parts = [self.route, whole] if direction == TO_CELL else [whole]
            with suppress(zmq.Again):
                self._sides[direction].send_multipart(parts, zmq.NOBLOCK)


def _is(direction: str, data: bytes, wanted: tuple[str, tuple[str, int | None]]) -> bool:
    message = wire_pb2.Message.FromString(frame.decode(data).payload)
    kind = message.WhichOneof("body")
    tti = getattr(getattr(message, str(kind)), "tti", None)
    return wanted in {(direction, (kind, None)), (direction, (kind, tti))}


class MeddledCell:
    """A cell and its go-between, as a Peer."""

    def __init__(self, cell: Peer, between: GoBetween) -> None:
        self.name = cell.name
        self.greeting = cell.greeting
        self.fileno = cell.fileno
        self.ended = cell.ended
        self.log = cell.log
        self._cell = cell
        self._between = between

    def stop(self, grace_s: float) -> None:
        self._between.end()  # first: who traces a process keeps it from being ended
        self._cell.stop(grace_s)


class MeddlingLauncher:
    """Starts cells behind a go-between; the first one is disturbed."""

    def __init__(
        self, launcher: Launcher, phase: str, direction: str, meddling: Meddling, place: Place = LOCAL
    ) -> None:
        self._launcher = launcher
        self._phase, self._direction = phase, direction
        self._meddling: Meddling | None = meddling
        self._place = place
        self.started = 0

    def start(self, endpoint: str, session: int, index: int) -> MeddledCell:
        between = GoBetween(endpoint, index, self._phase, self._direction, self._meddling, self._place)
        self._meddling = None
        cell = self._launcher.start(between.endpoint, session, index)
        self.started += 1
        between.start()
        return MeddledCell(cell, between)


# ---- what can be done to a frame


def dropped(_between: GoBetween, _direction: str, _data: bytes) -> list[Delivery]:
    return []


def duplicated(_between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
    return [Delivery(data)] * 2


def reordered(between: GoBetween, direction: str, data: bytes) -> list[Delivery]:
    between.held[direction] = data
    return []


def truncated(_between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
    return [Delivery(data[:-1])]


def flipped(_between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
    at = frame.HEADER_BYTES + (len(data) - frame.HEADER_BYTES) // 2
    return [Delivery(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])]


def oversized(_between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
    return [Delivery(data + bytes(frame.MAX_FRAME_BYTES + 1 - len(data)))]


def slow(delay_s: float) -> Meddling:
    return lambda _between, _direction, data: [Delivery(data, monotonic() + delay_s)]


# ---- what can be done to the cell


def signalled(number: int) -> Meddling:
    """Send a signal; in the handshake the cell has said nothing before, and hears nothing after."""

    def act(between: GoBetween, direction: str, data: bytes) -> list[Delivery]:
        os.kill(between.cell, number)
        return [] if direction == FROM_CELL else [Delivery(data)]

    return act


def hung(between: GoBetween, direction: str, data: bytes) -> list[Delivery]:
    """Stop the main thread of the cell alone, as a debugger does: the threads of ZeroMQ keep the heart beating."""
    cell = between.cell
    seize, interrupt = 0x4206, 0x4207
    for request in (seize, interrupt):
        if ctypes.CDLL(None, use_errno=True).ptrace(request, cell, None, None) != 0:
            raise OSError(ctypes.get_errno(), "the cell cannot be traced")
    assert os.WIFSTOPPED(os.waitpid(cell, 0x40000000)[1])  # __WALL
    return [] if direction == FROM_CELL else [Delivery(data)]


def name_taken(between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
    """Another peer connects under the cell's name, says a sound Hello and leaves."""
    message = wire_pb2.Message(hello=wire_pb2.Hello(schema_digest=SCHEMA_DIGEST, ns3_version="3.37"))
    with between.connect() as intruder:
        intruder.send(frame.encode(12345, 0, message.SerializeToString()))
        intruder.poll(200)
    return [Delivery(data)]


def disk_filled(cell_log: Path, wire_log: Path) -> Meddling:
    """From now on neither the log of the cell nor that of the wire can be written."""

    def act(_between: GoBetween, _direction: str, data: bytes) -> list[Delivery]:
        symlink = cell_log.with_suffix(".full")
        symlink.symlink_to("/dev/full")
        symlink.replace(cell_log)  # at once: who copies the output of a container makes a file that is missing anew
        full = os.open("/dev/full", os.O_WRONLY)
        for link in Path("/proc/self/fd").iterdir():
            if link.exists() and link.samefile(wire_log):
                os.dup2(full, int(link.name))
        os.close(full)
        return [Delivery(data)]

    return act


# ---- what can be done to Python, from within, after it has told the number of the cell


def python_signalled(number: int) -> Meddling:
    def act(between: GoBetween, _direction: str, _data: bytes) -> list[Delivery]:
        os.write(1, b"%d\n" % between.cell)
        os.kill(os.getpid(), number)
        return []

    return act


def python_hung(between: GoBetween, _direction: str, _data: bytes) -> list[Delivery]:
    """No thread of Python runs any more, and those of ZeroMQ do."""
    os.write(1, b"%d\n" % between.cell)
    ctypes.PyDLL(None).sleep(600)  # PyDLL keeps the interpreter lock
    return []
