# SPDX-License-Identifier: MIT
"""What commands that sweep have in common: lists, the processes that play, and how the time left is told."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from llmac.agents.cli.cells import cells
from llmac.agents.evaluation.sweep.pool import Where
from llmac.agents.evaluation.sweep.sweep import Sweep, Tell
from llmac.bridge.errors import LlmacError

ProcessesOption = Annotated[
    int | None, typer.Option(min=1, help="Processes that play, each with a cell process; by default one per core.")
]
_MINUTE_S = 60

T = TypeVar("T", int, float)


def numbers(option: str, text: str | None, kind: type[T]) -> list[T]:
    """What an option lists, for instance "2,4,8", or "2,4,...,32" for equal steps; nothing if it was not given.

    Raises:
        LlmacError: it has another form.
    """
    if text is None:
        return []
    try:
        before, dots, last = text.partition(",...,")
        values = [kind(part) for part in before.split(",")]
        if not dots:
            return values
        step = values[-1] - values[-2]
        count = round((kind(last) - values[-1]) / step)
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise LlmacError(f"{option} {text}: write numbers as 2,4,8, or equal steps as 2,4,...,32") from error
    # Tenths are no binary fractions: 0.1 + 2 * 0.1 shall be 0.3.
    steps = [kind(round(values[-1] + step * (i + 1), 9)) for i in range(count)]
    if count < 1 or steps[-1] != kind(last):
        raise LlmacError(f"{option} {text}: steps of {step:g} do not lead from {values[-1]:g} to {last}")
    return [*values, *steps]


def where(launcher: str) -> Where:
    """Where the cells of each process run.

    Raises:
        LlmacError: there is no such launcher, or nothing to launch.
    """
    make = partial(cells, launcher, None, None, 1, None)
    make()
    return make


def workers(processes: int | None) -> int:
    """As many as asked for, or as there are cores for this process."""
    return processes or len(os.sched_getaffinity(0))


def tell_refusals(sweep: Sweep) -> None:
    """Say which agents cannot play where, and why."""
    for refusal in sweep.refused:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"left out: {refusal.player.name} in {refusal.cell.title}: {refusal.why}"
        )


@contextmanager
def progress(what: str) -> Generator[Tell]:
    """Tell how far a sweep is, in place on a terminal, line by line elsewhere."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield lambda done, total, left: console.print(f"{what}: {done} of {total} runs, {time_left(left)}")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=console, transient=True) as bar:
        task = bar.add_task(what, left="")
        yield lambda done, total, left: bar.update(task, completed=done, total=total, left=time_left(left))


def time_left(seconds: float | None) -> str:
    """For people; as exact as it is known."""
    if seconds is None:
        return "measuring how long it will take"
    if seconds < _MINUTE_S:
        return f"about {seconds:.0f} s left"
    minutes = seconds / _MINUTE_S
    return f"about {minutes:.0f} min left" if minutes < 2 * _MINUTE_S else f"about {minutes / 60:.1f} h left"
