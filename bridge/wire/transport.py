# SPDX-License-Identifier: MIT
"""The socket that all cell processes of a session share: a ROUTER, bound by Python, with every limit set.

libzmq's defaults wait for ever, buffer without limit and drop silently; none of them is left in place.
"""

import errno
import fcntl
import os
import tempfile
from contextlib import suppress
from math import ceil
from pathlib import Path
from urllib.parse import urlsplit

import zmq

from llmac.bridge.errors import AddressError
from llmac.bridge.wire.frame import MAX_FRAME_BYTES

HEARTBEAT_INTERVAL_MS = 500
HEARTBEAT_TIMEOUT_MS = 2000
"""A peer silent for so long is disconnected; libzmq's own thread keeps the heart beating while Python computes."""
HIGH_WATER_MARK = 64
"""Frames queued in each direction for each peer; the conversation needs one, and a few for what is repeated."""
SEND_TIMEOUT_MS = 1000
SOCKET = "cells"
"""File name of an ipc socket."""

_OPTIONS = {
    zmq.LINGER: 0,
    zmq.SNDTIMEO: SEND_TIMEOUT_MS,
    zmq.RCVTIMEO: 0,
    zmq.SNDHWM: HIGH_WATER_MARK,
    zmq.RCVHWM: HIGH_WATER_MARK,
    zmq.MAXMSGSIZE: MAX_FRAME_BYTES,
    zmq.HEARTBEAT_IVL: HEARTBEAT_INTERVAL_MS,
    zmq.HEARTBEAT_TIMEOUT: HEARTBEAT_TIMEOUT_MS,
    zmq.HANDSHAKE_IVL: HEARTBEAT_TIMEOUT_MS,
    zmq.ROUTER_MANDATORY: 1,  # a frame to a peer that is not there is an error
    zmq.ROUTER_HANDOVER: 1,  # a process that was started again takes over the name of its predecessor
}


class Listener:
    """Binds, and exchanges frames with the peers that connect.

    Args:
        address: None for ipc in a new directory that only this user can enter, or "tcp://127.0.0.1:*" (any free port),
            or "tcp://127.0.0.1:PORT".

    Raises:
        AddressError: the address is not on this machine, or cannot be bound.
    """

    def __init__(self, address: str | None = None) -> None:
        if address is not None:
            _check_loopback(address)
        self._directory = PrivateDirectory() if address is None else None
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        for option, value in _OPTIONS.items():
            self._socket.setsockopt(option, value)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        try:
            self._socket.bind(f"ipc://{self._directory.path}/{SOCKET}" if self._directory else address or "")
        except zmq.ZMQError as error:
            self.close()
            raise AddressError(f"{address or 'the ipc socket'} cannot be bound: {error.strerror}") from error
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        """What the cells connect to."""

    def watch(self, descriptor: int) -> None:
        """Let `wait` return when this descriptor becomes readable, too."""
        self._poller.register(descriptor, zmq.POLLIN)

    def unwatch(self, descriptor: int) -> None:
        """Undo `watch`; harmless when there is nothing to undo."""
        with suppress(KeyError):
            self._poller.unregister(descriptor)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a frame, a watched descriptor, or the end of the time; True if a watched descriptor is readable."""
        ready = self._poller.poll(max(0, ceil(timeout_s * 1000)))
        return any(source is not self._socket for source, _ in ready)

    def receive(self) -> tuple[bytes, bytes] | None:
        """Take the next frame, with the routing id of its peer; None when there is none now."""
        try:
            parts = self._socket.recv_multipart()
        except zmq.Again:
            return None
        # A message of several parts is no frame; none at all is no frame either, and its decoder says so.
        return parts[0], parts[1] if len(parts) == 2 else b""  # noqa: PLR2004 (routing id and frame)

    def send(self, peer: bytes, frame: bytes) -> bool:
        """Send a frame; False when the peer is not connected, or takes nothing."""
        try:
            self._socket.send_multipart((peer, frame))
        except zmq.ZMQError as error:
            if error.errno in {errno.EHOSTUNREACH, errno.EAGAIN}:
                return False
            raise
        return True

    def close(self) -> None:
        """Close the socket and leave nothing behind."""
        self._context.destroy(linger=0)
        if self._directory is not None:
            self._directory.remove()


class PrivateDirectory:
    """A directory for the ipc socket that only this user can enter.

    A lock tells that its owner lives. What an owner that was killed has left, the next one removes: a directory of this
    name with nothing but a socket in it.
    """

    _PREFIX = "llmac-bridge-"

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir())
        for left in parent.glob(f"{self._PREFIX}*"):
            _remove_if_abandoned(left)
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=self._PREFIX, dir=parent))
            self._lock = os.open(self.path, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            if self.path.exists():  # nobody took it for abandoned before it was locked
                break
            os.close(self._lock)

    def remove(self) -> None:
        """Remove it with what is in it; may be called again."""
        if self._lock >= 0:
            _remove(self.path)
            os.close(self._lock)
            self._lock = -1


def _remove_if_abandoned(directory: Path) -> None:
    with suppress(OSError):  # another user's, or just being removed by its owner
        if directory.stat().st_uid != os.getuid():
            return
        lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(directory)
        finally:
            os.close(lock)


def _remove(directory: Path) -> None:
    """Remove the socket and the directory, and nothing that somebody else may have put there."""
    with suppress(OSError):
        (directory / SOCKET).unlink(missing_ok=True)
        directory.rmdir()


def _check_loopback(address: str) -> None:
    if urlsplit(address).hostname not in {"127.0.0.1", "::1"} or not address.startswith("tcp://"):
        raise AddressError(
            f"{address}: the bridge listens on this machine only; give tcp://127.0.0.1:* or no address, for ipc"
        )
