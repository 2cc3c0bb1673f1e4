# SPDX-License-Identifier: MIT
"""`llmac clone`: language models that say what a teacher says, learned from traces recorded in ns-3."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from llmac.agents.cli.options import writable_folder
from llmac.agents.cli.speech import GrammarOption, speech
from llmac.bridge.errors import LlmacError


def clone(
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")],
    teacher: Annotated[
        str,
        typer.Option(
            help="lease; turns: paper only, in seconds; access: random access with messages that mean nothing "
            "(docs/training.md)."
        ),
    ] = "lease",
    symbols: Annotated[int, typer.Option(min=1, max=64, help="Opaque symbols in which `access` babbles.")] = 2,
    base: Annotated[
        str | None, typer.Option(help="Folder or Hub id of a pretrained model that gets a LoRA adapter for each role.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Of the optimiser for each role.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=999_999, help="Of the episodes and the weights.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Cell processes.")] = 1,
    grammar: GrammarOption = None,
) -> None:
    """Record a teacher in the ns-3 cell, fit the models of both roles to it, and write a checkpoint."""
    # torch and transformers take seconds to import, which the other commands need not wait for.
    from llmac.agents.learning.clone import CloneOptions, TeacherName  # noqa: PLC0415
    from llmac.agents.learning.clone import clone as learn  # noqa: PLC0415

    if teacher not in list(TeacherName):
        raise LlmacError(f"--teacher {teacher}: there are {', '.join(TeacherName)}")
    options = CloneOptions.of(TeacherName(teacher), seed=seed, base=base, symbols=symbols)
    if steps is not None:
        options = replace(options, bs_steps=steps, ue_steps=steps)
    words = speech(grammar, None, no_grammar=False).grammar if grammar else None
    writable_folder("--out", out)
    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        tasks = {}

        def advance(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=1.0)
            progress.update(tasks[stage], completed=share)

        reports = learn(out, options, processes, advance, grammar=words)
    table = Table(
        "role", "examples", "sentences as the teacher's", "nats per choice", title=f"cloned from {teacher}: {out}"
    )
    for role, report in reports.items():
        table.add_row(
            role, f"{report.examples:,}", f"{report.sentence_accuracy:.1%} (held out)", f"{report.choice_nll:.4f}"
        )
    table.caption = f"{time.monotonic() - started:.0f} s"
    Console().print(table)
