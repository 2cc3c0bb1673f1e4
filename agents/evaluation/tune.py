# SPDX-License-Identifier: MIT
"""Finds the parameters of the conventional agents on the validation seeds, so that none is a straw man."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llmac.agents.baselines.parameters import Parameters, entry, grid
from llmac.agents.evaluation.episodes import play
from llmac.agents.registry import TUNABLE
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario

FIRST_VALIDATION_SEED = 1_000_000
"""Training uses the seeds below, reported results those from 2,000,000."""

TIE = 0.002
"""Goodputs that differ by less than this share are alike; then the mean delay decides."""

_ENVIRONMENTS = 512  # at once


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of an agent's grid."""

    parameters: Parameters
    metrics: dict[str, float]
    """Means over the seeds."""


def trials(
    env: ColumnEnv, scenario: Scenario, agent: str, seeds: int, on_tti: Callable[[], None] = lambda: None
) -> Iterator[Trial]:
    """Play every point of an agent's grid, several side by side.

    Args:
        env: made with bound=True; it gets other environments.
        scenario: the one to tune for.
        agent: a name in registry.TUNABLE.
        seeds: how many validation seeds.
        on_tti: called after each TTI of each batch.
    """
    tunable = TUNABLE[agent]
    seed_list = list(range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + seeds))
    for points in batches(agent, seeds):
        copies = [scenario] * (seeds * len(points))
        # An agent asks for the parameters of its environments once, in their order.
        turn = iter([point for point in points for _ in seed_list])
        player = tunable.make(lambda _, turn=turn: next(turn))
        env.reset(seed_list * len(points), copies)
        episodes = play(env, player, copies, seed_list * len(points), on_tti=on_tti)
        for i, point in enumerate(points):
            of_point = episodes[i * seeds : (i + 1) * seeds]
            yield Trial(point, {name: sum(e[name] for e in of_point) / seeds for name in of_point[0]})


def batches(agent: str, seeds: int) -> list[list[Any]]:
    """The points of an agent's grid, by what is played side by side."""
    points = grid(TUNABLE[agent].parameters)
    size = max(1, _ENVIRONMENTS // seeds)
    return [points[i : i + size] for i in range(0, len(points), size)]


def best(tried: Sequence[Trial]) -> Trial:
    """The one with the highest goodput; of those that are alike, the one with the lowest mean delay."""
    goodput = max(t.metrics["goodput_dpdu_per_tti"] for t in tried)
    alike = [t for t in tried if t.metrics["goodput_dpdu_per_tti"] >= goodput * (1 - TIE)]
    return min(alike, key=lambda t: t.metrics["mean_delay_tti"])


def merge(known: dict[str, Any], scenario: Scenario, found: dict[str, Trial]) -> dict[str, Any]:
    """What tuned.yaml holds, with what was found for a scenario in place of what it had for the same cell and load."""
    result = dict(known)
    for agent, trial in found.items():
        new = entry(scenario, trial.parameters)
        cell = [new[name] for name in ("ues", "rbgs", "load")]
        of_agent = dict(result.get(agent, {}))
        others = [e for e in of_agent.get(scenario.name, []) if [e[n] for n in ("ues", "rbgs", "load")] != cell]
        of_agent[scenario.name] = sorted([*others, new], key=lambda e: (e["ues"], e["rbgs"], e["load"]))
        result[agent] = of_agent
    return result
