# SPDX-License-Identifier: MIT
"""The cell as an ns3-gym simulation: for a client that speaks as the stock one does, and for Ns3GymEnv."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from replay import ReplayingSimulation, Transcript, transcripts

from llmac.agents.bench.gym_client import GymClient, decode
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.launch.local import find_executable
from llmac.bridge.ns3gym import Ns3GymEnv
from llmac.bridge.scenario import Scenario, load, to_proto
from llmac.ns3opengym import messages_pb2 as pb

TTIS = 8
CHURN = [{"tti": 2, "leave": [1], "join": 1}, {"tti": 4, "leave": [0, 2]}, {"tti": 5, "join": 3}]
SCENARIO = load("near-far", {"ttis": TTIS, "ues": 4, "churn": CHURN, "traffic.load": 0.9})
ROWS = 6
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the cell for a port, with options and a scenario."""
    started: list[subprocess.Popen[str]] = []

    def start(port: int, *options: str, scenario: Scenario = SCENARIO) -> subprocess.Popen[str]:
        command = command_of(tmp_path, scenario, *options)
        command[command.index("--port={port}")] = f"--port={port}"
        command[command.index("--seed={seed}")] = "--seed=1"
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def command_of(folder: Path, scenario: Scenario, *options: str) -> list[str]:
    file = folder / "scenario"
    file.write_bytes(to_proto(scenario, scenario.ttis).SerializeToString())
    return [
        str(find_executable()),
        "--wire=ns3gym",
        "--port={port}",
        "--seed={seed}",
        f"--scenario={file}",
        f"--rows={ROWS}",
        *options,
    ]


@contextmanager
def client() -> Generator[GymClient]:
    with closing(GymClient(deadline_s=10.0)) as opened:
        yield opened


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, log = process.communicate(timeout=10)
    return process.returncode, log


# ---- the client speaks as the stock one


@pytest.mark.parametrize("transcript", transcripts(), ids=lambda one: one.name)
def test_the_client_answers_what_the_stock_client_answered(transcript: Transcript) -> None:
    with client() as opened:
        simulation = ReplayingSimulation(opened.port, transcript.simulation)
        opened.greet()
        for frame in transcript.agent[1:]:
            message = pb.EnvActMsg.FromString(frame)
            _, _, over, _ = opened.state()
            if over:
                break
            if message.stopSimReq:
                opened.stop()
            else:
                opened.act(decode(message.actData))
        answers = simulation.finish()
    parsed = [pb.EnvActMsg.FromString(frame) for frame in answers[1:]]
    recorded = [pb.EnvActMsg.FromString(frame) for frame in transcript.agent[1:]]
    assert answers[0] == transcript.agent[0]
    assert [message.stopSimReq for message in parsed] == [message.stopSimReq for message in recorded]
    sent = [message.actData.SerializeToString() for message in parsed if not message.stopSimReq]
    assert sent == [message.actData.SerializeToString() for message in recorded if not message.stopSimReq]


# ---- the episode is that of the column interface


def test_an_episode_is_that_of_the_column_interface(start: Start) -> None:
    """The same codes for the same UEs bring the same observations, UE by UE, while UEs leave and join."""
    rng = np.random.default_rng(5)
    with client() as agent, ColumnEnv([SCENARIO]) as env:
        process = start(agent.port)
        agent.greet()
        leader, total = env.reset([1]), 0.0
        dcm_codes, action_codes = codes_of(agent.action_space)
        while True:
            seen, reward, over, info = agent.state()
            total += reward
            assert reward == np.float32(leader.leader_utility[0])
            assert info.startswith(f"arrived={leader.counters[0][0]} delivered={leader.counters[0][1]} ")
            ids = [int(i) for i in seen["ue_id"]]
            rows = [ids.index(ue) for ue in leader.ue_id]
            assert sorted(ue for ue in ids if ue >= 0) == leader.ue_id.tolist()
            assert (seen["phase"], seen["tti"][0]) == (0, leader.tti)
            assert seen["rbg_outcome"].tolist() == leader.rbg_outcome.tolist()
            assert seen["rbg_duplicate"].tolist() == leader.rbg_duplicate.tolist()
            assert seen["ucm"][rows].tolist() == leader.ucm.tolist()
            assert seen["mean_snr_db"][rows].tolist() == leader.mean_snr_db.tolist()
            assert not seen["buffer"].any()
            assert over == leader.done
            if over:
                break
            dcm, action = rng.integers(dcm_codes, size=ROWS), rng.integers(action_codes, size=ROWS)
            agent.act({"dcm": dcm, "action": action})
            given = [(int(ue), int(dcm[row])) for ue, row in zip(leader.ue_id, rows, strict=True) if dcm[row]]
            columns = [np.array(column) for column in zip(*given, strict=True)] or [np.zeros(0, int)] * 2
            follower = env.lead(LeaderAction(np.array([len(given)], np.uint32), *columns))
            seen, reward, over, _ = agent.state()
            assert (seen["phase"], reward, over) == (1, 0, False)
            for name in ("buffer", "last_action", "last_ucm", "dcm", "ucm_opportunity"):
                assert seen[name][rows].tolist() == getattr(follower, name).tolist(), name
            assert not seen["ucm"].any()
            agent.act({"dcm": dcm, "action": action})
            leader = env.follow(FollowerAction(action[rows].astype(np.uint16)))
        assert end(process) == (0, "")


def codes_of(space: pb.SpaceDescription) -> tuple[int, int]:
    """Numbers of DCM and of UE action codes."""
    whole, boxes = pb.DictSpace(), dict[str, int]()
    space.space.Unpack(whole)
    for element in whole.element:
        box = pb.BoxSpace()
        element.space.Unpack(box)
        assert list(box.shape) == [ROWS]
        boxes[element.name] = int(box.high) + 1
    return boxes["dcm"], boxes["action"]


def test_a_ue_keeps_its_row_until_it_leaves(start: Start) -> None:
    with client() as agent:
        start(agent.port)
        agent.greet()
        seen: list[list[int]] = []
        nothing = np.zeros(ROWS, int)
        while True:
            observation, _, over, _ = agent.state()
            seen.append(observation["ue_id"].tolist())
            if over:
                break
            agent.act({"dcm": nothing, "action": nothing})
    assert seen[::2][:6] == [
        [0, 1, 2, 3, -1, -1],
        [0, 1, 2, 3, -1, -1],
        [0, 4, 2, 3, -1, -1],
        [0, 4, 2, 3, -1, -1],
        [-1, 4, -1, 3, -1, -1],
        [5, 4, 6, 3, 7, -1],
    ]


def test_our_own_environment_drives_it(tmp_path: Path) -> None:
    with closing(Ns3GymEnv(command_of(tmp_path, SCENARIO), connect_s=20, step_s=10)) as env:
        env.action_space.seed(3)
        assert isinstance(env.action_space, spaces.Dict)
        first: list[Any] = []
        for _ in range(2):
            observation, _ = env.reset(seed=7)
            rewards: list[float] = []
            over, steps = False, 0
            env.action_space.seed(3)
            while not over:
                assert env.observation_space.contains(observation)
                observation, reward, terminated, over, _ = env.step(env.action_space.sample())
                rewards.append(float(reward))
                steps += 1
                assert not terminated
            assert steps == 2 * TTIS
            first = first or rewards
            assert rewards == first


# ---- what can go wrong


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"dcm": [99] * ROWS}, "dcm has a 99, and its codes are 0 to 9"),
        ({"dcm": [0]}, "dcm has 6 values, not 1"),
        ({"action": [0] * ROWS}, 'the action has no box "dcm"'),
    ],
)
def test_an_action_that_cannot_be_ends_the_game_in_words(start: Start, action: Any, words: str) -> None:
    with client() as agent:
        process = start(agent.port)
        agent.greet()
        agent.state()
        agent.act(action)
        _, _, over, info = agent.state()
        assert over
        assert info == words
        assert end(process) == (1, f"llmac-cell: {words}\n")


def test_an_agent_may_stop_at_any_time(start: Start) -> None:
    with client() as agent:
        process = start(agent.port)
        agent.greet()
        agent.state()
        agent.stop()
        assert end(process) == (0, "")


def test_an_agent_that_is_gone_is_noticed(start: Start) -> None:
    with client() as agent:
        process = start(agent.port)
        agent.greet()
        agent.state()
    begin = monotonic()
    status, log = end(process)
    assert (status, log) == (4, f"llmac-cell: Python at tcp://localhost:{agent.port} is gone\n")
    assert monotonic() - begin < 3


def test_an_agent_that_never_comes_is_not_waited_for(start: Start, free_port: int) -> None:
    status, log = end(start(free_port, "--wait=1"))
    assert status == 5
    assert log == f"llmac-cell: nobody answers at tcp://localhost:{free_port}\n"


def test_rows_for_all_ues_are_needed(start: Start, free_port: int) -> None:
    status, log = end(start(free_port, "--rows=4"))
    assert status == 1
    assert log == "llmac-cell: up to 5 UEs are connected at a time, and there are rows for 4\n"


def test_it_does_not_outlive_who_started_it() -> None:
    script = (
        "import sys\n"
        "from llmac.bridge.launch.gym import GymCell\n"
        "from llmac.bridge.scenario import load\n"
        "GymCell(load('paper'), int(sys.argv[1])).run(1)\n"
    )
    with client() as agent:
        parent = subprocess.Popen([sys.executable, "-c", script, str(agent.port)])
        agent.greet()
        agent.state()
        (cell,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="ascii").split()
        descriptor = os.pidfd_open(int(cell))
        parent.kill()
        parent.wait()
        with os.fdopen(descriptor):
            assert select.select([descriptor], [], [], 5)[0]
