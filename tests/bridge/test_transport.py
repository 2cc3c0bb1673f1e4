# SPDX-License-Identifier: MIT
"""The socket, and the directory of the ipc socket: private, gone afterwards, and nobody else's is touched."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import zmq

from llmac.bridge.wire.transport import Listener, PrivateDirectory


def test_only_the_user_can_enter() -> None:
    listener = Listener()
    directory = Path(listener.endpoint.removeprefix("ipc://")).parent
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert directory.stat().st_uid == os.getuid()
    listener.close()
    assert not directory.exists()
    listener.close()  # a second time is harmless


def test_what_a_killed_owner_left_is_swept_and_what_is_in_use_or_not_ours_stays() -> None:
    temporary = Path(tempfile.gettempdir())
    abandoned, kept, other = (temporary / name for name in ("llmac-bridge-dead", "llmac-bridge-notes", "llmac-results"))
    for directory in (abandoned, kept, other):
        directory.mkdir()
    (abandoned / "cells").touch()
    (kept / "notes.txt").touch()
    first = PrivateDirectory()
    second = PrivateDirectory()
    assert sorted(temporary.iterdir()) == sorted([first.path, second.path, kept, other])
    second.remove()
    first.remove()
    (kept / "notes.txt").unlink()
    kept.rmdir()
    other.rmdir()


def test_a_peer_whose_name_was_taken_and_that_leaves_harms_nobody() -> None:
    """In a process of its own: libzmq would abort it, half a second later, if the socket sent heartbeats."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import test_transport; test_transport.take_a_name()"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def take_a_name() -> None:
    listener = Listener()
    with zmq.Context() as elsewhere:
        peers: list[zmq.Socket[bytes]] = []
        for data in (b"first", b"second"):
            peer = elsewhere.socket(zmq.DEALER)
            peer.setsockopt(zmq.ROUTING_ID, b"cell-0")
            peer.connect(listener.endpoint)
            peer.send(data)
            assert listener.receive(10.0) == (b"cell-0", data)
            peers.append(peer)
        peers[0].send(b"is read no more")
        peers[0].close()
        assert listener.receive(1.5) is None
        peers[1].close()
    listener.close()
