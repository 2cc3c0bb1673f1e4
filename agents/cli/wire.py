# SPDX-License-Identifier: MIT
"""`llmac wire`: print the frames that `llmac run --log-wire FILE` has recorded."""

from pathlib import Path
from typing import Annotated

import typer

from llmac.bridge.wire.describe import Describer
from llmac.bridge.wire.log import read


def wire(file: Annotated[Path, typer.Argument(help="A log of frames.")]) -> None:
    """Print the frames of a log: `->` from the cell, `<-` to the cell."""
    describer = Describer()
    for record in read(file):
        for line in describer.lines(record):
            typer.echo(line)
