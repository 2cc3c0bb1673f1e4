# SPDX-License-Identifier: MIT
"""Cell processes in containers, one each, through the Docker SDK for Python.

A container has no network: the directory of the ipc socket is mounted into it. It runs as the user of this process (for
root, as nobody) on a read-only root, without capabilities. When Python is killed, the cell notices that the connection
stays down and ends; what is left of its container is removed by the next launcher, or by `llmac doctor --clean`.
"""

import os
import socket
import weakref
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import docker
import requests.exceptions
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import Mount

from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.local import EXECUTABLE
from llmac.bridge.launch.log import ProcessLog

IMAGE = "llmac-cell"
OWNER_LABEL = "llmac.owner"
_NOBODY, _GROUP = 65534, 1_819_045_217
"""For root's cells; the group is a number that no user has."""
_ENGINE_TIMEOUT_S = 30
_LOG_END_S = 1.0
_ERRORS = (DockerException, requests.exceptions.RequestException)
"""What the SDK raises; the second when the engine is gone in the middle of an answer."""


class DockerLauncher:
    """Starts cells in containers of this machine's engine.

    Args:
        image: of the containers.
        cpus: that each container may use; None for no limit.
        memory: that each container may use, as Docker writes it ("512m"); None for no limit.
        log_dir: keeps what process I writes in cell-I.log there; by default only its last lines are kept, for errors.
        captures: folder in which, and in whose folders, cells may write pcap files; see `ColumnEnv.reset`.
        command: what to start in them, before the arguments that every cell gets.

    Raises:
        CellMissingError: no engine answers, or it has no such image.
    """

    def __init__(
        self,
        image: str = IMAGE,
        cpus: float | None = None,
        memory: str | None = None,
        log_dir: Path | None = None,
        captures: Path | None = None,
        command: Sequence[str] = (EXECUTABLE,),
    ) -> None:
        self._client = connect()
        weakref.finalize(self, self._client.close)
        self._image = image
        self._command = list(command)
        self._limits: dict[str, Any] = {
            "nano_cpus": None if cpus is None else int(cpus * 1e9),
            "mem_limit": memory,
            "memswap_limit": memory,
        }
        self._log_dir = log_dir
        if log_dir is not None:
            log_dir.mkdir(parents=True, exist_ok=True)
        self._captures = None if captures is None else captures.resolve()
        try:
            self._client.images.get(image)
        except ImageNotFound as error:
            raise CellMissingError(
                f"the Docker engine has no image {image}; build it with `docker build --target cell -t {IMAGE} .` in "
                "the checkout of llmac, or name another one: --launcher docker:IMAGE"
            ) from error
        except _ERRORS as error:
            raise _engine_lost(error) from error
        with suppress(CellMissingError):  # what others have left and cannot be removed is no reason not to start
            remove_abandoned(self._client)

    def start(self, endpoint: str, session: int, index: int) -> "DockerCell":
        """Start process `index`, which connects to `endpoint` for `session`; see `Launcher`."""
        options: dict[str, Any] = {
            "image": self._image,
            "entrypoint": self._command,
            "command": [f"--connect={endpoint}", f"--session={session}", f"--process={index}"],
            "init": True,
            "user": _user(endpoint, self._captures),
            "mounts": _mounts(self._captures),
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "healthcheck": {"test": ["NONE"]},  # its end is seen at once, and nobody looks at its health
            "labels": {OWNER_LABEL: owner_of(os.getpid())},
            "environment": {name: os.environ[name] for name in ("NS_LOG",) if name in os.environ},
            **self._limits,
            **_reach(endpoint),
        }
        file = None if self._log_dir is None else self._log_dir / f"cell-{index}.log"
        try:
            container = self._client.containers.create(**options)
        except _ERRORS as error:
            raise _engine_lost(error) from error
        return DockerCell(index, session, container, file)


class DockerCell:
    """A container with one process.

    Args:
        index: its number among the processes.
        session: number that it was given.
        container: created, not started.
        log_file: where to keep what it writes, if anywhere.

    Raises:
        CellMissingError: it cannot be started.
    """

    def __init__(self, index: int, session: int, container: Any, log_file: Path | None) -> None:
        self.greeting = session
        self.name = f"cell {index} (container {container.short_id})"
        self._container = container
        self._ended = os.eventfd(0)
        reader, writer = os.pipe()
        self._log = ProcessLog(reader, log_file)
        try:
            container.start()
            self._output = container.logs(stream=True, follow=True)
        except BaseException as error:  # an interrupt, too: nobody else knows of the container yet
            os.close(writer)
            self.stop(0.0)
            if isinstance(error, _ERRORS):
                raise CellMissingError(f"the container of cell {index} cannot be started: {error}") from error
            raise
        self._follower = Thread(target=self._follow, args=(writer,), name="llmac container", daemon=True)
        self._follower.start()

    def fileno(self) -> int:
        """A descriptor that becomes readable when the container ends, or the engine is gone."""
        return self._ended

    def ended(self) -> str | None:
        """How the process ended, a clause; None while it runs."""
        try:
            self._container.reload()
        except NotFound:
            return "the container was removed"
        except _ERRORS:
            return "the Docker engine does not answer any more"
        state = self._container.attrs["State"]
        if state["Status"] in {"created", "running", "paused"}:
            return None
        if state["OOMKilled"]:
            return "the container was ended because it needed more memory than it may use"
        return f"the container exited with {state['ExitCode']}"

    def log(self) -> str:
        """The last lines that it wrote."""
        if not self._follower.is_alive():
            self._log.finish(_LOG_END_S)
        return self._log.tail()

    def stop(self, grace_s: float) -> None:
        """Wait for the container to end, SIGKILL after `grace_s` seconds, and remove it. May be called again."""
        if self._ended < 0:
            return
        follower = getattr(self, "_follower", None)
        if follower is not None:
            follower.join(grace_s)
        with suppress(*_ERRORS):  # it may be gone, or the engine; then the cell ends by itself
            self._container.remove(force=True)
        if follower is not None:
            follower.join(_LOG_END_S)  # the output ends with the container
            if follower.is_alive():
                self._output.close()
        os.close(self._ended)
        self._ended = -1

    def _follow(self, writer: int) -> None:
        with suppress(*_ERRORS), open(writer, "wb", buffering=0) as log:
            log.writelines(self._output)
        with suppress(OSError):  # it was stopped meanwhile
            os.eventfd_write(self._ended, 1)


def connect() -> docker.DockerClient:
    """Reach the engine that the environment names (DOCKER_HOST).

    Raises:
        CellMissingError: none answers.
    """
    try:
        client = docker.from_env(timeout=_ENGINE_TIMEOUT_S)
        client.ping()
    except _ERRORS as error:
        raise _engine_lost(error) from error
    return client


def owner_of(pid: int) -> str:
    """What the containers of a process of this machine are labelled with.

    It tells the process apart from later ones of the same number by its start, which is "" when it is no more.
    """
    try:
        # The name, in brackets, may hold spaces; behind it, field 3 is the state and field 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        fields = []
    started = fields[19] if fields and fields[0] not in "ZX" else ""
    return f"{_machine()}/{pid}/{started}"


def remove_abandoned(client: docker.DockerClient) -> list[str]:
    """Remove the containers of owners that are no more, running or not; returns their names.

    Raises:
        CellMissingError: the engine does not answer.
    """
    removed: list[str] = []
    try:
        # Others may be removed meanwhile, also by another llmac that cleans up.
        for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True):
            if _is_abandoned(container.labels[OWNER_LABEL]):
                try:
                    container.remove(force=True)
                except APIError as error:
                    if error.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                        raise
                else:
                    removed.append(str(container.name))
    except _ERRORS as error:
        raise _engine_lost(error) from error
    return removed


def _is_abandoned(owner: str) -> bool:
    """Whether the process that a label names was one of this machine, and is no more."""
    return owner.startswith(f"{_machine()}/") and owner != owner_of(int(owner.rsplit("/", 2)[1]))


def _user(endpoint: str, captures: Path | None) -> str:
    """Who a container runs as: this user; for root nobody, in a group without members that may use what it needs."""
    if os.getuid() != 0:
        return f"{os.getuid()}:{os.getgid()}"
    if endpoint.startswith("ipc://"):
        path = Path(urlsplit(endpoint).path)
        _open(path.parent, 0o710)
        _open(path, 0o660)
    for folder in captures.glob("**/") if captures else ():
        _open(folder, 0o775)
    return f"{_NOBODY}:{_GROUP}"


def _open(path: Path, mode: int) -> None:
    os.chown(path, -1, _GROUP)
    path.chmod(mode)


def _mounts(captures: Path | None) -> list[Mount]:
    """The folder for captures, under the name that the reset gives the cell."""
    return [Mount(str(captures), str(captures), type="bind")] if captures else []


def _reach(endpoint: str) -> dict[str, Any]:
    """Give a container what it needs to reach an endpoint of this machine."""
    if endpoint.startswith("ipc://"):
        directory = str(Path(urlsplit(endpoint).path).parent)
        return {"network_mode": "none", "volumes": {directory: {"bind": directory, "mode": "ro"}}}
    return {"network_mode": "host"}


def _machine() -> str:
    """This machine, since it was started, or a container on it that has process numbers of its own."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    numbers = Path("/proc/self/ns/pid").stat().st_ino
    return f"{socket.gethostname()}/{boot}/{numbers}"


def _engine_lost(error: Exception) -> CellMissingError:
    return CellMissingError(
        f"the Docker engine cannot be used: {error}; start it, or name it in DOCKER_HOST, or give --launcher local"
    )
