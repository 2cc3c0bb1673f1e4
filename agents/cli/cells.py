# SPDX-License-Identifier: MIT
"""Where the cells of a command run, and options that say so."""

import os
from pathlib import Path
from typing import Annotated, TypedDict

import typer
from rich.console import Console

from llmac.bridge.errors import AddressError
from llmac.bridge.launch import Launcher
from llmac.bridge.launch.external import ExternalLauncher
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.session import Deadlines

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


def cells(listen: str | None, keys: Path | None, processes: int, out: Path | None) -> Cells:
    """Where cells run: on this machine, with their logs in `out` if anywhere; or where somebody else starts them.

    Raises:
        AddressError: there are keys and nowhere to listen.
    """
    note = Console(stderr=True, highlight=False, soft_wrap=True).print
    if listen is None:
        if keys is not None:
            raise AddressError("--keys are for cells on other machines: give --listen, too")
        if out is None and os.environ.get("NS_LOG"):
            note("NS_LOG is set: give --out FOLDER to find what the cells write in FOLDER/cell-*.log")
        return Cells(launcher=LocalLauncher(log_dir=out), address=None, deadlines=None, keys=None)
    option = " --keys=FOLDER" if keys else ""
    note(
        f"waiting for {processes} cell processes, I from 0 to {processes - 1}: "
        f"llmac-cell --connect={listen} --process=I{option}"
    )
    return Cells(launcher=ExternalLauncher(), address=listen, deadlines=Deadlines(handshake_s=_WAIT_S), keys=keys)
