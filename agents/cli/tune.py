# SPDX-License-Identifier: MIT
"""`llmac tune`: the best parameters of the conventional agents for a scenario."""

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from llmac.agents.cli.options import SetOption, overrides, writable_folder
from llmac.agents.evaluation.tune import Trial, batches, best, merge, trials
from llmac.agents.registry import TUNABLE
from llmac.bridge import scenario as scenarios
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import Scenario

_SHOWN = {
    "goodput_dpdu_per_tti": "goodput\ndPDU/TTI",
    "jain_index": "Jain\nindex",
    "mean_delay_tti": "mean delay\nTTI",
    "loss_rate": "lost",
}
_HEADER = (
    "# Parameters of the conventional agents, found by `llmac tune SCENARIO --write FILE` on the validation seeds.\n"
)


def tune(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or path of a YAML file.")],
    agents: Annotated[str, typer.Option(help="Names, separated by commas.")] = ",".join(TUNABLE),
    ues: Annotated[int | None, typer.Option(help="UEs at TTI 0.")] = None,
    rbgs: Annotated[int | None, typer.Option(help="Resource-block groups.")] = None,
    load: Annotated[float | None, typer.Option(help="Arrival probability per UE and TTI.")] = None,
    seeds: Annotated[int, typer.Option(min=2, max=1024, help="Validation seeds, from 1,000,000.")] = 32,
    processes: Annotated[int, typer.Option(min=1, help="Cell processes.")] = 1,
    set_: SetOption = None,
    write: Annotated[
        Path | None, typer.Option(help="File to take the result up, for instance agents/baselines/tuned.yaml.")
    ] = None,
) -> None:
    """Find the parameters with the highest goodput, and print them as agents/baselines/tuned.yaml has them."""
    names = agents.split(",")
    for name in names:
        if name not in TUNABLE:
            raise LlmacError(f"there is nothing to tune in {name!r}; there is in {', '.join(TUNABLE)}")
    chosen = scenarios.load(scenario, overrides(set_, ues=ues, rbgs=rbgs, traffic__load=load))
    if write:
        writable_folder("--write", write.parent)
        _read(write)  # one that cannot be read is told before the work
    found = _tune_all(chosen, names, seeds, processes)
    table = Table("agent", *_SHOWN.values(), title=f"{chosen.name}, {seeds} validation seeds")
    for name, trial in found.items():
        table.add_row(name, *(f"{trial.metrics[metric]:.3f}" for metric in _SHOWN))
    Console(stderr=True).print(table)
    if write:
        _write(write, merge(_read(write), chosen, found))  # with what others have found meanwhile
    else:
        typer.echo(_yaml(merge({}, chosen, found)), nl=False)


def _tune_all(scenario: Scenario, names: list[str], seeds: int, processes: int) -> dict[str, Trial]:
    found: dict[str, Trial] = {}
    with (
        ColumnEnv([scenario] * seeds, processes=min(processes, seeds), bound=True) as env,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        for name in names:
            task = progress.add_task(name, total=len(batches(name, seeds)) * scenario.ttis)
            found[name] = best(list(trials(env, scenario, name, seeds, lambda task=task: progress.advance(task))))
    return found


def _read(path: Path) -> dict[str, dict[str, list[dict[str, object]]]]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LlmacError(f"--write {path}: the file cannot be read as YAML: {error}") from error


def _write(path: Path, content: object) -> None:
    try:
        path.write_text(_HEADER + _yaml(content), encoding="utf-8")
    except OSError as error:
        typer.echo(_yaml(content), nl=False)
        raise LlmacError(f"--write {path}: the file cannot be written: {error.strerror}; it is printed") from error


def _yaml(content: object) -> str:
    """One line for each cell and load."""
    return yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=1000)
