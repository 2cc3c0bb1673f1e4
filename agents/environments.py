# SPDX-License-Identifier: MIT
"""Registers `llmac/Cell-v0` with Gymnasium: a cell in which one party learns and a built-in agent is the other.

import gymnasium
import llmac.agents.environments  # registers

env = gymnasium.make("llmac/Cell-v0", scenario="near-far", party="ues", other="grant")
envs = gymnasium.make_vec("llmac/Cell-v0", num_envs=32, processes=2)
"""

from typing import Any

import gymnasium

from llmac.agents import registry
from llmac.bridge import scenario as scenarios
from llmac.bridge.envs.party import Party
from llmac.bridge.envs.single import CellEnv
from llmac.bridge.envs.vector import CellVectorEnv
from llmac.bridge.scenario import Scenario

ID = "llmac/Cell-v0"


def make(scenario: str | Scenario = "paper", *, party: Party = "bs", other: str = "grant", **options: Any) -> CellEnv:
    """Make a `CellEnv`.

    Args:
        scenario: one that is loaded, or the name of a built-in one, or the path of a YAML file.
        party: that learns, "bs" or "ues".
        other: name of the built-in agent that plays the other party, see `llmac.agents.registry`.
        options: of the ColumnEnv: ttis, launcher, address, deadlines.

    Raises:
        LlmacError: there is no such scenario, party or agent; or as `CellEnv`.
    """
    return CellEnv(_load(scenario), registry.make(other), party, **options)


def make_vec(
    scenario: str | Scenario = "paper",
    num_envs: int = 1,
    *,
    party: Party = "bs",
    other: str = "grant",
    **options: Any,
) -> CellVectorEnv:
    """Make a `CellVectorEnv` of `num_envs` environments; otherwise as `make`, with `processes` among the options."""
    return CellVectorEnv(_load(scenario), num_envs, registry.make(other), party, **options)


def _load(scenario: str | Scenario) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else scenarios.load(scenario)


gymnasium.register(ID, entry_point=make, vector_entry_point=make_vec)
