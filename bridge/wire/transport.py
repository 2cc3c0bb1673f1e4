# SPDX-License-Identifier: MIT
"""The socket that all cell processes of a session share: a ROUTER, bound by Python, with every limit set.

libzmq's defaults wait for ever, buffer without limit and drop silently; none of them is left in place.
"""

import errno
import fcntl
import os
import struct
import tempfile
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import zmq
from zmq.auth.thread import ThreadAuthenticator

from llmac.bridge.errors import AddressError
from llmac.bridge.wire.frame import MAX_FRAME_BYTES
from llmac.bridge.wire.keys import ServerKeys

HANDSHAKE_TIMEOUT_MS = 2000
"""Until a peer that connects has said what ZeroMQ has to know of it."""
HIGH_WATER_MARK = 64
"""Frames queued in each direction for each peer; the conversation needs one, and a few for what is repeated."""
SEND_TIMEOUT_MS = 1000
PATIENCE_MS = 20
"""How long a receive blocks in libzmq itself, which takes a third of the time that a poll and a receive take."""
_PATIENCE_S: Final = PATIENCE_MS / 1000
SOCKET = "cells"
"""File name of an ipc socket."""

_OPTIONS = {
    zmq.LINGER: 0,
    zmq.SNDTIMEO: SEND_TIMEOUT_MS,
    zmq.RCVTIMEO: PATIENCE_MS,
    zmq.SNDHWM: HIGH_WATER_MARK,
    zmq.RCVHWM: HIGH_WATER_MARK,
    zmq.MAXMSGSIZE: MAX_FRAME_BYTES,
    # No heartbeats: the cells send theirs, each with the time until the next one, and libzmq's thread answers while
    # Python computes. A heartbeat of libzmq 4.3.5 to a peer that is gone, but was not read to its end (its name was
    # taken over, or it filled its queue), ends this process: "Assertion failed: !_io_error".
    zmq.HANDSHAKE_IVL: HANDSHAKE_TIMEOUT_MS,
    zmq.ROUTER_MANDATORY: 1,  # a frame to a peer that is not there is an error
    zmq.ROUTER_HANDOVER: 1,  # a process that was started again takes over the name of its predecessor
}

# Flags as plain integers, which are combined in no time.
_MORE: Final = int(zmq.SNDMORE)
_AT_ONCE: Final = int(zmq.NOBLOCK)
_EVENT = struct.Struct("=HI")
_NO_KEYS = "a cell without keys, or somebody else who knows nothing of them, was turned away"
_FAILURES: dict[int, str] = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "a cell whose key is not in the folder clients/ was turned away",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "a cell with another server.key was turned away",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: _NO_KEYS,
}
"""Events of the socket's monitor, and what they mean, a clause."""


class Listener:
    """Binds, and exchanges frames with the peers that connect.

    Args:
        address: None for ipc in a new directory that only this user can enter, or "tcp://127.0.0.1:*" (any free port),
            or "tcp://127.0.0.1:PORT", or with keys "tcp://ADDRESS:PORT" of another interface.
        keys: for CURVE; only cells with one of its `clients` keys may then connect.

    Raises:
        AddressError: the address can be reached from elsewhere and there are no keys, or it cannot be bound.
    """

    def __init__(self, address: str | None = None, keys: ServerKeys | None = None) -> None:
        if address is not None:
            _check_address(address, keys)
        self._directory = PrivateDirectory() if address is None else None
        self._context = zmq.Context()
        self._authenticator = _authenticate(self._context, keys) if keys else None
        self._socket = self._context.socket(zmq.ROUTER)
        # What pyzmq's own `send` calls when a message needs nothing else, which takes longer to find out than to send.
        self._send = super(zmq.Socket, self._socket).send
        for option, value in _OPTIONS.items():
            self._socket.setsockopt(option, value)
        self._socket.setsockopt(zmq.IPV6, "[" in (address or ""))
        if keys:
            self._socket.setsockopt(zmq.CURVE_SERVER, 1)
            self._socket.setsockopt(zmq.CURVE_SECRETKEY, keys.secret)
        self._monitor = self._socket.get_monitor_socket(sum(_FAILURES))
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
        """Let `receive` return when this descriptor becomes readable, too."""
        self._poller.register(descriptor, zmq.POLLIN)

    def unwatch(self, descriptor: int) -> None:
        """Undo `watch`; harmless when there is nothing to undo."""
        with suppress(KeyError):
            self._poller.unregister(descriptor)

    def receive(self, timeout_s: float = 0.0) -> tuple[bytes, bytes] | None:
        """Take the next frame, with the routing id of its peer.

        Returns:
            None when none came within the time, or a watched descriptor became readable, which is noticed within
            PATIENCE_MS.
        """
        if timeout_s > _PATIENCE_S:
            arrival = self._take(0)
            if arrival is not None:
                return arrival
            timeout_s -= _PATIENCE_S
        self._poller.poll(max(0, ceil(timeout_s * 1000)))
        return self._take(_AT_ONCE)

    def ended(self) -> bool:
        """Whether a watched descriptor is readable now."""
        return any(source is not self._socket for source, _ in self._poller.poll(0))

    def send(self, peer: bytes, frame: bytes) -> bool:
        """Send a frame; False when the peer is not connected, or takes nothing."""
        try:
            self._send(peer, _MORE)
            self._send(frame)
        except zmq.ZMQError as error:
            if error.errno in {errno.EHOSTUNREACH, errno.EAGAIN}:
                return False
            raise
        return True

    def _take(self, flags: int) -> tuple[bytes, bytes] | None:
        socket = self._socket
        try:
            peer, frame = socket.recv(flags), socket.recv(copy=False)
        except zmq.Again:
            return None
        if not frame.more:
            return peer, frame.bytes
        while socket.getsockopt(zmq.RCVMORE):
            socket.recv()
        return peer, b""  # a message of several parts is no frame, and nothing is none either: its decoder says so

    def failed_handshake(self) -> str:
        """Why somebody who came was turned away since this was last asked, a clause; empty when nobody was."""
        clause = ""
        while self._monitor.poll(0):
            event, value = _EVENT.unpack(self._monitor.recv_multipart()[0])
            clause = _NO_KEYS if value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH else _FAILURES[event]
        return clause

    def close(self) -> None:
        """Close the socket and leave nothing behind; may be called again."""
        if not self._context.closed:
            self._socket.disable_monitor()
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None
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
            # Until it is locked, another process may take it for abandoned: then a new one is made.
            try:
                self._lock = os.open(self.path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            if self.path.exists():
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


def _check_address(address: str, keys: ServerKeys | None) -> None:
    if not address.startswith("tcp://"):
        raise AddressError(f"{address} is no address to listen on; give tcp://127.0.0.1:* or none, for ipc")
    if urlsplit(address).hostname not in {"127.0.0.1", "::1"} and keys is None:
        raise AddressError(
            f"{address} can be reached from other machines and needs keys, which `llmac keys` makes; without keys the "
            "bridge listens on this machine only: give tcp://127.0.0.1:* or no address, for ipc"
        )


class _Allowed:
    """Tells pyzmq's authenticator which keys may come in."""

    def __init__(self, keys: ServerKeys) -> None:
        self._keys = keys

    def callback(self, domain: str, key: bytes) -> bool:  # noqa: ARG002 (pyzmq's signature)
        return key in self._keys.clients


def _authenticate(context: "zmq.Context[zmq.Socket[bytes]]", keys: ServerKeys) -> ThreadAuthenticator:
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(credentials_provider=_Allowed(keys))
    return authenticator
