# SPDX-License-Identifier: MIT
"""`llmac reproduce`: the figures of the paper on ns-3, the simulator's layers, decision delay, and the claims."""

import json
import shlex
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from llmac.agents import registry
from llmac.agents.cli.cells import LauncherOption
from llmac.agents.cli.options import own_folder
from llmac.agents.cli.sweeps import ProcessesOption, progress, tell_refusals, where, workers
from llmac.agents.cli.validate import RIVALS
from llmac.agents.evaluation.sweep.pool import Where, pool
from llmac.agents.evaluation.sweep.runs import FIRST_SEED, Player
from llmac.agents.evaluation.sweep.sweep import Sweep
from llmac.agents.evaluation.sweep.table import Frame
from llmac.agents.models.runs import newest_policy
from llmac.agents.reproduce import claims, inference, plan
from llmac.agents.reproduce.plan import FULL, QUICK, Budget
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load

FIGURES = (
    "arrival-rate",
    "network-size",
    "convergence",
    "generalisation",
    "changing-population",
    "grammar",
    "simulator-gap",
    "decision-delay",
    "claims",
)


def reproduce(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for runs.parquet, figures and claims.json; a sweep goes on there.")],
    checkpoint: Annotated[
        str, typer.Argument(help="Folder of a checkpoint, or name of an agent; by default the shipped one.")
    ] = "llm",
    agents: Annotated[str, typer.Option(help="What it stands beside, separated by commas.")] = ",".join(RIVALS),
    warm_start: Annotated[
        Path | None, typer.Option(help="Checkpoint that trainings begin from; by default a short clone.")
    ] = None,
    only: Annotated[str | None, typer.Option(help=f"Some of the figures: {', '.join(FIGURES)}.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer points and seeds, short trainings: minutes.")] = False,
    processes: ProcessesOption = None,
    launcher: LauncherOption = "local",
) -> None:
    """Draw the paper's figures from runs in ns-3; killed anywhere, the same command goes on."""
    figures = only.split(",") if only else list(FIGURES)
    if unknown := sorted(set(figures).difference(FIGURES)):
        raise LlmacError(f"--only {','.join(unknown)}: there is no such figure; there are {', '.join(FIGURES)}")
    budget = QUICK if quick else FULL
    examined = f"llm:{checkpoint}" if Path(checkpoint).is_dir() else checkpoint
    own_folder(context, "--out", out)
    task = _Task(out, budget, examined, agents.split(","), figures, workers(processes), where(launcher))
    start = newest_policy(warm_start) if warm_start else None
    if start is None and {"convergence", "grammar"} & set(figures):
        start = task.warm_start()
    if "convergence" in figures and start is not None:
        task.convergence(start)
    if "changing-population" in figures:
        task.changing_population()
    task.sweep(start)
    Console().print(f"runs and figures are in {out}", highlight=False, soft_wrap=True)


class _Task:
    """What is made, and where."""

    def __init__(
        self,
        out: Path,
        budget: Budget,
        examined: str,
        rivals: Sequence[str],
        figures: Sequence[str],
        processes: int,
        place: Where,
    ) -> None:
        self._out, self._budget, self._examined, self._rivals = out, budget, examined, rivals
        self._figures, self._processes, self._place = figures, processes, place
        self._pictures = out / "figures"

    def warm_start(self) -> Path:
        # torch and transformers take seconds to import, which a sweep of conventional agents need not wait for.
        from llmac.agents.reproduce import convergence  # noqa: PLC0415

        _say("cloning a warm start")
        return convergence.warm_start(self._out / "warm-start", self._place)

    def convergence(self, start: Path) -> None:
        import pandas as pd  # noqa: PLC0415

        from llmac.agents.figures import reproduce as drawing  # noqa: PLC0415
        from llmac.agents.reproduce import convergence  # noqa: PLC0415

        _say(f"training for {', '.join(map(str, self._budget.trained))} UEs, {self._budget.updates} updates each")
        with pool(self._processes) as processes:
            training = [
                processes.submit(
                    convergence.train, self._out / f"training-{ues}", ues, start, self._budget, self._place
                )
                for ues in self._budget.trained
            ]
            try:
                folders = [future.result() for future in training]
            except BrokenProcessPool as error:
                raise LlmacError(
                    "a process that trains was killed, perhaps for want of memory; the same command goes on"
                ) from error
        curves = [convergence.curve(folder, self._place) for folder in folders]
        drawing.convergence(self._pictures, pd.concat(curves))

    def changing_population(self) -> None:
        from llmac.agents.figures import reproduce as drawing  # noqa: PLC0415
        from llmac.agents.reproduce import churn  # noqa: PLC0415

        names = dict.fromkeys([registry.REFERENCE, *self._rivals, self._examined])
        players = [Player.of(name) for name in names]
        data = churn.measure(players, self._budget.seeds, self._place, lambda name: _say(f"joins and leaves: {name}"))
        drawing.changing_population(self._pictures, data)

    def sweep(self, start: Path | None) -> None:
        from llmac.agents.figures import reproduce as drawing  # noqa: PLC0415

        warm = None if start is None else f"llm:{start}"
        pairs = plan.pairs(self._budget, self._examined, self._rivals, warm, self._figures)
        if not pairs:
            return
        sweep = Sweep(self._out / "runs.parquet", pairs, range(FIRST_SEED, FIRST_SEED + self._budget.seeds))
        tell_refusals(sweep)
        with progress("runs") as tell:
            runs = sweep.play(self._processes, self._place, tell)
        for name in ("arrival-rate", "network-size", "grammar", "simulator-gap"):
            if name in self._figures:
                getattr(drawing, name.replace("-", "_"))(self._pictures, runs)
        if "generalisation" in self._figures:
            drawing.generalisation(self._pictures, runs, plan.generalising(self._examined))
        if "decision-delay" in self._figures:
            self._decision_delay(runs)
        if "claims" in self._figures:
            measured = claims.table(runs, self._examined)
            drawing.claims(self._pictures, measured)
            self._tell_claims(measured)

    def _decision_delay(self, runs: Frame) -> None:
        from llmac.agents.figures import reproduce as drawing  # noqa: PLC0415

        cell = load("paper", {"ttis": self._budget.ttis})
        spent = inference.seconds(Player.of(self._examined), cell, self._place)
        marks = {f"{self._examined}, median": float(np.median(spent)), "95% of TTIs": float(np.quantile(spent, 0.95))}
        drawing.decision_delay(self._pictures, runs, marks, cell.tti_s)

    def _tell_claims(self, measured: Frame) -> None:
        rows: list[dict[str, Any]] = measured.to_dict("records")
        document = {"command": shlex.join(["llmac", *sys.argv[1:]]), "claims": rows}
        (self._out / "claims.json").write_text(json.dumps(document, indent=2) + "\n")
        table = Table(title="claims of the paper, and what was measured", title_justify="left", box=SIMPLE_HEAD)
        for heading in ("claim", "claimed", "scenario", "over", "measured"):
            table.add_column(heading, no_wrap=True)
        for row in rows:
            interval = f"{row['measured']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})"
            table.add_row(row["claim"], f"{row['claimed']:+.1%}", row["scenario"], row["over"], interval)
        Console().print(table)


def _say(text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)
