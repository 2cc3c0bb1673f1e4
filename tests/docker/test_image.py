# SPDX-License-Identifier: MIT
"""The image as a user runs it: whose files, which rights, which numbers; agents and cells on two hosts.

Run by tests/docker/check-image.sh, which sees to the engine and to the images.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from llmac.bridge.launch.docker import connect
from llmac.bridge.wire import keys

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

IMAGES = ("llmac", "llmac-agents", "llmac-cell")
USER = os.getuid() or 4711  # root's containers would say nothing
LOCKED = ("--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
SCENARIO = Path(__file__).parents[2] / "scenarios" / "near-far.yaml"


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of that user's, to be mounted."""
    tmp_path.chmod(0o755)
    os.chown(tmp_path, USER, USER)
    return tmp_path


def test_the_results_belong_to_the_caller(folder: Path) -> None:
    arguments = ["scenarios/urban.yaml", "--out", "/out", "--agents", "grant", "--seeds", "2", "--ttis", "20"]
    user = f"--user={USER}:{USER}"
    ended = _docker("run", "--rm", *LOCKED, user, "-v", f"{folder}:/out", "llmac", "run", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in folder.iterdir()} >= {"summary.json", "trace.parquet"}
    assert {(path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()} == {(USER, USER)}


def test_another_channel_and_a_scenario_of_ones_own_need_no_other_image(folder: Path) -> None:
    mine = folder / "mine.yaml"
    mine.write_text(SCENARIO.read_text().replace("radius_m: 1300", "radius_m: 900"))
    arguments = ["--agents", "grant", "--seeds", "2", "--ttis", "50", "--json"]
    channel = ["--channel", "ns3::LogDistancePropagationLossModel[Exponent=4.2]"]
    inside = [
        json.loads(_docker("run", "--rm", *LOCKED, "-v", f"{folder}:/in:ro", "llmac", "run", *what, *arguments).stdout)
        for what in (["/in/mine.yaml"], ["near-far", *channel])
    ]
    outside = [_outside("run", *what, *arguments) for what in ([str(mine)], ["near-far", *channel])]
    assert [run["agents"] for run in inside] == [run["agents"] for run in outside]
    assert inside[0]["agents"] != inside[1]["agents"]


def test_the_images_say_what_they_are(engine: docker.DockerClient) -> None:
    for name in IMAGES:
        image: Any = engine.images.get(name)
        config = image.attrs["Config"]
        assert config["User"] == "1000:1000"
        assert config["Entrypoint"][:3] == ["tini", "-g", "--"]
        assert config["Healthcheck"]["Test"][0] == "CMD"
        assert config["Labels"]["org.opencontainers.image.title"] == "llmac"
        program, *arguments = config["Healthcheck"]["Test"][1:]
        healthy = _docker("run", "--rm", *LOCKED, "--entrypoint", program, name, *arguments)
        assert healthy.returncode == 0, healthy.stderr


def test_a_run_needs_no_root_writes_nothing_and_listens_nowhere(engine: docker.DockerClient) -> None:
    with _container(engine, "llmac", ["run", "paper", "--agents", "random", "--ttis", "100000"]) as running:
        while "llmac-cell" not in str(running.top()["Processes"]):  # it refuses to answer when the container has ended
            pass
        assert {uid for _, uid in running.top(ps_args="-eo pid,uid")["Processes"]} == {"1000"}
        table = running.exec_run(["cat", *(f"/proc/net/{kind}" for kind in ("tcp", "tcp6", "udp", "udp6"))]).output
        assert [row for row in table.decode().splitlines() if "local_address" not in row] == []
        running.kill("SIGINT")
        assert running.wait(timeout=30)["StatusCode"] == 130
        # Its socket was in the temporary directory, and is gone.
        assert {entry["Path"] for entry in running.diff() or []} <= {"/tmp"}  # noqa: S108


def test_agents_here_and_cells_on_another_host(engine: docker.DockerClient, folder: Path) -> None:
    """As docs/docker.md says; the other host is a container, and this one the gateway of its network."""
    keys.make(folder / "keys")
    arguments = ["run", "near-far", "--agents", "grant", "--seeds", "4", "--ttis", "30", "--json"]
    owner = (folder / "keys" / "cell").stat()
    with _network(engine) as (network, gateway):
        address = f"tcp://{gateway}:5555"
        listen = ["--listen", address, "--keys", str(folder / "keys" / "python"), "--processes", "2"]
        with _llmac(*arguments, *listen) as python:
            cells = [
                engine.containers.run(
                    "llmac-cell",
                    [f"--connect={address}", "--keys=/keys", "--wait=60"],
                    user=f"{owner.st_uid}:{owner.st_gid}",
                    volumes={str(folder / "keys" / "cell"): {"bind": "/keys", "mode": "ro"}},
                    network=network,
                    detach=True,
                )
                for _ in range(2)
            ]
            try:
                said, _ = python.communicate(timeout=120)
                assert [cell.wait(timeout=30)["StatusCode"] for cell in cells] == [0, 0]
            finally:
                for cell in cells:
                    cell.remove(force=True)
    assert json.loads(said)["agents"] == _outside(*arguments)["agents"]


@contextmanager
def _network(engine: docker.DockerClient) -> Generator[tuple[str, str]]:
    """A network of one's own, and its gateway: that of the default one is not told before the engine's second start."""
    name = "llmac-test"
    network = engine.networks.create(name)
    try:
        yield name, network.attrs["IPAM"]["Config"][0]["Gateway"]
    finally:
        network.remove()


@contextmanager
def _container(engine: docker.DockerClient, image: str, command: list[str]) -> Generator[Any]:
    container = engine.containers.run(image, command, detach=True)
    try:
        yield container
    finally:
        container.remove(force=True)


def _docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True, timeout=120)


def _llmac(*arguments: str) -> subprocess.Popen[str]:
    code = "from llmac.agents.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


def _outside(*arguments: str) -> dict[str, Any]:
    with _llmac(*arguments) as python:
        return json.loads(python.communicate(timeout=120)[0])
