# SPDX-License-Identifier: MIT
"""`llmac run`: agents side by side in one scenario, at the same seeds."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from llmac.agents import registry
from llmac.agents.agent import Agent, Speaker
from llmac.agents.cli.cells import Cells, KeysOption, LauncherOption, ListenOption, cells
from llmac.agents.cli.options import ChannelOption, SetOption, overrides, own_folder, writable_folder
from llmac.agents.cli.speech import ExplainOption, GrammarOption, NoGrammarOption, NoRuleOption, speech
from llmac.agents.engine.backend import BackendName
from llmac.agents.evaluation import explain, flows, paired, summary
from llmac.agents.evaluation.episodes import Recorder, play
from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.evaluation.scramble import Scramble, Scrambled
from llmac.agents.evaluation.sweep import table as tables
from llmac.agents.evaluation.sweep.runs import Cell, Player, Run, weights
from llmac.agents.evaluation.trace import TraceWriter
from llmac.bridge import scenario as scenarios
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError, ScenarioError
from llmac.bridge.scenario import Scenario, channels
from llmac.bridge.timing import Timing


def run(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or path of a YAML file.")],
    agents: Annotated[
        str,
        typer.Option(
            help="Names, separated by commas; llm:PATH_OR_ID runs a checkpoint, a training run or a pretrained model."
        ),
    ] = ",".join(registry.SHOWN),
    ues: Annotated[int | None, typer.Option(help="UEs at TTI 0.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Tell how the others differ from this one, seed by seed, too.")
    ] = None,
    rbgs: Annotated[int | None, typer.Option(help="Resource-block groups.")] = None,
    load: Annotated[float | None, typer.Option(help="Arrival probability per UE and TTI.")] = None,
    ttis: Annotated[int | None, typer.Option(help="Length of an episode in TTIs.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 2_000_000,
    seeds: Annotated[int, typer.Option(min=1, max=1024, help="Number of seeds, counted up from the first.")] = 8,
    processes: Annotated[int, typer.Option(min=1, help="Cell processes.")] = 1,
    backend: Annotated[BackendName, typer.Option(help="What runs language models.")] = BackendName.ENGINE,
    grammar: GrammarOption = None,
    no_rule: NoRuleOption = None,
    no_grammar: NoGrammarOption = False,
    scramble: Annotated[
        list[Scramble] | None,
        typer.Option(help="Play each agent again with its messages scrambled; repeatable."),
    ] = None,
    explain_: ExplainOption = None,
    channel: ChannelOption = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for summary.json, runs.parquet, trace.parquet and the logs of the cells."),
    ] = None,
    log_wire: Annotated[Path | None, typer.Option(help="File for all frames; `llmac wire FILE` prints them.")] = None,
    pcap: Annotated[
        Path | None, typer.Option(help="Folder for pcap files of each agent, seed and node; IP traffic only.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead of a table.")] = False,
    launcher: LauncherOption = "local",
    listen: ListenOption = None,
    keys: KeysOption = None,
) -> None:
    """Run agents in a scenario and compare them."""
    names = agents.split(",")
    if against and against not in names:
        names.append(against)
    models = channels.parse(channel) if channel else None
    fields = overrides(set_, ues=ues, rbgs=rbgs, traffic__load=load, ttis=ttis, channel=models)
    chosen = scenarios.load(scenario, fields)
    wanted = explain.parse(explain_) if explain_ else []
    if wanted and json_:
        raise LlmacError("--explain and --json both print to standard output; give one of them")
    manner = speech(grammar, no_rule, no_grammar=no_grammar)
    # A wrong name, a model that does not load, or one that cannot play this scenario is told before anything runs.
    entrants = {name: Player.of(name) for name in [*names, registry.REFERENCE]}
    players = {name: registry.make(entrant.agent, manner, backend) for name, entrant in entrants.items()}
    scrambled = {f"{n}+{how}": Scrambled(players[n], how) for how in scramble or [] for n in names}
    entrants |= {f"{n}+{how}": replace(entrants[n], name=f"{n}+{how}") for how in scramble or [] for n in names}
    names.extend(scrambled)
    players |= scrambled
    for player in players.values():
        player.reset([chosen], np.array([seed], dtype=np.uint64))
    if pcap is not None:
        _folders_for_captures(pcap, chosen, names)
    if out is not None:
        own_folder(context, "--out", out)
        _note_weights(entrants)
    seed_list = list(range(seed, seed + seeds))
    processes = min(processes, seeds)
    where = cells(launcher, listen, keys, processes, out, pcap)
    played = _play_all(chosen, players, names, wanted, seed_list, processes, where, out, log_wire, pcap)
    differences = paired.differences({name: played.episodes[name] for name in names}, against, NAMES) if against else {}
    document = _document(chosen, seed_list, played, names, against, differences)
    if out is not None:
        (out / "summary.json").write_text(json.dumps(document, indent=2) + "\n")
        tables.write(out / "runs.parquet", _rows(chosen, seed_list, played, entrants))
    if json_:
        typer.echo(json.dumps(document, indent=2))
        return
    cell = f"{chosen.ues} UEs, {chosen.rbgs} RBGs, {chosen.ttis} TTIs"
    title = f"{chosen.name}: {cell}, {seeds} seeds from {seed}, ns-{played.ns3_version}"
    Console().print(summary.table(title, {name: summary.estimates(played.episodes[name]) for name in names}))
    if against:
        Console().print(summary.differences_table(against, differences))
    if chosen.traffic.model == "ip":
        Console().print(flows.table(chosen, {name: played.flows[name] for name in names}))


def _document(
    scenario: Scenario,
    seeds: list[int],
    played: "_Played",
    names: list[str],
    against: str | None,
    differences: dict[str, dict[str, paired.Difference]],
) -> dict[str, Any]:
    """The content of summary.json."""
    estimates = {name: summary.estimates(played.episodes[name]) for name in names}
    timings = {name: played.timings[name] for name in names}
    document = summary.document(scenario.name, seeds, played.ns3_version, estimates, timings)
    if against:
        document["against"] = summary.differences_document(against, differences)
    if scenario.traffic.model == "ip":
        document["flows"] = {name: flows.document(scenario, played.flows[name]) for name in names}
    return document


def _rows(scenario: Scenario, seeds: list[int], played: "_Played", entrants: Mapping[str, Player]) -> tables.Frame:
    """The rows of runs.parquet."""
    cell, metrics = Cell.of(scenario), played.episodes
    runs = [Run(entrants[name], cell, seed) for name in metrics for seed in seeds]
    seconds = [math.nan] * len(runs)  # the episodes of an agent are played all at once
    return tables.rows(runs, [episode for name in metrics for episode in metrics[name]], played.ns3_version, seconds)


def _note_weights(entrants: Mapping[str, Player]) -> None:
    """Have their digests made now: a training run that goes on may remove the checkpoint that plays."""
    for entrant in entrants.values():
        weights(entrant.agent)


def _traces(out: Path | None, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> TraceWriter:
    """Begin traces; should they stay unfinished, they are not taken for those of an earlier run."""
    if out is not None:
        (out / "summary.json").unlink(missing_ok=True)
        (out / "runs.parquet").unlink(missing_ok=True)
    return TraceWriter(out, scenarios, seeds)


def _folders_for_captures(pcap: Path, scenario: Scenario, names: list[str]) -> None:
    """Make a folder for each agent, before the work that fills them."""
    if scenario.traffic.model != "ip":
        raise ScenarioError(
            f"--pcap: {scenario.name} has no IP packets to capture; take a scenario with traffic.model ip, "
            "for instance `ip`"
        )
    for name in names:
        writable_folder("--pcap", pcap / name)


@dataclass(frozen=True, slots=True)
class _Played:
    """What came of it, by agent."""

    episodes: dict[str, list[dict[str, float]]]
    timings: dict[str, Timing]
    flows: dict[str, flows.Episodes]
    ns3_version: str


def _play_all(
    scenario: Scenario,
    players: Mapping[str, Agent],
    names: list[str],
    wanted: Sequence[explain.Wanted],
    seeds: list[int],
    processes: int,
    where: Cells,
    out: Path | None,
    log_wire: Path | None,
    pcap: Path | None,
) -> _Played:
    """Episodes of every player."""
    copies = [scenario] * len(seeds)
    episodes: dict[str, list[dict[str, float]]] = {}
    timings: dict[str, Timing] = {}
    flow_episodes: dict[str, flows.Episodes] = {}
    with (
        ColumnEnv(copies, processes=processes, privileged=True, bound=True, log_wire=log_wire, **where) as env,
        _traces(out, copies, seeds) as trace,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        for name, player in players.items():
            task = progress.add_task(name, total=scenario.ttis)
            recorders: list[Recorder] = list(trace.of(name)) if name in names else []
            if wanted and isinstance(player, Speaker):
                recorders.append(explain.Explainer(name, player, wanted, typer.echo))
            before = env.timing()
            episodes[name] = play(
                env,
                player,
                copies,
                seeds,
                recorders,
                lambda task=task: progress.advance(task),
                on_flows=lambda columns, name=name: flow_episodes.update({name: flows.episodes(columns)}),
                captures=pcap / name if pcap is not None and name in names else None,
            )
            timings[name] = env.timing() - before
        version = env.ns3_version
    if env.wire_log_stopped:
        Console(stderr=True).print(f"frames are missing at the end of {log_wire}: {env.wire_log_stopped}")
    summary.normalise(episodes, registry.REFERENCE)
    return _Played(episodes, timings, flow_episodes, version)
