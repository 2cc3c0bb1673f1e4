# SPDX-License-Identifier: MIT
"""Agents and cells in containers of their own, as compose.yaml starts them.

Run by tests/docker/check-image.sh, which sees to the engine, to docker-compose and to the images.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.request import urlopen

import docker
import pytest

from llmac.bridge.launch.docker import connect
from llmac.bridge.wire import keys

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
PROJECT = "llmac-check"
COMPOSE = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
LONG = "run paper --agents random --ttis 100000 --seeds 3"
TENSORBOARD = "http://127.0.0.1:6006"
LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    _compose("--profile", "training", "down", "-v", "-t", "1")
    client.close()


def test_three_cells_measure_what_one_does(engine: docker.DockerClient) -> None:
    arguments = ["run", "paper", "--agents", "grant", "--seeds", "6", "--ttis", "50", "--json"]
    ended = _compose(
        *("up", "--no-color", "--scale", "cell=3", "--exit-code-from", "agents", "agents"), llmac=" ".join(arguments)
    )
    assert ended.returncode == 0, ended.stdout
    (container,) = _containers(engine, "agents")
    output = container.logs(stdout=True, stderr=False).decode()
    inside = json.loads(output[output.index("{") :])
    command = [sys.executable, "-c", "from llmac.agents.cli import main; main()", *arguments]
    here = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    outside = json.loads(here.stdout)
    assert inside["agents"] == outside["agents"]


def test_a_cell_that_is_killed_ends_in_a_typed_error(engine: docker.DockerClient) -> None:
    agents = _start(engine)
    _containers(engine, "cell")[1].kill()
    assert agents.wait(timeout=120)["StatusCode"] == 2
    assert "no answer within" in agents.logs().decode()


def test_a_cell_that_crashes_is_started_again_and_the_error_says_so(engine: docker.DockerClient) -> None:
    agents = _start(engine)
    crashed = _containers(engine, "cell")[1]
    # The first process of the container is its init, which tells Docker how its child ended.
    (process,) = crashed.exec_run(["cat", "/proc/1/task/1/children"]).output.split()
    assert crashed.exec_run(["sh", "-c", f"kill -KILL {int(process)}"]).exit_code == 0
    assert agents.wait(timeout=120)["StatusCode"] == 2
    assert "the cell was started again, and its episode is lost" in agents.logs().decode()


def test_a_cell_with_wrong_keys_is_refused(engine: docker.DockerClient, tmp_path: Path) -> None:
    agents = _start(engine)
    wrong = keys.make(tmp_path)
    archive = _containers(engine, "cell")[0]
    right_server = archive.exec_run(["cat", "/keys/cell/server.key"]).output
    (wrong / keys.SERVER_PUBLIC).write_bytes(right_server)
    for path in (wrong, *wrong.iterdir()):
        os.chown(path, 1000, 1000)
    wrong.parent.chmod(0o755)
    stranger: Any = engine.containers.run(
        "llmac-cell",
        ["--connect=tcp://agents:5555", "--keys=/wrong", "--wait=5"],
        network=f"{PROJECT}_cells",
        volumes={str(wrong): {"bind": "/wrong", "mode": "ro"}},
        detach=True,
    )
    try:
        assert stranger.wait(timeout=30)["StatusCode"] != 0
        assert "key" in stranger.logs().decode()
    finally:
        stranger.remove(force=True)
    agents.reload()
    assert agents.status == "running"  # nobody noticed


def test_nothing_can_be_reached_from_outside(engine: docker.DockerClient) -> None:
    before = _listening(Path("/proc/net/tcp").read_text())
    agents = _start(engine)
    # Others may be at work on this machine; the bridge's port is told by its number.
    assert 5555 not in {port for _, port in _listening(Path("/proc/net/tcp").read_text()) - before}
    for container in (*_containers(engine, "cell"), agents):
        assert not container.ports
        assert {uid for _, uid in container.top(ps_args="-eo pid,uid")["Processes"]} == {"1000"}
        table = container.exec_run(["cat", "/proc/net/tcp", "/proc/net/tcp6"]).output.decode()
        # Docker's own name server is on the loopback.
        open_ports = {port for address, port in _listening(table) if not address.endswith("7F")}
        assert open_ports == ({5555} if container == agents else set())
    assert engine.networks.get(f"{PROJECT}_cells").attrs["Internal"]


def test_a_training_leaves_checkpoints_and_is_shown_by_tensorboard(engine: docker.DockerClient) -> None:
    sizes = {"updates": 1, "environments": 6, "ttis": 4, "epochs": 1, "minibatches": 1}
    command = " ".join(["train paper --ues 2:4 --out /out/run", *(f"--set {name}={n}" for name, n in sizes.items())])
    started = _compose(
        *("--profile", "training", "up", "-d", "--no-color", "--scale", "cell=3", "train", "tensorboard"), llmac=command
    )
    assert started.returncode == 0, started.stdout
    (train,), (board,) = _containers(engine, "train"), _containers(engine, "tensorboard")
    assert train.wait(timeout=120)["StatusCode"] == 0, train.logs().decode()
    assert "waiting for 3 cell processes" in train.logs().decode()
    assert b"policy" in board.exec_run("find /out/run/checkpoints").output
    shown, end = "", monotonic() + 60
    while "time/share_of_rollout" not in shown and monotonic() < end:  # it looks for news every few seconds
        with suppress(OSError), urlopen(f"{TENSORBOARD}/data/plugin/scalars/tags", timeout=10) as answer:  # noqa: S310
            shown = answer.read().decode()
    assert "run/tensorboard" in json.loads(shown)
    assert [binding["HostIp"] for binding in board.ports["6006/tcp"]] == ["127.0.0.1"]


def _start(engine: docker.DockerClient) -> Any:
    """Bring up three cells and agents that will run for minutes; returns the agents' container."""
    ended = _compose("up", "-d", "--no-color", "--scale", "cell=3", "agents", llmac=LONG)
    assert ended.returncode == 0, ended.stdout
    (agents,) = _containers(engine, "agents")
    lines: Any = agents.logs(stream=True, follow=True)
    assert any(b"waiting for 3 cell processes" in line for line in lines)
    lines.close()
    # They have all connected when the agents have as many connections.
    while len(_rows(agents.exec_run(["cat", "/proc/net/tcp"]).output.decode(), "01")) < len(
        _containers(engine, "cell")
    ):
        agents.reload()
        assert agents.status == "running", agents.logs().decode()
    return agents


def _containers(engine: docker.DockerClient, service: str) -> list[Any]:
    labels = [f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={service}"]
    return engine.containers.list(all=True, filters={"label": labels})


def _compose(*arguments: str, llmac: str = "") -> subprocess.CompletedProcess[str]:
    command = [*COMPOSE, "-f", str(ROOT / "compose.yaml"), "-p", PROJECT, *arguments]
    environment = {**os.environ, **({"LLMAC": llmac} if llmac else {})}
    return subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, env=environment
    )


def _rows(table: str, state: str) -> list[str]:
    """Local addresses of the sockets of /proc/net/tcp that are in a state."""
    return [fields[1] for fields in map(str.split, table.splitlines()[1:]) if fields[3] == state]


def _listening(table: str) -> set[tuple[str, int]]:
    return {(row.split(":")[0], int(row.split(":")[1], 16)) for row in _rows(table, LISTEN)}
