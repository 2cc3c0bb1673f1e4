# SPDX-License-Identifier: MIT
"""`llmac bench`: how fast it is on this machine, beside what it should be."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from llmac.agents.bench import bridge as bridge_bench
from llmac.agents.bench import cell as cell_bench
from llmac.agents.bench import figures as results
from llmac.agents.bench.figures import Figure
from llmac.agents.bench.rounds import LEAST_ROUNDS
from llmac.agents.cli.options import writable_folder
from llmac.bridge.compiled import COMPILED

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file, as flat JSON.")]
RoundsOption = Annotated[
    int, typer.Option(min=1, help=f"Repetitions of every measurement; fewer than {LEAST_ROUNDS} are only a trial.")
]

bench = typer.Typer(
    name="bench",
    help="Measure how fast llmac is on this machine, beside its targets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@bench.command()
def cell(json_: JsonOption = None, rounds: RoundsOption = LEAST_ROUNDS) -> None:
    """The cell, driven inside C++ by random agents, beside ns-3's own LTE module."""
    _measure("The cell", json_, lambda: cell_bench.figures(rounds))


@bench.command()
def bridge(
    json_: JsonOption = None,
    rounds: RoundsOption = LEAST_ROUNDS,
    exchanges: Annotated[int, typer.Option(min=40, help="Of one environment in a measurement.")] = (
        bridge_bench.EXCHANGES
    ),
) -> None:
    """Exchanges between Python and the cell, beside ZeroMQ alone and beside the way of ns3-gym."""
    if not COMPILED:
        Console(stderr=True).print("The bridge is interpreted, at half the speed; `llmac doctor` tells why.")
    _measure("The bridge", json_, lambda: bridge_bench.figures(rounds, exchanges))


@bench.command()
def launcher(
    json_: JsonOption = None,
    rounds: RoundsOption = LEAST_ROUNDS,
    image: Annotated[str, typer.Option(help="Of the containers.")] = "llmac-cell",
) -> None:
    """Cells in containers, beside the same cells as processes of this machine."""
    # The Docker SDK takes a while to import.
    from llmac.agents.bench import launcher as launcher_bench  # noqa: PLC0415

    _measure("Launchers", json_, lambda: launcher_bench.figures(rounds, image))


@bench.command()
def agents(
    json_: JsonOption = None,
    rounds: RoundsOption = LEAST_ROUNDS,
    large: Annotated[bool, typer.Option(help="Also with an architecture of half a billion parameters.")] = True,
) -> None:
    """Language agents: the engine beside transformers' generate, and whole runs beside those of `grant`."""
    # torch and transformers take seconds to import, which the other commands need not wait for.
    from llmac.agents.bench import agents as agents_bench  # noqa: PLC0415

    _measure("Language agents", json_, lambda: agents_bench.figures(rounds, large=large))


def _measure(title: str, json_: Path | None, measure: Callable[[], Sequence[Figure]]) -> None:
    """Measure, print a table, and write the figures if that is wanted."""
    if json_ is not None:
        writable_folder("--json", json_.parent)
    where = results.machine()
    figures = measure()
    Console(highlight=False).print(results.table(title, figures, where))
    if json_ is not None:
        results.write(json_, figures, where)
