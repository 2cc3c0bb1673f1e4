# SPDX-License-Identifier: MIT
"""Processes that are killed, stopped and paused, on both sides of the real cell, for all launchers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread, Timer

import numpy as np
import pytest
from places import PLACES, Place, ends_within
from playing import play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.errors import CellCrashError, DeadlineError, OutOfTurnError
from llmac.bridge.scenario import load
from llmac.bridge.session import Deadlines

SCENARIO = load("paper", {"ttis": 12})
DEADLINE_S = 2.0
DEADLINES = Deadlines(reset_s=DEADLINE_S, phase_s=DEADLINE_S, close_s=DEADLINE_S)
NOTHING = LeaderAction(np.zeros(1, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint16))
HOLD = FollowerAction(np.zeros(4, np.uint16))
STEPS = ["reset", "leader phase of TTI 0", "follower phase of TTI 0", "close"]


@contextmanager
def environment(place: Place, cells: int = 1) -> Generator[ColumnEnv]:
    """With as many environments, each in a process of its own."""
    with ColumnEnv([SCENARIO] * cells, processes=cells, launcher=place.launcher(), deadlines=DEADLINES) as env:
        yield env


def cell_pid(place: Place) -> int:
    (pid,) = place.cells(os.getpid())
    return pid


def take(env: ColumnEnv, step: str) -> None:
    """Take the step that is under test."""
    match step.split(maxsplit=1)[0]:
        case "reset":
            env.reset([1])
        case "leader":
            env.lead(NOTHING)
        case "follower":
            env.follow(HOLD)
        case _:
            env.close()


def take_those_before(env: ColumnEnv, step: str) -> None:
    for before in STEPS[: STEPS.index(step)]:
        take(env, before)


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_cell_killed_in_mid_step_is_noticed_at_once_and_replaced_at_reset(step: str, place: Place) -> None:
    with environment(place) as env:
        expected = play(env, [1])
        take_those_before(env, step)
        os.kill(cell_pid(place), signal.SIGSTOP)  # so that the kill comes in the middle
        timer = Timer(0.2, os.kill, (cell_pid(place), signal.SIGKILL))
        timer.start()
        begin = time.monotonic()
        with pytest.raises(CellCrashError, match=f"{step}: the {place.killed}"):
            take(env, step)
        assert time.monotonic() - begin < 0.2 + 1 + place.patience_s
        timer.join()
        with pytest.raises(OutOfTurnError, match="call reset"):
            env.lead(NOTHING)
        assert play(env, [1]) == expected


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_stopped_cell_misses_the_deadline_and_is_replaced_at_reset(step: str, place: Place) -> None:
    with environment(place) as env:
        expected = play(env, [1])
        take_those_before(env, step)
        os.kill(cell_pid(place), signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(DeadlineError, match=f"{step}: no answer within 2 s"):
            take(env, step)
        assert DEADLINE_S <= time.monotonic() - begin < DEADLINE_S + 1 + place.patience_s
        assert play(env, [1]) == expected


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_close_ends_a_cell_that_does_not_answer(fault: signal.Signals, place: Place) -> None:
    with environment(place) as env:
        os.kill(cell_pid(place), fault)
        begin = time.monotonic()
        env.close()
        assert time.monotonic() - begin < DEADLINE_S + 1 + place.patience_s  # and the fixtures find nothing left


def test_a_crash_of_one_process_ends_the_episode_of_all(place: Place) -> None:
    with environment(place, cells=2) as env:
        expected = play(env, [1, 2])
        env.reset([1, 2])
        os.kill(place.cells(os.getpid())[1], signal.SIGKILL)
        with pytest.raises(CellCrashError, match="cell 1 "):
            env.lead(LeaderAction(np.zeros(2, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint16)))
        assert play(env, [1, 2]) == expected


def test_all_that_missed_the_deadline_are_replaced(place: Place) -> None:
    with environment(place, cells=2) as env:
        expected = play(env, [1, 2])
        for pid in place.cells(os.getpid()):
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(DeadlineError, match="cell 0 "):
            env.reset([1, 2])
        assert play(env, [1, 2]) == expected


@pytest.fixture
def interruptible() -> Generator[None]:
    """SIGINT interrupts, also where the tests run in a shell's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_in_mid_step_leaves_the_cell_alive_for_the_next_reset(place: Place) -> None:
    with environment(place) as env:
        expected = play(env, [1])
        env.reset([1])
        pid = cell_pid(place)
        os.kill(pid, signal.SIGSTOP)
        timer = Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            env.lead(NOTHING)
        timer.join()
        os.kill(pid, signal.SIGCONT)
        assert play(env, [1]) == expected
        assert cell_pid(place) == pid


def test_a_cell_outlives_the_thread_that_started_it(place: Place) -> None:
    made: list[ColumnEnv] = []
    thread = Thread(target=lambda: made.append(ColumnEnv([SCENARIO], launcher=place.launcher())))
    thread.start()
    thread.join()
    with made[0] as env:
        assert play(env, [1]) == play(env, [1])


def test_a_fork_that_ends_leaves_the_cell_alone(place: Place) -> None:
    subprocess.run(_program("fork", place), check=True, timeout=60)


def _program(part: str, place: Place) -> list[str]:
    """One of the functions that follow, as a program of its own."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import test_faults; test_faults.{part}({place.name!r})"
    return [sys.executable, "-W", "ignore", "-c", code]


def fork(name: str) -> None:
    env = ColumnEnv([SCENARIO], launcher=PLACES[name].launcher())
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    assert env.reset([1]).tti == 0


def own_two(name: str) -> None:
    env = ColumnEnv([SCENARIO] * 2, processes=2, launcher=PLACES[name].launcher())
    env.reset([1, 2])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


@contextmanager
def owner(place: Place) -> Generator[tuple[subprocess.Popen[str], list[int], Path]]:
    """A Python process with two cells that has begun an episode; with the ids of the cells and its temporary files."""
    temporary = Path(tempfile.gettempdir()) / "owner"
    temporary.mkdir()
    with subprocess.Popen(
        _program("own_two", place),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        cells = place.cells(process.pid)
        assert len(cells) == 2
        yield process, cells, temporary
    temporary.rmdir()


def test_the_cells_end_when_python_is_killed(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    with owner(place) as (process, cells, temporary):
        process.kill()
        begin = time.monotonic()
        for cell in cells:
            assert ends_within(cell, 2 - (time.monotonic() - begin)), "the cell outlives Python"
        assert len(list(temporary.iterdir())) == 1
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        with environment(place) as env:  # the next one sweeps up what the killed one could not
            env.reset([1])
            assert len(list(temporary.iterdir())) == 1
        assert place.left(process.pid) == []


def test_nothing_is_left_when_python_ends_without_close(place: Place) -> None:
    with owner(place) as (process, cells, temporary):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
        assert all(ends_within(cell, 0) for cell in cells)
        assert place.left(process.pid) == []
        assert list(temporary.iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_pause_between_steps_harms_nothing(place: Place) -> None:
    """Five times what the heartbeats allow a silent peer; libzmq's threads answer them while Python is away.

    One that computes without giving up the interpreter lock is away as one that sleeps is.
    """
    with environment(place) as env:
        expected = play(env, [1])
        env.reset([1])
        time.sleep(5.0)
        end = time.monotonic() + 5.0
        while time.monotonic() < end:
            sum(range(10**6))
        env.lead(NOTHING)
        time.sleep(3.0)
        env.follow(HOLD)
        assert play(env, [1]) == expected


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_cell_that_is_stopped_for_longer_than_the_heartbeats_allow_and_goes_on(place: Place) -> None:
    with ColumnEnv([SCENARIO], launcher=place.launcher()) as env:
        expected = play(env, [1])
        leader = env.reset([1])
        pid = cell_pid(place)
        os.kill(pid, signal.SIGSTOP)
        timer = Timer(4.0, os.kill, (pid, signal.SIGCONT))
        timer.start()
        env.lead(NOTHING)
        timer.join()
        assert leader.tti == 0
        assert env.follow(HOLD).tti == 1
        assert play(env, [1]) == expected
        assert cell_pid(place) == pid
