# SPDX-License-Identifier: MIT
"""`llmac tune`: the best parameters of slotted ALOHA for a scenario."""

from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from llmac.agents.cli.options import SetOption, overrides
from llmac.agents.evaluation.tune import as_yaml_values, grid, tune_aloha
from llmac.bridge import scenario as scenarios


def tune(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or path of a YAML file.")],
    seeds: Annotated[int, typer.Option(min=2, max=1024, help="Validation seeds, from 1,000,000.")] = 32,
    set_: SetOption = None,
) -> None:
    """Find the ALOHA parameters with the highest goodput, and print them as agents/baselines/tuned.yaml has them."""
    chosen = scenarios.load(scenario, overrides(set_))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("aloha", total=len(grid()) * chosen.ttis)
        results = list(tune_aloha(chosen, seeds, lambda: progress.advance(task)))
    results.sort(key=lambda result: result[1]["goodput_dpdu_per_tti"], reverse=True)
    shown = ("goodput_dpdu_per_tti", "jain_index", "mean_delay_tti", "loss_rate")
    table = Table("attempts per RBG", "max. transmissions", *shown, title=f"{chosen.name}, {seeds} validation seeds")
    for parameters, metrics in results[:5]:
        table.add_row(
            f"{parameters.attempts_per_rbg}",
            f"{parameters.max_transmissions}",
            *(f"{metrics[name]:.3f}" for name in shown),
        )
    Console(stderr=True).print(table)
    typer.echo(yaml.safe_dump({"aloha": {chosen.name: as_yaml_values(results[0][0])}}), nl=False)
