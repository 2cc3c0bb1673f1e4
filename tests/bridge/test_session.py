# SPDX-License-Identifier: MIT
"""Sessions against a peer that misbehaves in one way: each fault ends in the right error, or is healed, in time."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from llmac.bridge.errors import (
    AddressError,
    BridgeError,
    CellCrashError,
    CellMissingError,
    DeadlineError,
    FrameError,
    HandshakeError,
)
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.session import Deadlines, Session
from llmac.bridge.step import Step
from llmac.bridge.wire import frame
from llmac.v1 import wire_pb2

DEADLINES = Deadlines(handshake_s=10.0, reset_s=1.0, phase_s=1.0, close_s=1.0)
RESET = wire_pb2.Message(reset=wire_pb2.Reset()).SerializeToString()
LEAD = wire_pb2.Message(leader_action=wire_pb2.LeaderAction()).SerializeToString()


def launcher(fault: str) -> LocalLauncher:
    return LocalLauncher([sys.executable, str(Path(__file__).with_name("peer.py")), fault])


@contextmanager
def session(
    fault: str, processes: int = 1, address: str | None = None, deadlines: Deadlines = DEADLINES
) -> Generator[Session]:
    opened = Session(launcher(fault), processes, address, deadlines)
    try:
        yield opened
    finally:
        opened.close()
        opened.close()  # a second time is harmless


def exchange(opened: Session) -> list[wire_pb2.Message]:
    return read(opened.exchange(Step("reset"), [RESET] * opened.processes, "leader_observation", DEADLINES.reset_s))


def read(replies: list[bytes]) -> list[wire_pb2.Message]:
    return [wire_pb2.Message.FromString(reply) for reply in replies]


@pytest.mark.parametrize("address", [None, "tcp://127.0.0.1:*"])
def test_a_sound_peer(address: str | None) -> None:
    with session("sound", processes=2, address=address) as opened:
        assert opened.ns3_version == "3.37"
        assert [reply.leader_observation.done for reply in exchange(opened)] == [True, True]
        replies = read(opened.exchange(Step("leader phase", 7), [LEAD] * 2, "follower_observation", 1.0))
        assert [reply.follower_observation.tti for reply in replies] == [7, 7]


@pytest.mark.parametrize("fault", ["damaged-once", "lost-once", "duplicated", "stale-first"])
def test_what_can_be_healed_is(fault: str) -> None:
    with session(fault) as opened:
        for _ in range(3):
            assert exchange(opened)[0].leader_observation.done


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("damaged-always", FrameError, "the CRC of a frame is wrong"),
        ("truncated", FrameError, "states a payload of"),
        ("empty", FrameError, "shorter than its header"),
        ("no-message", FrameError, "no message of this schema"),
        ("other-body", FrameError, "it answered with hello instead of leader_observation"),
        ("silent", DeadlineError, "no answer within 1 s"),
        ("other-session", DeadlineError, "a frame of session .* was dropped"),
        ("oversized", DeadlineError, "no answer within 1 s"),
        ("dies", CellCrashError, "exited with 1"),
    ],
)
def test_a_fault_of_a_step(fault: str, error: type[BridgeError], words: str) -> None:
    with session(fault) as opened:
        begin = monotonic()
        with pytest.raises(error, match=words) as caught:
            exchange(opened)
        assert monotonic() - begin < DEADLINES.reset_s + 1
        assert caught.value.step == "reset"
        assert caught.value.peer.startswith("cell 0 (process ")
        with pytest.raises(CellCrashError, match="reset starts a new one"):
            exchange(opened)


@pytest.mark.parametrize("silently", [False, True])
def test_a_failed_process_is_started_again(silently: bool) -> None:
    with session("sound", processes=2) as opened:
        exchange(opened)
        victim = next(iter(children()))
        os.kill(victim, signal.SIGKILL)
        if not silently:
            with pytest.raises(CellCrashError, match="the process was ended by SIGKILL"):
                exchange(opened)
        else:
            os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
        opened.restore()
        assert len(exchange(opened)) == 2


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()]


def test_the_log_of_a_crashed_process_is_in_the_error(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("peer.py")), "dies"]
    opened = Session(LocalLauncher(command, log_dir=tmp_path), deadlines=DEADLINES)
    with pytest.raises(CellCrashError, match="peer: a fault in the simulation"):
        exchange(opened)
    opened.close()
    assert (tmp_path / "cell-0.log").read_text() == "peer: a fault in the simulation\n"


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("older", HandshakeError, "protocol version 0 and this llmac speaks version 1"),
        ("newer", HandshakeError, "protocol version 2 and this llmac speaks version 1"),
        ("other-digest", HandshakeError, "was built from schema 000000000000"),
        ("hello-missing", HandshakeError, "began with closed instead of hello"),
        ("hello-flipped", FrameError, "the CRC of a frame is wrong"),
        ("hello-other-session", DeadlineError, "a frame of session .* was dropped"),
        ("hello-silent", DeadlineError, "no answer within 2 s"),
        ("dies-at-start", CellCrashError, "exited with 1\npeer: no memory for the cell"),
    ],
)
def test_a_fault_of_the_handshake(fault: str, error: type[BridgeError], words: str) -> None:
    begin = monotonic()
    with pytest.raises(error, match=words) as caught:
        Session(launcher(fault), deadlines=Deadlines(handshake_s=2.0, close_s=1.0))
    assert monotonic() - begin < 3
    assert caught.value.step == "handshake"


@pytest.mark.parametrize("fault", ["older", "newer", "other-digest"])
def test_a_refused_peer_is_told_why(fault: str) -> None:
    with pytest.raises(HandshakeError, match="peer: refused: the cell"):
        Session(launcher(fault), deadlines=DEADLINES)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        *((f"tcp://{host}:5555", "listens on this machine only") for host in ("[::]", "*", "192.0.2.1")),
        *((address, "is no address to listen on") for address in ("ipc:///x", "127.0.0.1")),
    ],
)
def test_an_address_beyond_this_machine_is_refused(address: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        Session(launcher("sound"), address=address)


def test_an_address_in_use_is_refused() -> None:
    with session("sound", address="tcp://127.0.0.1:*") as opened:
        taken = opened._listener.endpoint  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(AddressError, match=r"cannot be bound: Address already in use"):
            Session(launcher("sound"), address=taken)


def test_a_missing_executable_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMAC_CELL", str(tmp_path / "none"))
    with pytest.raises(CellMissingError, match=r"no executable file; build it with `cmake -S ns3_module"):
        LocalLauncher()
    with pytest.raises(CellMissingError, match="cannot be started: No such file"):
        Session(LocalLauncher([str(tmp_path / "none")]))


def test_the_last_reference_ends_the_processes() -> None:
    opened = Session(launcher("sound"), deadlines=DEADLINES)
    del opened  # the fixture looks for what is left


def test_a_request_that_is_too_large_is_not_sent() -> None:
    with session("sound") as opened:
        too_much = bytes(frame.MAX_FRAME_BYTES)
        with pytest.raises(FrameError, match=r"not sent: a frame of \d+ bytes is longer than the limit of 67108864"):
            opened.exchange(Step("reset"), [too_much], "leader_observation", DEADLINES.reset_s)
        assert exchange(opened)[0].leader_observation.done


def test_a_session_survives_a_successor_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with session("sound", processes=2) as opened:
        os.kill(children()[0], signal.SIGKILL)
        with pytest.raises(CellCrashError):
            exchange(opened)
        monkeypatch.setattr("llmac.bridge.wire.handshake.SCHEMA_DIGEST", "f" * 64)
        with pytest.raises(HandshakeError):
            opened.restore()
        monkeypatch.undo()
        opened.restore()
        assert len(exchange(opened)) == 2
