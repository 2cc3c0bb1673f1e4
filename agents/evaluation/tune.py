# SPDX-License-Identifier: MIT
"""Finds the parameters of the conventional agents on the validation seeds, so that none is a straw man."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import product

from llmac.agents.baselines.aloha import Aloha, AlohaParameters
from llmac.agents.evaluation.episodes import play
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario

FIRST_VALIDATION_SEED = 1_000_000
"""Training uses the seeds below, reported results those from 2,000,000."""


def grid() -> list[AlohaParameters]:
    """The parameters that are tried."""
    attempts_per_rbg = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
    max_transmissions = (0, 1, 2, 3, 5)
    return [AlohaParameters(*values) for values in product(attempts_per_rbg, max_transmissions)]


def tune_aloha(
    scenario: Scenario, seeds: int, on_tti: Callable[[], None] = lambda: None
) -> Iterator[tuple[AlohaParameters, dict[str, float]]]:
    """Every point of the grid with the means of its metrics over `seeds` validation seeds.

    Args:
        scenario: the one to tune for.
        seeds: how many episodes for each point.
        on_tti: called after each TTI.
    """
    copies = [scenario] * seeds
    seed_list = [FIRST_VALIDATION_SEED + i for i in range(seeds)]
    with ColumnEnv(copies, bound=True) as env:
        for parameters in grid():
            agent = Aloha({scenario.name: parameters})
            episodes = play(env, agent, copies, seed_list, on_tti=on_tti)
            yield parameters, {name: sum(e[name] for e in episodes) / seeds for name in episodes[0]}


def as_yaml_values(parameters: AlohaParameters) -> dict[str, float]:
    """The form in which tuned.yaml has them."""
    return asdict(parameters)
