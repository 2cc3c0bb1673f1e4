# SPDX-License-Identifier: MIT
"""Where the cells of a command run, and options that say so."""

import os
from pathlib import Path
from typing import Annotated, TypedDict

import typer
from rich.console import Console

from llmac.bridge.errors import AddressError, LlmacError
from llmac.bridge.launch import Launcher
from llmac.bridge.launch.external import ExternalLauncher
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.session import Deadlines

LauncherOption = Annotated[
    str,
    typer.Option(
        "--launcher",
        metavar="local|docker[:IMAGE]",
        help="Start the cells as processes of this machine, or in containers.",
    ),
]
CpusOption = Annotated[float | None, typer.Option("--cell-cpus", min=0.01, help="CPUs of each container.")]
MemoryOption = Annotated[
    str | None, typer.Option("--cell-memory", metavar="SIZE", help="Memory of each container, for instance 512m.")
]
ListenOption = Annotated[
    str | None,
    typer.Option(
        "--listen",
        metavar="ADDRESS",
        help="Start no cells; wait there, for instance at tcp://10.0.0.1:5555, for those that are started elsewhere.",
    ),
]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", help="Folder with Python's keys, from `llmac keys`; with --listen.")
]
_WAIT_S = 300.0
"""For cells that somebody else starts."""


class Cells(TypedDict):
    """Arguments of `ColumnEnv`."""

    launcher: Launcher
    address: str | None
    deadlines: Deadlines | None
    keys: Path | None


def cells(
    launcher: str,
    listen: str | None,
    keys: Path | None,
    processes: int,
    out: Path | None,
    cpus: float | None = None,
    memory: str | None = None,
) -> Cells:
    """Where cells run: on this machine, with their logs in `out` if anywhere; or where somebody else starts them.

    Raises:
        LlmacError: options that do not go together, or a launcher that does not exist.
        CellMissingError: there is nothing to start.
    """
    note = Console(stderr=True, highlight=False, soft_wrap=True).print
    if listen is None:
        if keys is not None:
            raise AddressError("--keys are for cells on other machines: give --listen, too")
        if out is None and os.environ.get("NS_LOG"):
            note("NS_LOG is set: give --out FOLDER to find what the cells write in FOLDER/cell-*.log")
        made = _launcher(launcher, out, cpus, memory)
        return Cells(launcher=made, address=None, deadlines=None, keys=None)
    if launcher != "local":
        raise LlmacError("--listen waits for cells that are started elsewhere: leave --launcher out")
    option = " --keys=FOLDER" if keys else ""
    note(f"waiting for {processes} cell processes: llmac-cell --connect={listen}{option}")
    return Cells(launcher=ExternalLauncher(), address=listen, deadlines=Deadlines(handshake_s=_WAIT_S), keys=keys)


def _launcher(name: str, out: Path | None, cpus: float | None, memory: str | None) -> Launcher:
    kind, _, image = name.partition(":")
    if kind == "docker":
        from llmac.bridge.launch.docker import IMAGE, DockerLauncher  # noqa: PLC0415 (the SDK is slow to import)

        return DockerLauncher(image or IMAGE, cpus, memory, out)
    if name != "local":
        raise LlmacError(f"--launcher {name}: give local, docker or docker:IMAGE")
    if cpus is not None or memory is not None:
        raise LlmacError("--cell-cpus and --cell-memory are limits of containers: give --launcher docker, too")
    return LocalLauncher(log_dir=out)
