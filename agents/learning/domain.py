# SPDX-License-Identifier: MIT
"""Domain randomisation: which cells the episodes of an update take place in."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from llmac.agents.learning.config import Domain
from llmac.bridge.scenario import Scenario, load


def draw_scenarios(domains: Sequence[Domain], count: int, rng: np.random.Generator) -> list[Scenario]:
    """Draw the scenarios of `count` episodes.

    Raises:
        ScenarioError: a domain names a scenario or a field that does not exist.
    """
    weights = np.array([domain.weight for domain in domains])
    chosen = rng.choice(len(domains), size=count, p=weights / weights.sum())
    return [_draw(domains[i], rng) for i in chosen]


def _draw(domain: Domain, rng: np.random.Generator) -> Scenario:
    overrides: dict[str, Any] = dict(domain.set)
    if domain.ues is not None:
        overrides["ues"] = int(rng.integers(domain.ues[0], domain.ues[1] + 1))
    if domain.load is not None:
        overrides["traffic.load"] = float(rng.uniform(*domain.load))
    if domain.channels:
        overrides["channel"] = str(rng.choice(domain.channels))
    return load(domain.scenario, overrides)
