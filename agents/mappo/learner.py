# SPDX-License-Identifier: MIT
"""Trains the networks: Proximal policy optimisation with a centralised critic, as MAPPO (Yu et al., NeurIPS 2022).

Cells, critic, advantages over the two phases of a TTI and the clipped surrogate are those of the language agents
(llmac.agents.learning): what differs between the two is the policy, and nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from llmac.agents.language.prompts import Role
from llmac.agents.learning.experience import Experience, collect
from llmac.agents.learning.ppo import PpoOptions, Weights, ascend
from llmac.agents.mappo.agent import MappoAgent
from llmac.agents.mappo.decisions import Asked, Decisions, Notes
from llmac.agents.mappo.policy import Policy
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario


class MappoLearner:
    """See llmac.agents.learning.learner.Learner.

    Args:
        policy: its networks are changed in place.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.models = policy.actors

    def collect(
        self, env: ColumnEnv, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], ttis: int
    ) -> Experience[Decisions]:
        """Play with actions drawn from the networks."""
        agent = MappoAgent(self._policy, sample=True)
        return collect(env, agent, Notes(agent.decided), scenarios, seeds, ttis)

    def improve(
        self,
        role: Role,
        optimiser: torch.optim.Optimizer,
        decisions: Decisions,
        advantage: NDArray[np.float64],
        options: PpoOptions,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """Make good decisions more probable."""
        actor = self.models[role]
        # A decision that could have been no other teaches nothing.
        free = np.flatnonzero((decisions.allowed.sum(dim=2) > 1).any(dim=1).numpy())
        rows = len(decisions.x)
        weights = Weights.of(np.arange(rows), rows, advantage).take(free)
        told = ascend(actor, optimiser, Asked(actor, decisions.take(free)), weights, options, rng)
        told["entropy"] *= len(free) / rows
        return told

    def greedy(self) -> MappoAgent:
        """Who takes the most probable codes."""
        return MappoAgent(self._policy)

    def save(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        """Write a checkpoint."""
        self._policy.save(folder, made_by)
