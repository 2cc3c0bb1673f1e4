# SPDX-License-Identifier: MIT
"""Every fault in every phase on either side of the real cell, and what comes of it: one table, for all launchers.

Each case ends within its deadline + 1 s in what the table says; the episode that goes on, or the one after the next
reset, is bit by bit the undisturbed one; the fixture of this folder finds no process, descriptor or file left.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import meddler
import pytest
from meddler import FROM_CELL, TO_CELL, Meddling, MeddlingLauncher
from places import LOCAL, PLACES, Place, ends_within
from playing import RandomPlayers, Trace, plain, play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import (
    AddressError,
    BridgeError,
    CellCrashError,
    DeadlineError,
    FrameError,
    RecoverableError,
)
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.scenario import load
from llmac.bridge.session import Deadlines

PHASES = ("handshake", "reset", "leader", "follower", "close")
TABLE = """
fault        | where     | handshake | reset     | leader    | follower  | close
dropped      | to cell   | later     | recovery  | recovery  | recovery  | end
dropped      | from cell | deadline  | recovery  | recovery  | recovery  | end
duplicated   | to cell   | recovery  | recovery  | recovery  | recovery  | end
duplicated   | from cell | recovery  | recovery  | recovery  | recovery  | end
reordered    | to cell   | later     | recovery  | recovery  | recovery  | end
reordered    | from cell | deadline  | recovery  | recovery  | recovery  | end
truncated    | to cell   | later     | recovery  | recovery  | recovery  | end
truncated    | from cell | frame     | recovery  | recovery  | recovery  | end
flipped      | to cell   | later     | recovery  | recovery  | recovery  | end
flipped      | from cell | frame     | recovery  | recovery  | recovery  | end
oversized    | to cell   | gone      | gone      | gone      | gone      | end
oversized    | from cell | deadline  | recovery  | recovery  | recovery  | end
slow         | to cell   | recovery  | recovery  | recovery  | recovery  | end
slow         | from cell | recovery  | recovery  | recovery  | recovery  | end
too slow     | from cell | deadline  | deadline  | deadline  | deadline  | end
SIGKILL      | cell      | crash     | crash     | crash     | crash     | end
SIGSTOP      | cell      | deadline  | deadline  | deadline  | deadline  | end
hang         | cell      | deadline  | deadline  | deadline  | deadline  | end
name in use  | cell      | deadline  | deadline  | deadline  | deadline  | end
full disk    | logs      | recovery  | recovery  | recovery  | recovery  | end
SIGKILL      | python    | cell ends | cell ends | cell ends | cell ends | cell ends
SIGSTOP      | python    | cell ends | cell ends | cell ends | cell ends | cell ends
hang         | python    | cell ends | cell ends | cell ends | cell ends | cell ends
"""
# recovery: nothing is seen of it. crash, deadline, frame: that error, in that phase. later: the cell does not take the
# handshake and ends, which the reset tells. gone: ZeroMQ in the cell cuts the connection for good, so that the cell
# gives Python up after 1 s, or Python the cell before. end: `close` ends the process in time and says nothing.
# cell ends: it leaves no orphan when Python is no more.

SCENARIO = load("near-far", {"ttis": 4, "churn": [{"tti": 1, "join": 1}, {"tti": 2, "leave": [0]}]})
SEED = 7
DEADLINE_S = 1.5
HANDSHAKE_S = 2.0
DEADLINES = Deadlines(handshake_s=HANDSHAKE_S, reset_s=DEADLINE_S, phase_s=DEADLINE_S, close_s=DEADLINE_S)
GRACE_S = 1.0
IDLE_S = 1
LONG_S = 60
HEARTBEAT_S = 3.0  # until a silent Python is given up: ZeroMQ's 2 s, and 1 s without a connection
ERRORS: dict[str, tuple[type[RecoverableError], ...]] = {
    "crash": (CellCrashError,),
    "later": (CellCrashError,),
    "gone": (CellCrashError, DeadlineError),
    "deadline": (DeadlineError,),
    "frame": (FrameError,),
}
AT_RESET = {("handshake", "later"), ("handshake", "gone")}
"""The Welcome was lost, which Python sees when it asks for something."""
MEDDLINGS: dict[str, Meddling] = {
    "dropped": meddler.dropped,
    "duplicated": meddler.duplicated,
    "reordered": meddler.reordered,
    "truncated": meddler.truncated,
    "flipped": meddler.flipped,
    "oversized": meddler.oversized,
    "slow": meddler.slow(0.55 * DEADLINE_S),  # after the request was repeated
    "too slow": meddler.slow(2 * HANDSHAKE_S),
    "SIGKILL": meddler.signalled(signal.SIGKILL),
    "SIGSTOP": meddler.signalled(signal.SIGSTOP),
    "hang": meddler.hung,
    "name in use": meddler.name_taken,
}


def cases(*sides: str) -> list[object]:
    rows = [[entry.strip() for entry in row.split("|")] for row in TABLE.strip().splitlines()[1:]]
    return [
        pytest.param(fault, where, phase, outcome, id=f"{fault}, {where}, {phase}")
        for fault, where, *outcomes in rows
        for phase, outcome in zip(PHASES, outcomes, strict=True)
        if where in sides
    ]


def test_the_table_has_at_least_60_cases() -> None:
    assert len(cases("to cell", "from cell", "cell", "logs", "python")) >= 60


@pytest.fixture(scope="module")
def undisturbed(cell: Path) -> Trace:
    with ColumnEnv([SCENARIO], launcher=LocalLauncher([str(cell)])) as env:
        return play(env, [SEED])


def direction_of(where: str, phase: str) -> str:
    """What happens to a process happens when it is asked; in the handshake it is the cell that speaks first."""
    if where in {TO_CELL, FROM_CELL}:
        return where
    return FROM_CELL if phase == "handshake" else TO_CELL


@contextmanager
def within(seconds: float) -> Generator[None]:
    begin = monotonic()
    yield
    assert monotonic() - begin < seconds


def disturbed_episode(env: ColumnEnv, patience_s: float) -> Trace:
    """Play an episode, every step of it in time, whatever it ends in."""
    players = RandomPlayers([SCENARIO], [SEED])
    step_s = DEADLINE_S + GRACE_S + patience_s
    with within(step_s):
        leader = env.reset([SEED])
    trace = [plain(leader)]
    while not leader.done:
        with within(step_s):
            follower = env.lead(players.lead(leader))
        with within(step_s):
            leader = env.follow(players.follow(follower))
        trace += [plain(follower), plain(leader)]
    return trace


def check_error(error: BridgeError, phase: str, outcome: str, thing: str) -> None:
    """It is of the right kind and names peer, environment, step and TTI."""
    assert type(error) in ERRORS[outcome], error
    assert error.peer.startswith(f"cell 0 ({thing} ")
    assert error.environments == range(1)
    step = {"leader": "leader phase of TTI 1", "follower": "follower phase of TTI 1"}.get(phase, phase)
    assert error.step == ("reset" if (phase, outcome) in AT_RESET else step)
    assert error.tti == (meddler.TTI if "TTI" in step else None)
    assert str(error).startswith(f"{error.peer}, environment 0, {error.step}: {error.cause}")


def check_the_rest(env: ColumnEnv, phase: str, outcome: str, undisturbed: Trace, place: Place) -> None:
    """From the handshake on: what the table says, then an undisturbed episode, then a close in time."""
    if outcome in ERRORS:
        with pytest.raises(BridgeError) as caught:
            disturbed_episode(env, place.patience_s)
        check_error(caught.value, phase, outcome, place.thing)
    else:
        assert disturbed_episode(env, place.patience_s) == undisturbed
    assert play(env, [SEED]) == undisturbed
    with within(DEADLINE_S + GRACE_S + place.patience_s):
        env.close()


@pytest.mark.parametrize(("fault", "where", "phase", "outcome"), cases("to cell", "from cell", "cell"))
def test_a_fault_of_the_cell_or_on_the_way(
    fault: str, where: str, phase: str, outcome: str, undisturbed: Trace, place: Place
) -> None:
    launcher = MeddlingLauncher(place.launcher(), phase, direction_of(where, phase), MEDDLINGS[fault], place)
    if phase == "handshake" and outcome in ERRORS and (phase, outcome) not in AT_RESET:
        with within(HANDSHAKE_S + GRACE_S + place.patience_s), pytest.raises(BridgeError) as caught:
            ColumnEnv([SCENARIO], launcher=launcher, deadlines=DEADLINES)
        check_error(caught.value, phase, outcome, place.thing)
    with ColumnEnv([SCENARIO], launcher=launcher, deadlines=DEADLINES) as env:
        expected = outcome if phase != "handshake" or (phase, outcome) in AT_RESET else "recovery"
        check_the_rest(env, phase, expected, undisturbed, place)
    assert launcher.started == (2 if outcome in ERRORS else 1)


@pytest.mark.parametrize(("fault", "where", "phase", "outcome"), cases("logs"))
def test_a_disk_that_is_full_for_the_logs_harms_nothing_else(
    fault: str,
    where: str,
    phase: str,
    outcome: str,
    undisturbed: Trace,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fault == "full disk"
    monkeypatch.setenv("NS_LOG", "OfdmaCell=level_function:OfdmaSession=level_all")  # the cell writes in each phase
    cell_log, wire_log = tmp_path / "cell-0.log", tmp_path / "wire.log"
    launcher = MeddlingLauncher(
        place.launcher(log_dir=tmp_path),
        phase,
        direction_of(where, phase),
        meddler.disk_filled(cell_log, wire_log),
        place,
    )
    with ColumnEnv([SCENARIO], launcher=launcher, deadlines=DEADLINES, log_wire=wire_log) as env:
        check_the_rest(env, phase, outcome, undisturbed, place)
    assert env.wire_log_stopped == "No space left on device"
    assert cell_log.is_symlink()


def test_a_full_disk_behind_the_output_of_the_cell_harms_nothing(
    undisturbed: Trace, cell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NS_LOG", "OfdmaCell=level_function:OfdmaSession=level_all")
    command = ["sh", "-c", 'exec "$0" "$@" >/dev/full 2>&1', str(cell)]
    with ColumnEnv([SCENARIO], launcher=LocalLauncher(command), deadlines=DEADLINES) as env:
        check_the_rest(env, "reset", "recovery", undisturbed, LOCAL)


def test_an_address_in_use(place: Place) -> None:
    with ColumnEnv([SCENARIO], launcher=place.launcher(), address="tcp://127.0.0.1:*") as env:
        taken = env._session._listener.endpoint  # pyright: ignore[reportPrivateUsage]
        with within(GRACE_S), pytest.raises(AddressError, match="cannot be bound: Address already in use"):
            ColumnEnv([SCENARIO], launcher=LocalLauncher(), address=taken)


VICTIM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_fault_matrix
test_fault_matrix.be_a_victim(*sys.argv[1:])
"""
PYTHON_MEDDLINGS = {
    "SIGKILL": meddler.python_signalled(signal.SIGKILL),
    "SIGSTOP": meddler.python_signalled(signal.SIGSTOP),
    "hang": meddler.python_hung,
}
GONE_S = 1.0  # until a cell gives up a connection that is down


def ends_within_s(fault: str, place: Place) -> float:
    """Seconds until a cell notices what happened to Python."""
    if fault == "SIGKILL":
        return 0.0 if place.parent_watched else GONE_S
    return HEARTBEAT_S if fault == "SIGSTOP" else float(IDLE_S)


def be_a_victim(fault: str, phase: str, name: str) -> None:
    """In a process of its own: play, and be struck by the fault, which tells the cell's number first."""
    place = PLACES[name]
    launcher = MeddlingLauncher(
        place.launcher("--wait", str(IDLE_S)), phase, direction_of("python", phase), PYTHON_MEDDLINGS[fault], place
    )
    idle_s = LONG_S if fault == "SIGSTOP" else IDLE_S  # whose heartbeats stop, too, so that no lease is needed
    with ColumnEnv([SCENARIO], launcher=launcher, deadlines=Deadlines(idle_s=idle_s)) as env:
        play(env, [SEED])


@pytest.mark.parametrize(("fault", "where", "phase", "outcome"), cases("python"))
def test_the_cell_does_not_outlive_python(fault: str, where: str, phase: str, outcome: str, place: Place) -> None:
    assert (where, outcome) == ("python", "cell ends")
    with (
        tempfile.TemporaryDirectory() as temporary,
        subprocess.Popen(
            [sys.executable, "-c", VICTIM, fault, phase, place.name],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": temporary},
        ) as python,
    ):
        assert python.stdout is not None
        try:
            cell = int(python.stdout.readline())
            assert ends_within(cell, ends_within_s(fault, place) + GRACE_S), "the cell outlives Python"
        finally:
            python.kill()
            python.wait()
            place.clean()
    assert place.left(python.pid) == []
