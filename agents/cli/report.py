# SPDX-License-Identifier: MIT
"""`llmac report`: a page about a folder of results."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from llmac.agents.report import contents, html
from llmac.bridge.errors import LlmacError


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of `llmac run`, `validate`, `reproduce` or `train`.")],
    out: Annotated[Path | None, typer.Option(help="The file; by default report.html in the folder.")] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="Seeds whose episodes are shown, separated by commas; by default the first few that fit."),
    ] = None,
) -> None:
    """Write a self-contained HTML page: the episodes TTI by TTI, what the messages mean, tables, plots."""
    page = html.render(contents.read(folder, _numbers(seeds) if seeds else None))
    target = out or folder / "report.html"
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise LlmacError(f"{target}: the page cannot be written: {error.strerror}") from error
    size = f"{len(page) / 1e6:.1f} MB"
    Console().print(f"{target}: {size}; open it in a browser", highlight=False, soft_wrap=True)


def _numbers(seeds: str) -> list[int]:
    try:
        return [int(seed) for seed in seeds.split(",")]
    except ValueError as error:
        raise LlmacError(f"--seeds {seeds}: write numbers with commas, for instance 2000000,2000003") from error
