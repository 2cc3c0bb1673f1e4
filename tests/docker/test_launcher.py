# SPDX-License-Identifier: MIT
"""Cells in containers: the same numbers and the same errors as on this machine, and nothing left.

Run by tests/docker/check-image.sh, which sees to the engine and the image `llmac-cell`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import docker
import numpy as np
import pytest

from llmac.bridge import scenario
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction
from llmac.bridge.errors import CellCrashError, CellMissingError, DeadlineError
from llmac.bridge.launch.docker import OWNER_LABEL, DockerLauncher, connect, remove_abandoned
from llmac.bridge.session import Deadlines

pytestmark = pytest.mark.docker

PAPER = scenario.load("paper")
DEADLINES = Deadlines(handshake_s=30, reset_s=10, phase_s=3, close_s=5)
SILENT = LeaderAction(np.zeros(2, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint16))


@pytest.fixture(autouse=True)
def engine() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    left = _containers(client)
    for container in left:
        container.remove(force=True)
    client.close()
    assert not left, f"containers are left: {left}"


def test_the_numbers_are_those_of_a_local_cell() -> None:
    inside = _play(ColumnEnv([PAPER] * 2, ttis=20, launcher=DockerLauncher()))
    outside = _play(ColumnEnv([PAPER] * 2, ttis=20))
    np.testing.assert_array_equal(inside, outside)


def test_a_container_has_limits_no_network_and_no_root(engine: docker.DockerClient) -> None:
    with ColumnEnv([PAPER], launcher=DockerLauncher(cpus=0.5, memory="128m")):
        (container,) = _containers(engine)
        container.reload()
        config = container.attrs["HostConfig"]
        assert (config["NanoCpus"], config["Memory"]) == (500_000_000, 128 * 2**20)
        assert (config["NetworkMode"], config["ReadonlyRootfs"], config["CapDrop"]) == ("none", True, ["ALL"])
        assert container.attrs["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"


def test_a_killed_container_is_a_crash_and_the_next_reset_recovers(engine: docker.DockerClient) -> None:
    with ColumnEnv([PAPER] * 2, processes=2, launcher=DockerLauncher(), deadlines=DEADLINES) as env:
        env.reset([1, 2])
        _containers(engine)[0].kill()
        with pytest.raises(CellCrashError, match=r"container .* leader phase of TTI 0: the container exited with 137"):
            env.lead(SILENT)
        assert env.reset([1, 2]).tti == 0
        env.lead(SILENT)


def test_a_removed_container_is_a_crash(engine: docker.DockerClient) -> None:
    with ColumnEnv([PAPER] * 2, launcher=DockerLauncher(), deadlines=DEADLINES) as env:
        env.reset([1, 2])
        _containers(engine)[0].remove(force=True)
        with pytest.raises(CellCrashError, match="the container was removed"):
            env.lead(SILENT)


def test_a_paused_container_is_late(engine: docker.DockerClient) -> None:
    with ColumnEnv([PAPER] * 2, launcher=DockerLauncher(), deadlines=DEADLINES) as env:
        env.reset([1, 2])
        _containers(engine)[0].pause()
        began = monotonic()
        with pytest.raises(DeadlineError, match="no answer within 3 s"):
            env.lead(SILENT)
        assert monotonic() - began < DEADLINES.phase_s + 1


def test_what_a_cell_wrote_is_in_the_error_and_in_the_log(tmp_path: Path) -> None:
    peer = DockerLauncher(log_dir=tmp_path).start("nowhere://", 1, 0)
    try:
        assert os.eventfd_read(peer.fileno()) > 0
        assert peer.ended() == "the container exited with 2"
        assert "nowhere" in peer.log()
    finally:
        peer.stop(0.0)
    assert "nowhere" in (tmp_path / "cell-0.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_python_is_ended(engine: docker.DockerClient, number: signal.Signals) -> None:
    code = "from llmac.agents.cli import main; main()"
    arguments = ["run", "paper", "--agents", "random", "--ttis", "1000000", "--launcher", "docker"]
    python = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        events = engine.events(decode=True, filters={"label": OWNER_LABEL, "event": ["start", "die"]})
        assert next(events)["Action"] == "start"
        python.send_signal(number)
        python.wait(30)
        assert next(events)["Action"] == "die"  # by its heartbeats, if not before
        events.close()
    finally:
        python.kill()
        python.wait()
    assert len(remove_abandoned(engine)) == (1 if number == signal.SIGKILL else 0)


def test_containers_of_the_living_are_left_alone(engine: docker.DockerClient) -> None:
    with ColumnEnv([PAPER], launcher=DockerLauncher()) as env:
        assert remove_abandoned(engine) == []
        env.reset([1])


def test_an_image_that_is_missing_is_told() -> None:
    with pytest.raises(CellMissingError, match="no image llmac-nowhere; build it with"):
        DockerLauncher("llmac-nowhere")


def test_an_engine_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(CellMissingError, match="the Docker engine cannot be used"):
        DockerLauncher()


def _containers(client: docker.DockerClient) -> list[Any]:
    return client.containers.list(all=True, filters={"label": OWNER_LABEL})


def _play(env: ColumnEnv) -> np.ndarray:
    """Counters of an episode in which everybody always transmits."""
    with env:
        observation = env.reset([3, 4])
        counters = [observation.counters]
        while not observation.done:
            observation = env.step_tti(SILENT, _transmit)
            counters.append(observation.counters)
        return np.stack(counters)


def _transmit(observation: FollowerObservation) -> FollowerAction:
    codes = 2 + observation.ue_id % 2
    return FollowerAction((codes * 8).astype(np.uint16))
