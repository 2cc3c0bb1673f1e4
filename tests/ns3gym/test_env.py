# SPDX-License-Identifier: MIT
"""Ns3GymEnv with simulations that it starts, and with such as connect by themselves."""

import gc
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic

import gymnasium
import numpy as np
import pytest
import zmq
from gymnasium.utils.env_checker import check_env
from replay import ReplayingSimulation, transcripts

from llmac.bridge.errors import (
    ActionError,
    AddressError,
    BridgeError,
    CellCrashError,
    CellMissingError,
    DeadlineError,
    FrameError,
    HandshakeError,
    OutOfTurnError,
)
from llmac.bridge.ns3gym import Ns3GymEnv

Command = Callable[..., list[str]]

CONNECT_S = 20.0
STEP_S = 1.0
CLOSE_S = 1.0
STEPS = 5  # of simulation.py
RECORDED = next(one for one in transcripts() if one.name == "box-float, game over")
RECORDED_ACTION = np.array([-1.5, 0, 8.5, 0.25], np.float32)


def env_of(command: list[str], step_s: float = STEP_S) -> Ns3GymEnv:
    return Ns3GymEnv(command, connect_s=CONNECT_S, step_s=step_s, close_s=CLOSE_S)


def ended(pid: int, timeout_s: float) -> bool:
    """Wait for the end of a process that need not be a child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(descriptor):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))


# ---- episodes


def test_gymnasium_has_nothing_to_object_to(command: Command) -> None:
    env = gymnasium.make("llmac/Ns3Gym-v0", command=command(), connect_s=CONNECT_S, step_s=20.0)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize(("end", "terminated", "truncated"), [("time", False, True), ("game", True, False)])
def test_an_episode(command: Command, end: str, terminated: bool, truncated: bool) -> None:
    with closing(env_of(command(end=end))) as env:
        observation, info = env.reset(seed=7)
        assert observation[0] == 0
        assert info == {"extra_info": "step=0", "seed": 7}
        for step in range(1, STEPS + 1):
            observation, reward, over, late, info = env.step(2)
            assert (observation[0], reward, info) == (step, 2 * step, {"extra_info": f"step={step}"})
            assert (over, late) == ((terminated, truncated) if step == STEPS else (False, False))
        with pytest.raises(OutOfTurnError, match="call reset first"):
            env.step(0)


def test_seeds_repeat(command: Command) -> None:
    def lucks(env: Ns3GymEnv) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = []
        for seed in (5, None, None):
            observation, info = env.reset(seed=seed)
            found.append((info["seed"], observation[1]))
            env.step(0)
        return found

    with closing(env_of(command())) as env:
        first = lucks(env)
        assert lucks(env) == first
    assert first[0][0] == 5
    assert len({luck for _, luck in first}) == 3


def test_a_run_that_was_not_stepped_is_used_again(command: Command) -> None:
    with closing(env_of(command())) as env:
        observation, info = env.reset()
        observation[:] = -1
        again, info_again = env.reset()
        assert info_again == info
        assert again[0] == 0
        _, other_info = env.reset(seed=info["seed"] + 1)
        assert other_info != info


def test_a_seed_that_has_no_effect_is_told(command: Command) -> None:
    fixed = [part.replace("{seed}", "3") for part in command()]
    with closing(env_of(fixed)) as env, pytest.warns(UserWarning, match="the seed has no effect"):
        _, info = env.reset(seed=4)
    assert info == {"extra_info": "step=0"}


def test_wrong_use(command: Command, free_port: int) -> None:
    with closing(env_of(command())) as env:
        with pytest.raises(OutOfTurnError, match="call reset first"):
            env.step(0)
        env.reset()
        with pytest.raises(ActionError, match="give an integer from 0 to 2"):
            env.step(3)
        assert env.step(1)[0][0] == 1  # the simulation stood where it stood
        env.close()
        with pytest.raises(OutOfTurnError, match="after close"):
            env.reset()
        with pytest.raises(OutOfTurnError):
            env.step(0)
    with pytest.raises(AddressError, match="give the port"):
        Ns3GymEnv()
    with pytest.raises(AddressError, match="must name the port"):
        Ns3GymEnv(["./simulation"])
    with pytest.raises(CellMissingError, match="there-is-none cannot be started"):
        Ns3GymEnv(["./there-is-none", "{port}"])
    with pytest.raises(DeadlineError), closing(Ns3GymEnv(port=free_port, connect_s=0.1)):
        pass


def test_a_port_in_use(free_port: int) -> None:
    simulation = ReplayingSimulation(free_port, RECORDED.simulation)
    with (
        closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S)),
        pytest.raises(AddressError, match=f"port {free_port} cannot be bound: Address already in use"),
    ):
        Ns3GymEnv(port=free_port)
    assert simulation.finish()[-1] == RECORDED.agent[-1]  # asked to stop


def test_a_fixed_port_serves_one_run_after_the_other(command: Command, free_port: int) -> None:
    with closing(Ns3GymEnv(command(), port=free_port, connect_s=CONNECT_S, close_s=CLOSE_S)) as env:
        for _ in range(3):
            env.reset()
            env.step(0)


# ---- faults


@pytest.mark.parametrize("step", ["reset", "step 2"])
@pytest.mark.parametrize(
    ("fault", "error", "cause"),
    [
        ("exit", CellCrashError, "the process exited with 7"),
        ("kill", CellCrashError, "the process was ended by SIGKILL"),
        ("hang", DeadlineError, "no simulation answered within 1 s"),
        ("stop", DeadlineError, "no simulation answered within 1 s"),
        ("garbage", FrameError, "the state cannot be used: it is no EnvStateMsg"),
        ("nothing", FrameError, "the state cannot be used: nothing was sent where Box was declared"),
        ("type", FrameError, "the state cannot be used: Discrete was sent where Box was declared"),
        ("count", FrameError, "a box of shape (3,) with 3 values was sent where (2,) was declared"),
    ],
)
def test_a_fault_ends_in_its_error(
    command: Command, fault: str, error: type[BridgeError], cause: str, step: str
) -> None:
    with closing(env_of(command(fault, step))) as env:
        if step != "reset":
            env.reset()
            env.step(0)
        begin = monotonic()
        with pytest.raises(error) as raised:
            env.reset() if step == "reset" else env.step(0)
        assert monotonic() - begin < STEP_S + 1
        assert cause in raised.value.cause
        assert raised.value.step == step
        assert "(process " in raised.value.peer
        with pytest.raises(OutOfTurnError):
            env.step(0)
        env.reset(seed=1)  # recovers
        assert env.step(2)[1] == 2


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("garbage", "its first message cannot be used: it is no SimInitMsg"),
        ("type", "space type 9 is none of"),
        ("nothing", "space type 0 is none of"),
    ],
)
def test_a_simulation_that_says_hello_wrongly(command: Command, fault: str, cause: str) -> None:
    with pytest.raises(HandshakeError) as raised:
        env_of(command(fault, "handshake"))
    assert cause in raised.value.cause


@pytest.mark.parametrize(
    ("script", "error", "cause"),
    [
        ("exec sleep 100", DeadlineError, "connected to tcp://localhost:"),
        ("kill -s STOP $$", DeadlineError, "connected to tcp://localhost:"),
        ("echo no such scenario; exit 3", CellCrashError, "the process exited with 3"),
        ("kill -s ABRT $$", CellCrashError, "the process was ended by SIGABRT"),
    ],
)
def test_a_simulation_that_never_connects(script: str, error: type[BridgeError], cause: str) -> None:
    begin = monotonic()
    with pytest.raises(error) as raised:
        Ns3GymEnv(["/bin/sh", "-c", script, "{port}"], connect_s=1.5)
    assert monotonic() - begin < 1.5 + 1
    assert cause in raised.value.cause
    assert raised.value.step == "handshake"
    assert ("no such scenario" in str(raised.value)) == ("echo" in script)


@pytest.mark.parametrize("fault", ["hang", "stop", "exit", "kill"])
def test_close_never_hangs(command: Command, fault: str) -> None:
    env = env_of(command(fault, "close"))
    env.reset()
    env.step(0)
    begin = monotonic()
    env.close()
    assert monotonic() - begin < CLOSE_S + 1


def test_close_before_reset(command: Command) -> None:
    env_of(command()).close()


def test_a_wrapper_ends_with_all_that_it_started(command: Command) -> None:
    script = " ".join(command("hang", "reset")) + " & echo simulation $!; wait"
    with closing(Ns3GymEnv(["/bin/sh", "-c", script], connect_s=CONNECT_S, step_s=0.1)) as env:
        with pytest.raises(DeadlineError) as raised:
            env.reset()
        assert ended(int(raised.value.log.split()[1]), 1.0)


def test_a_forgotten_environment_leaves_nothing(command: Command) -> None:
    env = env_of(command())
    env.reset()
    del env
    gc.collect()


def test_no_simulation_outlives_python(command: Command, tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(
        "import signal\n"
        "from llmac.bridge.ns3gym import Ns3GymEnv\n"
        f"env = Ns3GymEnv({command('hang', 'step 1')!r})\n"
        "env.reset()\n"
        "print(env.unwrapped._conversation.name, flush=True)\n"
        "env.step(0)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        simulation = int(agent.stdout.readline().split("process ")[1].rstrip(")\n"))
        assert not ended(simulation, 0)
        agent.send_signal(signal.SIGKILL)
        assert ended(simulation, 2.0)


# ---- simulations that somebody else starts


def test_each_episode_takes_the_next_simulation_that_connects(free_port: int) -> None:
    simulations = [ReplayingSimulation(free_port, RECORDED.simulation) for _ in range(2)]
    with closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S, close_s=CLOSE_S)) as env:
        for _ in simulations:  # the second one has connected long before its turn
            assert env.reset()[1] == {"extra_info": "step=0"}
            while not env.step(RECORDED_ACTION)[2]:
                pass
    assert [len(simulation.finish()) for simulation in simulations] == [len(RECORDED.simulation)] * 2


def test_a_reset_needs_another_simulation(free_port: int) -> None:
    simulation = ReplayingSimulation(free_port, RECORDED.simulation[:3])
    with closing(Ns3GymEnv(port=free_port, connect_s=1.0)) as env:
        env.reset()
        env.step(RECORDED_ACTION)
        with pytest.raises(DeadlineError, match=f"no simulation connected to tcp://localhost:{free_port} within 1 s"):
            env.reset()
    assert simulation.finish()[-1] == RECORDED.agent[-1]  # it was asked to stop


def test_a_simulation_that_closes_its_connection(free_port: int) -> None:
    simulation = ReplayingSimulation(free_port, RECORDED.simulation[:2])
    with closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S, step_s=20.0)) as env:
        env.reset()
        begin = monotonic()
        with pytest.raises(CellCrashError, match="it closed its connection"):
            env.step(RECORDED_ACTION)
        assert monotonic() - begin < 1
    simulation.finish()


def test_a_simulation_that_was_given_up_is_told_to_stop(free_port: int) -> None:
    hello, first = RECORDED.simulation[:2]
    with zmq.Context() as context, context.socket(zmq.REQ) as late, context.socket(zmq.REQ) as prompt:
        for socket in (late, prompt):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVTIMEO, 20_000)
            socket.connect(f"tcp://localhost:{free_port}")
        late.send(hello)
        with closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S, step_s=0.1)) as env:
            assert late.recv() == RECORDED.agent[0]
            with pytest.raises(DeadlineError, match=r"reset: no simulation answered within 0\.1 s"):
                env.reset()
            late.send(first)
            prompt.send(hello)
            with pytest.raises(DeadlineError, match=r"reset: no simulation answered within 0\.1 s"):
                env.reset()
            assert late.recv() == RECORDED.agent[-1]
            assert prompt.recv() == RECORDED.agent[0]


def test_what_is_no_req_socket_is_refused(free_port: int) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as other:
        other.setsockopt(zmq.LINGER, 0)
        other.connect(f"tcp://localhost:{free_port}")
        other.send(RECORDED.simulation[0])  # without the delimiter of a REQ socket
        with pytest.raises(HandshakeError, match="its first message cannot be used"):
            Ns3GymEnv(port=free_port, connect_s=CONNECT_S)


def test_other_spaces_than_before(free_port: int) -> None:
    other = next(one for one in transcripts() if one.name == "discrete, game over")
    first = ReplayingSimulation(free_port, RECORDED.simulation)
    with closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S)) as env:
        env.reset()
        env.step(RECORDED_ACTION)
        second = ReplayingSimulation(free_port, other.simulation)
        with pytest.raises(HandshakeError, match="it offers other spaces than the run before"):
            env.reset()
    first.finish()
    second.finish()


def test_over_before_the_first_step(free_port: int) -> None:
    simulation = ReplayingSimulation(free_port, [RECORDED.simulation[0], RECORDED.simulation[-1]])
    with (
        closing(Ns3GymEnv(port=free_port, connect_s=CONNECT_S)) as env,
        pytest.raises(CellCrashError, match="it was over before its first step"),
    ):
        env.reset()
    simulation.finish()


def test_a_forked_copy_leaves_the_simulation_alone(command: Command) -> None:
    with closing(env_of(command())) as env:
        env.reset()
        copy = os.fork()
        if copy == 0:
            del env
            gc.collect()
            os._exit(0)
        os.waitpid(copy, 0)
        assert env.step(2)[1] == 2
