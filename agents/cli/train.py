# SPDX-License-Identifier: MIT
"""`llmac train`: PPO of the models of both roles in the ns-3 cell."""

import signal
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llmac.agents.cli.cells import KeysOption, LauncherOption, ListenOption, cells
from llmac.agents.cli.options import overrides, own_folder
from llmac.agents.learning.config import TrainConfig
from llmac.agents.models.runs import numbered
from llmac.bridge.errors import LlmacError

if TYPE_CHECKING:
    from llmac.agents.learning.run import Training
    from llmac.agents.learning.tracking import Tracker


def train(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    scenarios: Annotated[list[str] | None, typer.Argument(help="Built-in scenarios or YAML files.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file with the whole configuration.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field of the configuration, for instance updates=50."),
    ] = None,
    agent: Annotated[
        Literal["llm", "mappo"] | None,
        typer.Option(help="What is trained; mappo: networks without language."),
    ] = None,
    ues: Annotated[str | None, typer.Option(metavar="N|LEAST:MOST", help="UEs, drawn for each episode.")] = None,
    load: Annotated[str | None, typer.Option(metavar="P|LEAST:MOST", help="Arrival probability, likewise.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="A channel preset; repeatable, one is drawn.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=999_999, help="Of everything that is drawn.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="PATH_OR_ID",
            help="Weights to begin with: a checkpoint, a training run, or a pretrained model to adapt.",
        ),
    ] = None,
    from_scratch: Annotated[bool, typer.Option(help="Begin with random weights instead of a clone.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on from the newest checkpoint in --out.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Cell processes.")] = 1,
    wandb: Annotated[
        str | None, typer.Option(metavar="PROJECT", help="Send the metrics to Weights & Biases, too.")
    ] = None,
    launcher: LauncherOption = "local",
    listen: ListenOption = None,
    keys: KeysOption = None,
) -> None:
    """Train the leader and the followers by PPO; Ctrl-C saves and stops, --resume goes on."""
    if resume:
        if any((scenarios, config, set_, agent, ues, load, channel, seed is not None, start, from_scratch)):
            raise LlmacError("a resumed run keeps its configuration; train into another folder to change it")
        chosen = TrainConfig.read(out / "config.yaml")
    else:
        chosen = _configured(scenarios, config, set_, agent, ues, load, channel, seed)
    if start and from_scratch:
        raise LlmacError("--start and --from-scratch exclude each other: give one of them")
    if start or from_scratch:
        chosen = chosen.model_copy(update={"start": start})
    own_folder(context, "--out", out)
    if not resume and numbered(out):
        raise LlmacError(f"--out {out}: there is a run already; go on with --resume, or give another folder")
    where = cells(launcher, listen, keys, processes, out)

    # torch and transformers take seconds to import, which the other commands need not wait for.
    from llmac.agents.learning import store  # noqa: PLC0415
    from llmac.agents.learning.run import Training  # noqa: PLC0415
    from llmac.agents.learning.start import learner_of  # noqa: PLC0415
    from llmac.agents.learning.tracking import Tracker  # noqa: PLC0415

    state = store.load_newest(out) if resume else None
    if state:
        _check_unchanged(chosen, state.made_by, out)
    training = Training(chosen, learner_of(chosen, state.policy if state else None), processes, where)
    try:
        if state:
            training.resume(state)
        else:
            chosen.write(out / "config.yaml")
        if training.finished:
            raise LlmacError(f"--out {out}: the run has made its {chosen.updates} updates; train into another folder")
        with Tracker(out, chosen, training.update, wandb) as tracker:
            _train(training, tracker, out)
    finally:
        training.close()


def _train(training: "Training", tracker: "Tracker", out: Path) -> None:
    from llmac.agents.learning import store  # noqa: PLC0415

    config, stop = training.config, _StopOnInterrupt()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with stop, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=config.updates, completed=training.update)
        while training.update < config.updates and not stop.asked:
            row, timing = training.step()
            ttis = config.environments * config.ttis
            times = {
                "time/environment_ttis_per_s": ttis / timing.total_s,
                "time/cpu_s": process_time(),
                "time/share_of_simulate": timing.simulate_s / timing.total_s,
                "time/share_of_infer": timing.infer_s / timing.total_s,
                "time/share_of_update": timing.update_s / timing.total_s,
            }
            tracker.add({**row, **times}, training.update)
            progress.update(task, completed=training.update, description=_line(row))
            last_update = training.update == config.updates
            if last_update or training.update % config.save_every == 0 or stop.asked:
                store.save(out, training.state())
    if training.update < config.updates:
        raise LlmacError(f"interrupted after {training.update} updates, which are saved; --resume goes on")
    last = training.finish()
    tracker.add(last, training.update)
    store.save(out, training.state())
    first = training.rows[0]["validation/goodput_over_bound"]
    Console().print(
        f"goodput in validation, as a share of the bound: {first:.4f} at the start, "
        f"{last['validation/goodput_over_bound']:.4f} after {training.update} updates\n"
        f"play it with: llmac run SCENARIO --agents grant,{config.agent}:{out}",
        highlight=False,
        soft_wrap=True,
    )


def _check_unchanged(config: TrainConfig, made_by: Mapping[str, Any], run: Path) -> None:
    made = config.model_dump(mode="json")
    changed = [field for field, value in made.items() if made_by.get(field, value) != value]
    if changed:
        raise LlmacError(
            f"{run / 'config.yaml'}: changed since the run began: {', '.join(changed)}; put back what was there, "
            "or train into another folder"
        )


def _line(row: dict[str, float]) -> str:
    return f"goodput {row['train/goodput_over_bound']:.3f} of the bound"


class _StopOnInterrupt:
    """Notes the first SIGINT, so that the update under way is finished and saved; the second one ends at once."""

    asked = False

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def _configured(
    scenarios: list[str] | None,
    config: Path | None,
    set_: list[str] | None,
    agent: str | None,
    ues: str | None,
    load: str | None,
    channel: list[str] | None,
    seed: int | None,
) -> TrainConfig:
    """The configuration of a file, or that of the options."""
    data: dict[str, Any]
    if config is not None:
        if any((scenarios, ues, load, channel)):
            raise LlmacError("--config says which cells to train in: leave out scenarios, --ues, --load and --channel")
        data = TrainConfig.read(config).model_dump(mode="json")
    else:
        domain = {
            "ues": _range("--ues", ues, int) if ues else None,
            "load": _range("--load", load, float) if load else None,
            "channels": channel or [],
        }
        data = {"domains": [{"scenario": name, **domain} for name in scenarios or ["paper"]]}
    if agent is not None:
        data["agent"] = agent
    if seed is not None:
        data["seed"] = seed
    for field, value in overrides(set_).items():
        *sections, last = field.split(".")
        section: Any = data
        for name in sections:
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                raise LlmacError(f"--set {field}: {name} has no fields that could be set; write --set {name}=VALUE")
        section[last] = value
    return TrainConfig.parse(data, "the configuration")


def _range(option: str, text: str, kind: type[int] | type[float]) -> list[float]:
    least, _, most = text.partition(":")
    try:
        return [kind(least), kind(most or least)]
    except ValueError as error:
        raise LlmacError(f"{option} {text}: write a number, or two as LEAST:MOST") from error
