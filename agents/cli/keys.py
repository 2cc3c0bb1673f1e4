# SPDX-License-Identifier: MIT
"""`llmac keys`: what Python and cells on other machines need to trust each other."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from llmac.bridge.wire import keys as curve


def keys(
    folder: Annotated[Path, typer.Argument(help="Gets a folder for Python and one for the cells.")],
    cell: Annotated[str, typer.Option(help="Name of the folder for the cells; another one for each machine.")] = "cell",
) -> None:
    """Make CURVE keys, for cells on other machines."""
    client = curve.make(folder, cell)
    Console(highlight=False, soft_wrap=True).print(
        f"{folder / curve.SERVER}: stays here, for llmac run --keys\n"
        f"{client}: copy it to the machine of the cells, for llmac-cell --keys, and remove it here\n"
        f"Both hold a {curve.SECRET}, which nobody else may read."
    )
