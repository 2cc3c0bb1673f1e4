# SPDX-License-Identifier: MIT
"""`--log-wire`: every frame is in the file, `llmac wire` prints it, and nothing that happens to the file matters."""

import re
from pathlib import Path

import numpy as np
import pytest
from playing import play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import AddressError, LlmacError
from llmac.bridge.scenario import load
from llmac.bridge.wire import frame, log
from llmac.bridge.wire.column import write
from llmac.bridge.wire.describe import Describer
from llmac.bridge.wire.log import Record, WireLog, read
from llmac.v1 import wire_pb2

pytestmark = pytest.mark.usefixtures("cell")

SCENARIOS = [
    load("paper", {"ttis": 4}),
    load("near-far", {"ttis": 4, "vocabulary": {"kind": "opaque", "symbols": 3}}),
]


def described(path: Path) -> str:
    describer = Describer()
    return "\n".join(line for record in read(path) for line in describer.lines(record))


@pytest.mark.parametrize("processes", [1, 2])
def test_every_frame_is_logged_and_printed(processes: int, tmp_path: Path) -> None:
    path = tmp_path / "wire.log"
    with ColumnEnv(SCENARIOS, processes=processes) as env:
        expected = play(env, [1, 2])
    with ColumnEnv(SCENARIOS, processes=processes, log_wire=path) as env:
        assert play(env, [1, 2]) == expected
    records = list(read(path))
    sent = [record for record in records if not record.from_cell]
    assert len(sent) == processes * (1 + 1 + 2 * 4 + 1)  # welcome, reset, two phases for each TTI, close
    assert len(records) == 2 * len(sent)
    assert [record.time_ns for record in records] == sorted(record.time_ns for record in records)
    text = described(path)
    assert "damaged" not in text
    for name in ("Hello", "Reset", "LeaderObservation of TTI 4", "FollowerAction of TTI 3", "Closed"):
        assert len(re.findall(rf"#\d+ {name}, \d+ bytes", text)) == processes
    assert re.search(r"action: uint16 \[\d+\] .*(hold|delete|transmit \d); (null|sr|bsr \d)", text)
    assert re.search(r"action: uint16 \[\d+\] .*; m[012]", text)
    assert re.search(r"dcm_code: uint16 \[\d+\] .*ack grant \d", text)


def test_damaged_frames_are_shown_as_such(tmp_path: Path) -> None:
    path = tmp_path / "wire.log"
    written = WireLog(path)
    whole = frame.encode(7, 1, wire_pb2.Message(closed=wire_pb2.Closed()).SerializeToString())
    column = write(np.array([1, 2]), np.uint16)
    column.length = 9
    unfit = wire_pb2.Message(leader_action=wire_pb2.LeaderAction(tti=3, dcm_code=column))
    frames = (whole[:-1] + b"x", whole[:9], b"", frame.encode(7, 2, b"\xff"), frame.encode(7, 3, b""))
    for bad in (*frames, frame.encode(7, 4, unfit.SerializeToString())):
        written.add(0, bad, from_cell=True)
    written.close()
    lines = described(path).splitlines()
    words = (
        "the CRC of a frame is wrong",
        "shorter than its header",
        "a frame of 0 bytes",
        "damaged",
        "an empty message",
    )
    heads = [line for line in lines if "cell 0 ->" in line]
    assert all(word in line for word, line in zip(words, heads, strict=False))
    assert "LeaderAction of TTI 3" in heads[5]
    assert "dcm_code: damaged: dcm_code has 4 bytes instead of 9 x 2" in lines[-1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no log of frames"),
        (b"LMACLOG0", "is no log of frames"),
        (b"LMACLOG1" + b"\0" * 9, "ends within a record"),
        (b"LMACLOG1" + b"\0" * 12 + b"\5" + b"\0" * 7 + b"abcd", "ends within a record"),
    ],
)
def test_a_file_that_is_no_log_is_told(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.log"
    path.write_bytes(content)
    with pytest.raises(LlmacError, match=words):
        list(read(path))


def test_a_log_that_cannot_be_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(LlmacError, match=r"cannot be logged in .*: No such file"):
        ColumnEnv(SCENARIOS, log_wire=tmp_path / "none" / "wire.log")
    with pytest.raises(LlmacError, match="cannot be read: No such file"):
        list(read(tmp_path / "none"))
    with pytest.raises(AddressError):  # and the log is closed, as the fixture sees
        ColumnEnv(SCENARIOS, address="tcp://192.0.2.1:5", log_wire=tmp_path / "wire.log")


def test_a_log_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 100)
    written = WireLog(tmp_path / "wire.log")
    written.add(0, b"x" * 50, from_cell=True)
    written.flush()
    assert written.stopped is None
    written.add(0, b"y" * 50, from_cell=True)
    assert written.stopped == "it has reached its limit of 100 bytes"
    written.close()
    (only,) = read(tmp_path / "wire.log")
    assert only == Record(only.time_ns, 0, from_cell=True, frame=b"x" * 50)


def test_where_the_time_goes_adds_up() -> None:
    with ColumnEnv(SCENARIOS) as env:
        play(env, [1, 2])
        before = env.timing()
        play(env, [1, 2])
        spent = env.timing() - before
    assert spent.exchanges == 1 + 2 * 4
    parts = (
        spent.encode_s,
        spent.wait_s,
        spent.decode_s,
        spent.cell_decode_s,
        spent.cell_simulate_s,
        spent.cell_encode_s,
    )
    assert all(part > 0 for part in parts)
    assert (
        spent.cell_decode_s + spent.cell_simulate_s + spent.cell_encode_s
        < spent.wait_s + spent.encode_s + spent.decode_s
    )
