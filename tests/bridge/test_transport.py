# SPDX-License-Identifier: MIT
"""The socket that cells share, and its directory: private, gone afterwards, and nobody else's is touched."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import zmq

from llmac.bridge.wire.transport import PATIENCE_MS, Listener, PrivateDirectory


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


@pytest.mark.parametrize("taken", ["before it is opened", "before it is locked"])
def test_a_directory_that_another_process_took_for_abandoned_is_made_anew(
    taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process comes between two calls of this one, once."""
    module, name = (tempfile, "mkdtemp") if taken == "before it is opened" else (os, "open")
    call: Callable[..., Any] = getattr(module, name)

    def and_then_it_is_taken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(module, name, call)
        result = call(*args, **kwargs)
        (directory,) = Path(tempfile.gettempdir()).iterdir()
        directory.rmdir()
        return result

    monkeypatch.setattr(module, name, and_then_it_is_taken)
    directory = PrivateDirectory()
    assert [directory.path] == list(Path(tempfile.gettempdir()).iterdir())
    directory.remove()


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


@contextmanager
def connected() -> Generator[tuple[Listener, "zmq.Socket[bytes]"]]:
    """A listener and a peer that has said hello."""
    listener = Listener()
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.setsockopt(zmq.LINGER, 0)
        peer.setsockopt(zmq.ROUTING_ID, b"peer")
        peer.connect(listener.endpoint)
        peer.send(b"hello")
        assert listener.receive(10.0) == (b"peer", b"hello")
        yield listener, peer
    listener.close()


@pytest.mark.parametrize("timeout_s", [0.0, PATIENCE_MS / 2000, PATIENCE_MS / 500])
def test_a_receive_ends_when_its_time_is_over(timeout_s: float) -> None:
    with connected() as (listener, _):
        begin = monotonic()
        assert listener.receive(timeout_s) is None
        assert timeout_s <= monotonic() - begin < timeout_s + 1


@pytest.mark.parametrize("timeout_s", [0.0, 10.0])
def test_a_descriptor_that_becomes_readable_ends_a_receive_but_what_has_come_is_taken_first(timeout_s: float) -> None:
    reader, writer = os.pipe()
    with connected() as (listener, peer):
        listener.watch(reader)
        assert not listener.ended()
        peer.send(b"last words")
        peer.send(b"")
        assert listener.receive(10.0) == (b"peer", b"last words")
        os.close(writer)
        assert listener.ended()
        assert listener.receive(10.0) == (b"peer", b"")
        begin = monotonic()
        assert listener.receive(timeout_s) is None
        assert monotonic() - begin < 1
        listener.unwatch(reader)
        assert not listener.ended()
    os.close(reader)


def test_a_message_of_several_parts_is_no_frame_and_hides_none() -> None:
    with connected() as (listener, peer):
        peer.send_multipart([b"one", b"two", b"three"])
        peer.send(b"a frame")
        assert listener.receive(10.0) == (b"peer", b"")
        assert listener.receive(10.0) == (b"peer", b"a frame")


def test_a_peer_that_is_not_there_is_told() -> None:
    with connected() as (listener, peer):
        assert not listener.send(b"another", b"a frame")
        assert listener.send(b"peer", b"a frame")
        assert peer.poll(10_000)
        assert peer.recv() == b"a frame"
