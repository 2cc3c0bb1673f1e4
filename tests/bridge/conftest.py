# SPDX-License-Identifier: MIT
"""Nothing may be left behind by any test of the bridge."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import EVERY, PLACES, Place

from llmac.bridge.launch.local import find_executable


@pytest.fixture(scope="session")
def cell() -> Path:
    """The cell's executable; without it the tests fail with the sentence that says how to build it."""
    return find_executable()


@pytest.fixture(params=EVERY)
def place(request: pytest.FixtureRequest, cell: Path) -> Iterator[Place]:  # noqa: ARG001 (its absence is told in words)
    """Each of the launchers in turn."""
    where = PLACES[request.param]
    yield where
    gc.collect()  # launchers that the traceback of an error knows hold sockets of the engine
    assert where.left(os.getpid()) == []


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves a process, a descriptor (socket, pipe) or a temporary file."""
    tmp_path_factory.getbasetemp()  # pytest's own directory is made now, elsewhere
    directory = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))  # short: the path of an ipc socket has at most 107 bytes
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    before = _descriptors()
    yield
    files = list(directory.iterdir())
    shutil.rmtree(directory)
    assert not files, f"left in the temporary directory: {files}"
    assert _children() == [], "child processes are left"
    assert _descriptors() <= before, f"descriptors are left: {_descriptors() - before}"


def _descriptors() -> set[str]:
    links: set[str] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.add(f"{descriptor.name} {descriptor.readlink()}")
        except OSError:  # the one that listed the directory
            continue
    return links


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
