# SPDX-License-Identifier: MIT
"""Plays the runs that are missing from runs.parquet, in batches, and tells honestly how long it will take."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from llmac.agents.baselines.parameters import peak_population
from llmac.agents.evaluation.sweep import table as tables
from llmac.agents.evaluation.sweep.costs import Costs, Size
from llmac.agents.evaluation.sweep.pool import Failed, Played, Where, make, play_batch, pool
from llmac.agents.evaluation.sweep.runs import Cell, Player, Run
from llmac.agents.evaluation.sweep.table import Frame
from llmac.bridge.errors import LlmacError

_RUNS, _UES = 64, 768
"""Limits of a batch: large enough that what is common is done once, small enough that little is lost with it."""

_WITH_IP = " with IP"

Batch = tuple[Run, ...]

Tell = Callable[[int, int, float | None], None]
"""Is told how many runs were played, of how many, and the seconds left; None while an agent was not measured yet."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where an agent cannot play, and why, in a sentence."""

    player: Player
    cell: Cell
    why: str

    def document(self) -> dict[str, str]:
        """For JSON."""
        return {"agent": self.player.name, "cell": self.cell.title, "why": self.why}


class Sweep:
    """A set of runs, and the file that holds those that were played.

    Args:
        path: of runs.parquet, which may hold runs of an earlier call, some of these or others.
        pairs: who plays in which cell.
        seeds: at each of these.

    Attributes:
        refused: where a player cannot play, such as with a population that is too large for its model.

    Raises:
        LlmacError: there is no such agent, or nobody can play anywhere.
    """

    def __init__(self, path: Path, pairs: Sequence[tuple[Player, Cell]], seeds: Sequence[int]) -> None:
        self._path = path
        self.refused: list[Refusal] = []
        self._runs: list[Run] = []
        for player, cell in pairs:
            agent = make(player)
            try:
                agent.reset([cell.scenario], np.array(seeds[:1], dtype=np.uint64))
                self._runs += [Run(player, cell, seed) for seed in seeds]
            except LlmacError as error:
                self.refused.append(Refusal(player, cell, str(error)))
        if not self._runs:
            raise LlmacError(f"none of the agents can play in any of the cells: {self.refused[0].why}")

    def play(self, processes: int, where: Where, tell: Tell) -> Frame:
        """Play what is missing; returns the rows of this sweep's runs. Whatever ends it, what was played is kept.

        Raises:
            LlmacError: a batch cannot be played, or a process died.
        """
        table = tables.read(self._path)
        played = tables.played(table, self._runs, self._path)
        missing = [run for run in self._runs if run not in played]
        batches, done = _in_order(_batches(missing)), len(played)
        costs = _costs_of(table)
        tell(done, len(self._runs), _left(batches, processes, costs))
        if batches:
            with pool(min(processes, len(batches)), list(dict.fromkeys(run.player for run in missing))) as workers:
                waiting = {workers.submit(play_batch, batch, where): batch for batch in batches}
                for batch, result in _results(waiting):
                    table = pd.concat([table, _rows(batch, result)], ignore_index=True)
                    tables.write(self._path, table)
                    costs.add(_kind(batch), _sizes(batch), result.seconds)
                    done += len(batch)
                    tell(done, len(self._runs), _left(list(waiting.values()), processes, costs))
        table = tables.read(self._path)
        fingerprints = {(run.fingerprint, run.seed) for run in self._runs}
        wanted = [key in fingerprints for key in zip(table["fingerprint"], table["seed"], strict=True)]
        return table.loc[wanted].reset_index(drop=True)


def _batches(runs: Sequence[Run]) -> list[Batch]:
    """Runs of one player that can be simulated in step; those of one cell stand together."""
    alike: defaultdict[tuple[object, ...], list[list[Run]]] = defaultdict(lambda: [[]])
    for run in runs:
        scenario = run.cell.scenario
        alone = run if scenario.traffic.model == "ip" else None  # an IP stack has its process to itself
        groups = alike[run.player, scenario.ttis, scenario.radio.numerology, alone]
        ues = peak_population(scenario) + sum(peak_population(other.cell.scenario) for other in groups[-1])
        if groups[-1] and (len(groups[-1]) == _RUNS or ues > _UES):
            groups.append([])
        groups[-1].append(run)
    return [tuple(group) for groups in alike.values() for group in groups if group]


def _in_order(batches: Sequence[Batch]) -> list[Batch]:
    """The least, the greatest and a middle one of each kind first, which tell what the others cost; then by size."""
    by_kind: defaultdict[str, list[Batch]] = defaultdict(list)
    for batch in sorted(batches, key=_weight):
        by_kind[_kind(batch)].append(batch)
    first: list[Batch] = []
    for place in (0.0, 1.0, 0.5):
        first += [group.pop(int(place * (len(group) - 1))) for group in by_kind.values() if group]
    return [*first, *sorted((batch for group in by_kind.values() for batch in group), key=_weight, reverse=True)]


def _kind(batch: Batch) -> str:
    """Batches whose costs are alike but for their size: of one player, with an IP stack or without."""
    ip = batch[0].cell.scenario.traffic.model == "ip"
    return f"{batch[0].player.name}{_WITH_IP if ip else ''}"


def _weight(batch: Batch) -> int:
    return sum(size.ttis * size.ues for size in _sizes(batch))


def _sizes(batch: Batch) -> list[Size]:
    return [Size(run.cell.scenario.ttis, peak_population(run.cell.scenario)) for run in batch]


def _results(waiting: "dict[Future[Played | Failed], Batch]") -> Iterator[tuple[Batch, Played]]:
    """Every batch with what came of it, as they end; it is taken out of those that wait.

    Raises:
        LlmacError: one cannot be played, or its process died.
    """
    while waiting:
        ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in ended:
            batch = waiting.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool as error:
                raise LlmacError(
                    "a process that plays was killed, perhaps for want of memory; what was played is kept, and the "
                    "same command goes on (with fewer --processes it needs less)"
                ) from error
            if isinstance(result, Failed):
                raise LlmacError(f"{batch[0].player.name} in {batch[0].cell.title}: {result.why}")
            yield batch, result


def _left(batches: Sequence[Batch], processes: int, costs: Costs) -> float | None:
    """Seconds until all are played: those that run now, the first ones, are taken to be half done."""
    each = [costs.seconds(_kind(batch), _sizes(batch)) for batch in batches]
    known = [seconds for seconds in each if seconds is not None]
    if len(known) < len(each):
        return None
    work = sum(known) - sum(known[:processes]) / 2
    return max([work / max(1, min(processes, len(known))), *known[processes:]])


def _rows(batch: Batch, result: Played) -> Frame:
    """Its rows; each run has its share of the time by its size."""
    weights = np.array([size.ttis * size.ues for size in _sizes(batch)], dtype=np.float64)
    return tables.rows(batch, result.metrics, result.ns3_version, (result.seconds * weights / weights.sum()).tolist())


def _costs_of(table: Frame) -> Costs:
    """What runs of an earlier call have cost."""
    costs = Costs()
    kind = table["agent"] + np.where(table["load"].isna(), _WITH_IP, "")
    for (name, ttis, ues), seconds in table.groupby([kind, "ttis", "ues"])["seconds"]:
        costs.add(name, [Size(int(ttis), int(ues))] * len(seconds), float(seconds.sum()))
    return costs
