# SPDX-License-Identifier: MIT
"""The real cell, driven by hand frame by frame: what docs/wire.md promises of it."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmac.bridge.envs.batch import lay_out
from llmac.bridge.errors import HandshakeError
from llmac.bridge.launch.local import LocalCell, LocalLauncher
from llmac.bridge.scenario import load
from llmac.bridge.session import Session
from llmac.bridge.wire import frame
from llmac.bridge.wire.column import write
from llmac.bridge.wire.transport import Listener
from llmac.v1 import scenario_pb2, wire_pb2
from llmac.v1.digest import SCHEMA_DIGEST

SESSION = 77
SCENARIOS = [load("paper", {"ttis": 4}), load("near-far", {"ttis": 4, "churn": [{"tti": 1, "leave": [0], "join": 1}]})]
Change = Callable[[wire_pb2.Message], object]


class RawCell:
    """A cell and the socket that it is connected to; `ask` sends what it is told to."""

    def __init__(self, executable: Path) -> None:
        self.listener = Listener()
        self.peer: LocalCell = LocalLauncher([str(executable)]).start(self.listener.endpoint, SESSION, 0)
        self.listener.watch(self.peer.fileno())
        self.sequence = 0

    def close(self) -> None:
        self.peer.stop(0.0)
        self.listener.close()

    def send(self, message: wire_pb2.Message, sequence: int | None = None, session: int = SESSION) -> None:
        """Send with the next sequence, or another one."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        self.send_bytes(frame.encode(session, sequence, message.SerializeToString()))

    def send_bytes(self, data: bytes) -> None:
        assert self.listener.send(b"cell-0", data)

    def receive_bytes(self) -> bytes:
        end = monotonic() + 10
        while (arrival := self.listener.receive(end - monotonic())) is None:
            assert monotonic() < end, "the cell does not answer"
            assert not self.listener.ended(), f"{self.peer.ended()}: {self.peer.log()}"
        return arrival[1]

    def receive(self, sequence: int | None = None) -> wire_pb2.Message:
        arrived = frame.decode(self.receive_bytes())
        assert arrived.session == SESSION
        assert arrived.sequence == (self.sequence if sequence is None else sequence)
        return wire_pb2.Message.FromString(arrived.payload)

    def ask(self, message: wire_pb2.Message) -> wire_pb2.Message:
        self.send(message)
        return self.receive()

    def greet(self) -> wire_pb2.Hello:
        hello = self.receive(0).hello
        self.send(wire_pb2.Message(welcome=wire_pb2.Welcome()), 0)
        return hello


@pytest.fixture
def raw(cell: Path) -> Generator[RawCell]:
    opened = RawCell(cell)
    yield opened
    opened.close()


@pytest.fixture
def greeted(raw: RawCell) -> RawCell:
    raw.greet()
    return raw


def reset() -> wire_pb2.Message:
    (block,) = lay_out(SCENARIOS, 1, None, privileged=True, bound=True).blocks
    return wire_pb2.Message.FromString(block.reset(np.array([1, 2], np.uint64)))


def lead(tti: int) -> wire_pb2.Message:
    return wire_pb2.Message(
        leader_action=wire_pb2.LeaderAction(
            tti=tti,
            dcm_count=write(np.array([2, 1]), np.uint32),
            dcm_ue=write(np.array([0, 3, 2]), np.uint32),
            dcm_code=write(np.array([1, 2, 3]), np.uint16),
        )
    )


def follow(tti: int) -> wire_pb2.Message:
    return wire_pb2.Message(follower_action=wire_pb2.FollowerAction(tti=tti, action=write(np.arange(12), np.uint16)))


def episode(cell: RawCell) -> list[wire_pb2.Message]:
    return [cell.ask(reset()), *(cell.ask(request(tti)) for tti in range(4) for request in (lead, follow))]


def refused(cell: RawCell, request: wire_pb2.Message, code: str) -> None:
    """Check that a request is refused in a sentence."""
    reply = cell.ask(request)
    assert reply.WhichOneof("body") == "fault", reply
    assert wire_pb2.FaultCode.Name(reply.fault.code) == f"FAULT_{code}", reply.fault.reason
    assert len(reply.fault.reason) > 10
    assert "\n" not in reply.fault.reason


def test_hello_tells_who_the_cell_is(raw: RawCell) -> None:
    hello = raw.greet()
    assert hello.schema_digest == SCHEMA_DIGEST
    assert hello.ns3_version.startswith("3.")
    assert hello.cell_version
    assert raw.ask(reset()).leader_observation.tti == 0


def test_close_is_answered_and_the_cell_exits_with_0(greeted: RawCell) -> None:
    assert greeted.ask(wire_pb2.Message(close=wire_pb2.Close())).HasField("closed")
    assert select.select([greeted.peer], [], [], 2)[0]
    assert greeted.peer.ended() == "the process exited with 0"
    assert greeted.peer.log() == ""


def test_a_refused_cell_prints_the_reason_and_exits_with_3(raw: RawCell) -> None:
    raw.receive(0)
    raw.send(wire_pb2.Message(refusal=wire_pb2.Refusal(reason="the schema is another one.")), 0)
    assert select.select([raw.peer], [], [], 2)[0]
    assert raw.peer.ended() == "the process exited with 3"
    assert "the schema is another one." in raw.peer.log()


def test_another_schema_is_refused_in_words(cell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmac.bridge.wire.handshake.SCHEMA_DIGEST", "f" * 64)
    words = (
        rf"the cell \S+ was built from schema {SCHEMA_DIGEST[:12]} and this llmac from ffffffffffff; install the llmac"
    )
    with pytest.raises(HandshakeError, match=words) as caught:
        Session(LocalLauncher([str(cell)]))
    assert "was built from schema" in caught.value.log


def test_python_of_another_schema_is_refused_by_the_cell(raw: RawCell) -> None:
    raw.receive(0)
    raw.send(wire_pb2.Message(welcome=wire_pb2.Welcome(schema_digest="f" * 64)), 0)
    assert select.select([raw.peer], [], [], 2)[0]
    assert raw.peer.ended() == "the process exited with 3"
    assert f"from schema ffffffffffff and this cell from {SCHEMA_DIGEST[:12]}; install" in raw.peer.log()


@pytest.mark.parametrize("version", [0, 2])
def test_another_protocol_version_ends_the_cell_in_words(raw: RawCell, version: int) -> None:
    raw.receive(0)
    whole = bytearray(frame.encode(SESSION, 0, wire_pb2.Message(welcome=wire_pb2.Welcome()).SerializeToString()))
    whole[4] = version
    raw.send_bytes(bytes(whole))
    assert select.select([raw.peer], [], [], 2)[0]
    assert raw.peer.ended() == "the process exited with 3"
    assert f"protocol version 1, not {version}" in raw.peer.log()


def test_a_cell_that_is_stopped_between_requests_is_disconnected(greeted: RawCell) -> None:
    assert greeted.listener.receive(0.7) is None  # its first heartbeat promises another one within 2 s
    os.kill(greeted.peer.pid, signal.SIGSTOP)
    end = monotonic() + 2 + 2
    while greeted.listener.send(b"cell-0", b""):
        assert monotonic() < end
        greeted.listener.receive(0.1)


def test_a_repeated_request_gets_the_same_answer_and_time_stands_still(greeted: RawCell) -> None:
    expected = episode(greeted)
    replies: list[wire_pb2.Message] = []
    for request in (reset(), *(step(tti) for tti in range(4) for step in (lead, follow))):
        greeted.send(request)
        first = greeted.receive_bytes()
        for _ in range(2):
            greeted.send(request, greeted.sequence)
            assert greeted.receive_bytes() == first
        replies.append(wire_pb2.Message.FromString(frame.decode(first).payload))
    assert replies == expected


def test_an_older_request_is_dropped(greeted: RawCell) -> None:
    expected = episode(greeted)
    replies = [greeted.ask(reset())]
    for tti in range(4):
        for step in (lead, follow):
            greeted.send(wire_pb2.Message(close=wire_pb2.Close()), greeted.sequence - 1)
            replies.append(greeted.ask(step(tti)))
    assert replies == expected


def test_a_damaged_request_is_refused_and_changes_nothing(greeted: RawCell) -> None:
    expected = episode(greeted)
    replies = [greeted.ask(reset())]
    for tti in range(4):
        whole = frame.encode(SESSION, greeted.sequence + 1, lead(tti).SerializeToString())
        damages = (whole[:-1] + bytes([whole[-1] ^ 4]), whole[:-5], whole[:9], b"", whole + b"x", b"JUNK" + whole[4:])
        for damaged in damages:
            greeted.send_bytes(damaged)
            fault = wire_pb2.Message.FromString(frame.decode(greeted.receive_bytes()).payload).fault
            assert fault.code == wire_pb2.FAULT_BAD_FRAME
        greeted.send(lead(tti), greeted.sequence + 1, session=SESSION + 1)
        assert greeted.receive(greeted.sequence + 1).fault.code == wire_pb2.FAULT_BAD_FRAME
        replies += [greeted.ask(lead(tti)), greeted.ask(follow(tti))]
    assert replies == expected


def changed(request: wire_pb2.Message, change: Change) -> wire_pb2.Message:
    message = wire_pb2.Message.FromString(request.SerializeToString())
    change(message)
    return message


def column(values: list[int], scalar: type[np.generic]) -> wire_pb2.Column:
    return write(np.array(values), scalar)


BAD_LEADER_ACTIONS: list[tuple[str, Change]] = [
    ("BAD_COLUMN", lambda m: m.leader_action.ClearField("dcm_count")),
    ("BAD_COLUMN", lambda m: m.leader_action.dcm_count.CopyFrom(column([2, 1], np.uint16))),
    ("BAD_COLUMN", lambda m: m.leader_action.dcm_count.CopyFrom(column([3], np.uint32))),
    ("BAD_COLUMN", lambda m: m.leader_action.dcm_count.CopyFrom(column([2, 2], np.uint32))),
    ("BAD_COLUMN", lambda m: m.leader_action.dcm_count.CopyFrom(column([2**32 - 1, 4], np.uint32))),
    ("BAD_COLUMN", lambda m: setattr(m.leader_action.dcm_ue, "length", 2)),
    ("BAD_COLUMN", lambda m: setattr(m.leader_action.dcm_ue, "length", 2**32 - 1)),
    ("BAD_COLUMN", lambda m: setattr(m.leader_action.dcm_code, "data", b"\0" * 5)),
    ("BAD_COLUMN", lambda m: setattr(m.leader_action.dcm_code, "dtype", 99)),
    ("BAD_CODE", lambda m: m.leader_action.dcm_code.CopyFrom(column([1, 6, 1], np.uint16))),
    ("BAD_CODE", lambda m: m.leader_action.dcm_code.CopyFrom(column([1, 1, 10], np.uint16))),
    ("BAD_CODE", lambda m: m.leader_action.dcm_ue.CopyFrom(column([0, 4, 2], np.uint32))),
    ("BAD_CODE", lambda m: m.leader_action.dcm_ue.CopyFrom(column([0, 2**32 - 1, 2], np.uint32))),
    ("BAD_CODE", lambda m: m.leader_action.dcm_ue.CopyFrom(column([3, 0, 2], np.uint32))),
    ("BAD_CODE", lambda m: m.leader_action.dcm_ue.CopyFrom(column([3, 3, 2], np.uint32))),
    ("OUT_OF_TURN", lambda m: setattr(m.leader_action, "tti", 2)),
    ("OUT_OF_TURN", lambda m: m.follower_action.CopyFrom(follow(1).follower_action)),
    ("OUT_OF_TURN", lambda m: m.welcome.SetInParent()),
    ("OUT_OF_TURN", lambda m: m.ClearField("leader_action")),
]
BAD_FOLLOWER_ACTIONS: list[tuple[str, Change]] = [
    ("BAD_COLUMN", lambda m: m.follower_action.ClearField("action")),
    ("BAD_COLUMN", lambda m: m.follower_action.action.CopyFrom(column([0] * 11, np.uint16))),
    ("BAD_COLUMN", lambda m: m.follower_action.action.CopyFrom(column([0] * 12, np.uint32))),
    ("BAD_COLUMN", lambda m: setattr(m.follower_action.action, "length", 13)),
    ("BAD_CODE", lambda m: m.follower_action.action.CopyFrom(column([32] + [0] * 11, np.uint16))),
    ("BAD_CODE", lambda m: m.follower_action.action.CopyFrom(column([0] * 11 + [48], np.uint16))),
    ("OUT_OF_TURN", lambda m: setattr(m.follower_action, "tti", 0)),
    ("OUT_OF_TURN", lambda m: m.leader_action.CopyFrom(lead(1).leader_action)),
]
BAD_RESETS: list[tuple[str, Change]] = [
    ("BAD_COLUMN", lambda m: m.reset.seed.CopyFrom(column([1], np.uint64))),
    ("BAD_COLUMN", lambda m: m.reset.seed.CopyFrom(column([1, 2], np.uint32))),
    ("BAD_COLUMN", lambda m: (m.reset.ClearField("seed"), m.reset.scenario_index.CopyFrom(column([], np.uint32)))),
    ("BAD_CODE", lambda m: m.reset.scenario_index.CopyFrom(column([0, 2], np.uint32))),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "ttis", 5)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "ttis", 0)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "rbgs", 0)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "rbgs", 2**32 - 1)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "ues", 2**32 - 1)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0], "buffer_capacity", 0)),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[0].ClearField("vocabulary")),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[0].ClearField("error_model")),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0].traffic.bernoulli, "probability", 1.5)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[0].traffic.bernoulli, "probability", float("nan"))),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[1].radio, "mcs", 29)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[1].radio, "numerology", 1)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[1].control, "loss_probability", -0.1)),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[1].churn[0].leave.append(99)),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[1].channel[0], "type_id", "ns3::NoSuchModel")),
    ("BAD_SCENARIO", lambda m: setattr(m.reset.scenarios[1].channel[0], "type_id", "ns3::Node")),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[1].channel[0].attributes.update({"NoSuch": "1"})),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[1].channel[0].attributes.update({"Exponent": "much"})),
    ("BAD_SCENARIO", lambda m: m.reset.scenarios[1].channel.append(scenario_pb2.ModelSpec())),
]


def test_malformed_requests_are_refused_and_change_nothing(greeted: RawCell) -> None:
    """All of them, before each step of TTI 1, in one episode that then ends as the undisturbed one does."""
    expected = episode(greeted)
    replies = [greeted.ask(reset()), greeted.ask(lead(0)), greeted.ask(follow(0))]
    for bad, good in ((BAD_LEADER_ACTIONS, lead(1)), (BAD_FOLLOWER_ACTIONS, follow(1))):
        for code, change in bad:
            refused(greeted, changed(good, change), code)
        for code, change in BAD_RESETS:
            refused(greeted, changed(reset(), change), code)
        replies.append(greeted.ask(good))
    replies += [greeted.ask(step(tti)) for tti in (2, 3) for step in (lead, follow)]
    assert replies == expected
    refused(greeted, lead(4), "OUT_OF_TURN")  # the episode is over


def test_nothing_but_reset_and_close_is_taken_before_an_episode(greeted: RawCell) -> None:
    refused(greeted, lead(0), "OUT_OF_TURN")
    refused(greeted, follow(0), "OUT_OF_TURN")
    for code, change in BAD_RESETS:
        refused(greeted, changed(reset(), change), code)
    assert greeted.ask(reset()).leader_observation.tti == 0


def test_the_example_of_the_specification_runs() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "wire.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "the process exited with 0" in done.stdout


columns = st.builds(
    wire_pb2.Column,
    dtype=st.sampled_from([0, 2, 3]),
    length=st.sampled_from([0, 1, 2, 3, 12, 2**32 - 1]),
    data=st.sampled_from([b"", b"\1\0", b"\1\0\0\0" * 2, b"\0" * 12, b"\2\0\0\0\1\0\0\0", b"\1\0\2\0\3\0"])
    | st.binary(max_size=48),
)
actions = st.builds(
    wire_pb2.LeaderAction, tti=st.sampled_from([0, 1, 2**32 - 1]), dcm_count=columns, dcm_ue=columns, dcm_code=columns
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(actions)
def test_whatever_a_leader_sends_is_answered(greeted: RawCell, action: wire_pb2.LeaderAction) -> None:
    assert greeted.ask(reset()).HasField("leader_observation")
    reply = greeted.ask(wire_pb2.Message(leader_action=action))
    if reply.HasField("fault"):
        assert greeted.ask(lead(0)).follower_observation.tti == 0
    else:
        assert reply.follower_observation.tti == 0


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=100))
def test_any_payload_is_answered(greeted: RawCell, payload: bytes) -> None:
    greeted.sequence += 1
    greeted.send_bytes(frame.encode(SESSION, greeted.sequence, payload))
    assert greeted.receive().WhichOneof("body") == "fault"
