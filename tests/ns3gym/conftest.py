# SPDX-License-Identifier: MIT
"""Nothing may be left behind, and how simulations are started."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from llmac.bridge.ns3gym import Ns3GymEnv
from llmac.bridge.ns3gym.port import Port

MakeEnv = Callable[..., Ns3GymEnv]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail a test that leaves a process or a descriptor (socket, pipe)."""
    before = _descriptors()
    yield
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split() == []
    assert _descriptors() <= before


def _descriptors() -> set[str]:
    links: set[str] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.add(f"{descriptor.name} {descriptor.readlink()}")
        except OSError:  # the one that listed the directory
            continue
    return links


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with closing(Port(0)) as port:
        return port.number


@pytest.fixture
def command() -> Callable[..., list[str]]:
    """The command of simulation.py: (fault, step that it shows at, end)."""

    def build(fault: str = "none", step: str = "never", end: str = "time") -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("simulation.py")), "{port}", "{seed}", fault, step, end]

    return build
