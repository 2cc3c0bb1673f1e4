# SPDX-License-Identifier: MIT
"""Where the cells of a command run, and options that say so."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, TypedDict

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
        metavar="local|docker[:IMAGE][,cpus=N][,memory=SIZE]",
        help="Start the cells as processes of this machine, or in containers, for instance docker,cpus=1,memory=512m.",
    ),
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
    captures: Path | None = None,
) -> Cells:
    """Where cells run: on this machine, with their logs in `out` if anywhere; or where somebody else starts them.

    `captures` is the folder of their pcap files, if they write any.

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
        return Cells(launcher=_launcher(launcher, out, captures), address=None, deadlines=None, keys=None)
    if launcher != "local":
        raise LlmacError("--listen waits for cells that are started elsewhere: leave --launcher out")
    option = " --keys=FOLDER" if keys else ""
    numbers = f" --process=I for I from 0 to {processes - 1}" if processes > 1 else ""
    note(f"waiting for {processes} cell processes: llmac-cell --connect={listen}{option}{numbers}")
    return Cells(launcher=ExternalLauncher(), address=listen, deadlines=Deadlines(handshake_s=_WAIT_S), keys=keys)


def _launcher(text: str, out: Path | None, captures: Path | None) -> Launcher:
    name, *settings = text.split(",")
    kind, _, image = name.partition(":")
    if kind not in {"local", "docker"} or (kind == "local" and text != "local"):
        raise LlmacError(f"--launcher {text}: give local, or docker[:IMAGE][,cpus=N][,memory=SIZE]")
    if kind == "local":
        return LocalLauncher(log_dir=out)
    # The SDK takes a while to import.
    from llmac.bridge.launch.docker import IMAGE, DockerLauncher  # noqa: PLC0415

    limits: dict[str, Any] = {}
    for setting in settings:
        limit, _, value = setting.partition("=")
        if limit == "cpus" and re.fullmatch(r"\d*\.?\d+", value):
            limits[limit] = float(value)
        elif limit == "memory" and re.fullmatch(r"\d+[bkmg]?", value):
            limits[limit] = value
        else:
            raise LlmacError(f"--launcher {text}: {setting} is no limit; write cpus=1.5 or memory=512m")
    return DockerLauncher(image or IMAGE, log_dir=out, captures=captures, **limits)
