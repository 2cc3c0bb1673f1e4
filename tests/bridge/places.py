# SPDX-License-Identifier: MIT
"""Where the cells of a reliability test run: as processes of this machine, or in containers of its engine.

Either way a cell is a process that this machine sees, so that a test does the same to it.
"""

import os
import select
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from llmac.bridge.launch import Launcher
from llmac.bridge.launch.docker import OWNER_LABEL, DockerLauncher, connect, owner_of, remove_abandoned
from llmac.bridge.launch.local import EXECUTABLE, LocalLauncher, find_executable


@dataclass(frozen=True, slots=True)
class Place:
    """A launcher, and what a test has to know of it.

    Attributes:
        name: of the launcher, on the command line.
        launcher: makes one; takes more arguments of the cell, and `log_dir`.
        thing: what its cells are called in errors.
        killed: what is said of one that was ended by SIGKILL.
        patience_s: what starting and removing one may take besides a deadline.
        parent_watched: whether a cell sees at once that Python was killed, and not when its connection stays down.
        cells: ids of the running cells that a process has started, by their index.
        left: what is left of all that it has started.
        clean: removes what a process that was killed has left.
    """

    name: str
    launcher: Callable[..., Launcher]
    thing: str
    killed: str
    patience_s: float
    parent_watched: bool
    cells: Callable[[int], list[int]]
    left: Callable[[int], list[str]]
    clean: Callable[[], None]


def _process(*arguments: str, log_dir: Path | None = None) -> Launcher:
    return LocalLauncher([str(find_executable()), *arguments], log_dir)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _container(*arguments: str, log_dir: Path | None = None) -> Launcher:
    return DockerLauncher(command=[EXECUTABLE, *arguments], log_dir=log_dir)


def _containers_of(owner: int, *, running: bool) -> list[Any]:
    process = owner_of(owner).rpartition("/")[0]  # also when it is no more
    with closing(connect()) as client:
        found = client.containers.list(all=not running, filters={"label": OWNER_LABEL}, ignore_removed=True)
        return [container for container in found if container.labels[OWNER_LABEL].startswith(f"{process}/")]


def _contained(owner: int) -> list[int]:
    containers = _containers_of(owner, running=True)
    containers.sort(key=lambda container: container.attrs["Config"]["Cmd"][-1])  # --process=I
    # The first process of a container is its init, and the cell its only child.
    return [child for container in containers for child in _children(container.attrs["State"]["Pid"])]


def _left(owner: int) -> list[str]:
    """After some patience: what another process is just removing does not count."""
    end = monotonic() + 5.0
    while (left := _containers_of(owner, running=False)) and monotonic() < end:
        pass
    return [container.name for container in left]


def _remove_abandoned() -> None:
    with closing(connect()) as client:
        remove_abandoned(client)


LOCAL = Place(
    name="local",
    launcher=_process,
    thing="process",
    killed="process was ended by SIGKILL",
    patience_s=0.0,
    parent_watched=True,
    cells=_children,
    left=lambda _: [],
    clean=lambda: None,
)
DOCKER = Place(
    name="docker",
    launcher=_container,
    thing="container",
    killed="container exited with 137",
    patience_s=5.0,
    parent_watched=False,
    cells=_contained,
    left=_left,
    clean=_remove_abandoned,
)
PLACES = {place.name: place for place in (LOCAL, DOCKER)}
EVERY = [pytest.param("local"), pytest.param("docker", marks=pytest.mark.docker)]
"""Parameters of a test that holds for all launchers."""


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a process ends in that time, or has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
