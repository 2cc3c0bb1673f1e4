# SPDX-License-Identifier: MIT
"""`llmac validate`: checkpoints beside conventional agents over populations, loads, channels and seeds."""

import json
import shlex
import sys
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from llmac.agents import registry
from llmac.agents.cli.cells import LauncherOption
from llmac.agents.cli.options import SetOption, overrides, own_folder
from llmac.agents.cli.sweeps import ProcessesOption, numbers, progress, tell_refusals, where, workers
from llmac.agents.evaluation import evidence, evidence_tables
from llmac.agents.evaluation.sweep.runs import FIRST_SEED, Player, grid
from llmac.agents.evaluation.sweep.sweep import Sweep

RIVALS = ("aloha", "tdma", "grant", "sps", "hybrid", "mappo")
"""What a checkpoint has to stand beside: conventional agents, and one that learned without language."""

_SEEDS, _QUICK_SEEDS = 20, 5
_QUICK: dict[str, Any] = {"ues": [4, 8], "loads": [0.2, 0.5], "fields": {"ttis": 100}}


def validate(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(help="Folder for runs.parquet, summary.json and figures; a sweep goes on there.")
    ],
    checkpoints: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CHECKPOINT]...",
            help="What is examined: folders of checkpoints, or names of agents; by default the shipped one.",
        ),
    ] = None,
    agents: Annotated[str, typer.Option(help="Rivals, separated by commas; the genie always plays.")] = ",".join(
        RIVALS
    ),
    scenario: Annotated[
        list[str] | None, typer.Option(help="Built-in scenario or YAML file; repeatable. By default near-far.")
    ] = None,
    ues: Annotated[str | None, typer.Option(metavar="N,...", help="UEs at TTI 0, as 2,4,8 or 2,4,...,32.")] = None,
    loads: Annotated[str | None, typer.Option(metavar="P,...", help="Arrivals per UE and TTI, likewise.")] = None,
    channels: Annotated[str | None, typer.Option(help="Channel presets, separated by commas.")] = None,
    seeds: Annotated[
        int | None, typer.Option(min=2, max=1024, help=f"Seeds from {FIRST_SEED:,}; by default 20.")
    ] = None,
    set_: SetOption = None,
    without_grammar: Annotated[
        bool, typer.Option("--without-grammar", help="Examine language agents without the grammar, too.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A small sweep, where nothing else is said: minutes.")] = False,
    processes: ProcessesOption = None,
    launcher: LauncherOption = "local",
) -> None:
    """Sweep over scenarios, populations, loads and channels; killed anywhere, the same command goes on."""
    examined = [f"llm:{text}" if Path(text).is_dir() else text for text in checkpoints or ["llm"]]
    ablated = [Player.without_grammar(name) for name in examined if without_grammar and registry.is_language(name)]
    everybody = dict.fromkeys([registry.REFERENCE, *agents.split(","), *examined])
    players = [*map(Player.of, everybody), *ablated]
    examined += [player.name for player in ablated]
    small = _QUICK if quick else {}
    cells = grid(
        scenario or ["near-far"],
        numbers("--ues", ues, int) or small.get("ues", []),
        numbers("--loads", loads, float) or small.get("loads", []),
        channels.split(",") if channels else [],
        {**small.get("fields", {}), **overrides(set_)},
    )
    count = seeds or (_QUICK_SEEDS if quick else _SEEDS)
    own_folder(context, "--out", out)
    place = where(launcher)
    sweep = Sweep(out / "runs.parquet", list(product(players, cells)), range(FIRST_SEED, FIRST_SEED + count))
    tell_refusals(sweep)
    with progress("validate") as tell:
        table = sweep.play(workers(processes), place, tell)
    document = {"command": shlex.join(["llmac", *sys.argv[1:]]), **evidence.document(table, examined)}
    document["refused"] = [refusal.document() for refusal in sweep.refused]
    (out / "summary.json").write_text(json.dumps(document, indent=2) + "\n")
    from llmac.agents.figures import sweep as figures  # noqa: PLC0415 - matplotlib takes a while to import

    figures.draw(out / "figures", table, examined)
    console = Console()
    for shown in evidence_tables.tables(document):
        console.print(shown)
    console.print(f"runs, summary and figures are in {out}", highlight=False, soft_wrap=True)
