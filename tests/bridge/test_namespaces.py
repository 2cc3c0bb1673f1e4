# SPDX-License-Identifier: MIT
"""A run over a network: Python and the cell in two network namespaces, with CURVE between them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from remote import HANDSHAKE_S

from llmac.bridge.wire import keys

ADDRESS = "10.213.77.1"
ENDPOINT = f"tcp://{ADDRESS}:5555"


@dataclass(frozen=True)
class Network:
    """Names of two namespaces with a cable between them."""

    python: str
    cell: str


def ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True)


@pytest.fixture
def network() -> Iterator[Network]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and iproute2")
    names = Network(f"llmac-p{os.getpid()}", f"llmac-c{os.getpid()}")
    try:
        try:
            ip(f"netns add {names.python}")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        ip(f"netns add {names.cell}")
        ip(f"link add eth0 netns {names.python} type veth peer name eth0 netns {names.cell}")
        for name, address in ((names.python, ADDRESS), (names.cell, "10.213.77.2")):
            ip(f"-n {name} addr add {address}/24 dev eth0")
            ip(f"-n {name} link set eth0 up")
        yield names
    finally:
        for name in (names.python, names.cell):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def start(namespace: str, *command: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def play(network: Network, cell: Path, server: Path, client: Path) -> tuple[tuple[int, str], tuple[int, str]]:
    """Exit status and output of Python, and of the cell."""
    here = Path(__file__).parent
    python = start(network.python, sys.executable, here / "remote.py", ENDPOINT, server)
    assert python.stdout is not None
    python.stdout.readline()
    remote = start(network.cell, cell, f"--connect={ENDPOINT}", "--process=0", f"--keys={client}", "--wait=3")
    said = ["".join(process.communicate(timeout=30)) for process in (python, remote)]
    return (python.returncode, said[0]), (remote.returncode, said[1])


def test_an_episode_crosses_the_network(network: Network, cell: Path, tmp_path: Path) -> None:
    client = keys.make(tmp_path)
    assert play(network, cell, tmp_path / "python", client) == ((0, "11 observations\n"), (0, ""))


def test_a_wrong_key_is_refused_in_time(network: Network, cell: Path, tmp_path: Path) -> None:
    keys.make(tmp_path)
    stranger = keys.make(tmp_path / "stranger")
    shutil.copy(tmp_path / "cell" / "server.key", stranger / "server.key")
    begin = monotonic()
    (python, error), (remote, log) = play(network, cell, tmp_path / "python", stranger)
    assert monotonic() - begin < HANDSHAKE_S + 1 + 10  # of which 10 for the start of Python
    assert (python, remote) == (1, 3)
    assert error.startswith(
        "DeadlineError: cell 0 (started elsewhere), environment 0, handshake: no answer within 5 s; a cell whose key"
    )
    assert "refuses the key of this cell" in log
