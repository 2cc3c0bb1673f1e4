# SPDX-License-Identifier: MIT
"""The TCP port that ns3-gym simulations connect to.

The framework's agents bind a REP socket. This one binds a ROUTER, which speaks to a REQ socket as a REP does, but can
tell its peers apart: a simulation that connects too early waits for its turn instead of answering for another one, and
one that was given up is told to stop when it comes back.
"""

import errno
import struct
import weakref
from collections import deque

import zmq

from llmac.bridge.errors import AddressError
from llmac.ns3opengym import messages_pb2 as pb

STOP = pb.EnvActMsg(stopSimReq=True).SerializeToString()
"""Asks a simulation to exit; its bytes are those of the SimInitAck that does so, too."""

MAX_FRAME_BYTES = 64 * 1024 * 1024
LINGER_MS = 1000
"""Until a request to stop that was just sent has left, when the port is closed."""
SEND_TIMEOUT_MS = 1000
GLANCE_MS = 50
"""How long `next` and `take` wait, so that the caller can look meanwhile whether the simulation lives."""
HANDSHAKE_MS = 2000
"""A connection that has not greeted as ZeroMQ does by then is cut."""


class Port:
    """Listens on the loopback interface.

    Args:
        number: of the port; 0 takes a free one.

    Raises:
        AddressError: the port is in use, or cannot be.
    """

    def __init__(self, number: int) -> None:
        context = zmq.Context()
        self._close = weakref.finalize(self, context.destroy)
        self._socket = context.socket(zmq.ROUTER)
        for option, value in {
            zmq.ROUTER_MANDATORY: 1,  # a frame to a peer that is gone is an error
            zmq.MAXMSGSIZE: MAX_FRAME_BYTES,
            zmq.LINGER: LINGER_MS,
            zmq.SNDTIMEO: SEND_TIMEOUT_MS,
            zmq.RCVTIMEO: GLANCE_MS,
            zmq.HANDSHAKE_IVL: HANDSHAKE_MS,
        }.items():
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        try:
            self._socket.bind(f"tcp://127.0.0.1:{number or '*'}")
        except zmq.ZMQError as error:
            self.close()
            raise AddressError(f"port {number} cannot be bound: {error.strerror}; give another, or 0") from error
        self.number = int(self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
        """What the simulations connect to."""
        self._connections = 0
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._dismissed: set[bytes] = set()

    def deserted(self) -> bool:
        """Whether nobody is connected."""
        while self._monitor.poll(0):
            event, _ = struct.unpack("=HI", self._monitor.recv_multipart()[0])
            self._connections += 1 if event == zmq.EVENT_ACCEPTED else -1
        return self._connections == 0

    def next(self) -> tuple[bytes, bytes] | None:
        """Take the next frame of any peer, with its routing id; None when none came within GLANCE_MS."""
        return self._waiting.popleft() if self._waiting else self._receive()

    def take(self, peer: bytes) -> bytes | None:
        """Take the next frame of this peer; None when none came within GLANCE_MS.

        Frames of other peers are kept for `next`.
        """
        while frame := self._receive():
            if frame[0] == peer:
                return frame[1]
            self._waiting.append(frame)
        return None

    def send(self, peer: bytes, frame: bytes) -> bool:
        """Send a frame; False when the peer is gone, or takes nothing."""
        try:
            self._socket.send_multipart((peer, b"", frame))
        except zmq.ZMQError as error:
            if error.errno in {errno.EHOSTUNREACH, errno.EAGAIN}:
                return False
            raise
        return True

    def dismiss(self, peer: bytes) -> None:
        """Tell the peer to stop as soon as it says something more."""
        self._dismissed.add(peer)

    def close(self) -> None:
        """Close the port; may be called again."""
        if self._close.alive:
            self._socket.disable_monitor()
        self._close()

    def _receive(self) -> tuple[bytes, bytes] | None:
        while True:
            try:
                peer, *parts = self._socket.recv_multipart()
            except zmq.Again:
                return None
            if peer not in self._dismissed:
                # What is not framed as a REQ socket does it is no message; its decoder says so.
                return peer, parts[1] if len(parts) == 2 and not parts[0] else b""  # noqa: PLR2004 (delimiter, message)
            self.send(peer, STOP)
