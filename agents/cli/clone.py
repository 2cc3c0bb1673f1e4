# SPDX-License-Identifier: MIT
"""`llmac clone`: language models that say what `grant` says, learned from traces recorded in ns-3."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from llmac.agents.cli.options import writable_folder


def clone(
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")],
    seed: Annotated[int, typer.Option(min=0, max=999_999, help="Of the episodes and the weights.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Cell processes.")] = 1,
) -> None:
    """Record `grant` in the ns-3 cell, fit the models of both roles to it, and write a checkpoint."""
    # torch and transformers take seconds to import, which the other commands need not wait for.
    from llmac.agents.learning.clone import CloneOptions  # noqa: PLC0415
    from llmac.agents.learning.clone import clone as learn  # noqa: PLC0415

    writable_folder("--out", out)
    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        tasks = {}

        def advance(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=1.0)
            progress.update(tasks[stage], completed=share)

        reports = learn(out, CloneOptions(seed=seed), processes, advance)
    table = Table(
        "role", "examples", "sentences as the teacher's", "nats per choice", title=f"cloned from grant: {out}"
    )
    for role, report in reports.items():
        table.add_row(
            role, f"{report.examples:,}", f"{report.sentence_accuracy:.1%} (held out)", f"{report.choice_nll:.4f}"
        )
    table.caption = f"{time.monotonic() - started:.0f} s"
    Console().print(table)
