# SPDX-License-Identifier: MIT
"""What a training run trains: a model for each role, how they play, and how they take advice.

Everything else of a run (cells, critic, advantages, schedules, checkpoints) does not know what the models are, so that
agents of different kinds are trained alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from llmac.agents.agent import Agent
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.prompts import Role
from llmac.agents.learning.experience import Experience, Sentences, collect
from llmac.agents.learning.likelihood import features_of
from llmac.agents.learning.ppo import Decisions, PpoOptions, improve
from llmac.agents.models import checkpoint
from llmac.agents.models.checkpoint import Checkpoint
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario

D = TypeVar("D")
"""What a learner keeps of the decisions of one role."""


class Learner(Protocol[D]):
    """Trained by `Training`."""

    @property
    def models(self) -> Mapping[Role, torch.nn.Module]:
        """Of each role; their weights change in place."""
        ...

    def collect(
        self, env: ColumnEnv, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], ttis: int
    ) -> Experience[D]:
        """Play a batch of episodes with actions drawn from the models; see `experience.collect`."""
        ...

    def improve(
        self,
        role: Role,
        optimiser: torch.optim.Optimizer,
        decisions: D,
        advantage: NDArray[np.float64],
        options: PpoOptions,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """Make good decisions more probable; see `ppo.improve`."""
        ...

    def greedy(self) -> Agent:
        """Who plays with the models as they are now, as it will be when it is trained."""
        ...

    def save(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        """Write what `llmac run` can play.

        Args:
            folder: a new one.
            made_by: for the manifest.
        """
        ...


class LanguageLearner:
    """Trains the language models of a checkpoint; see Learner.

    Args:
        policy: its models are changed in place.
    """

    def __init__(self, policy: Checkpoint) -> None:
        self._policy = policy
        self._sampling = LanguageAgent.of(policy, sample=True)
        self._greedy = LanguageAgent.of(policy)
        self.models = policy.models

    def collect(
        self, env: ColumnEnv, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], ttis: int
    ) -> Experience[Decisions]:
        """Play with sentences drawn from the models."""
        self._sampling.weights_changed()
        return collect(env, self._sampling, Sentences(self._sampling), scenarios, seeds, ttis)

    def improve(
        self,
        role: Role,
        optimiser: torch.optim.Optimizer,
        decisions: Decisions,
        advantage: NDArray[np.float64],
        options: PpoOptions,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """Make good sentences more probable."""
        return improve(self.models[role], optimiser, decisions, advantage, options, rng)

    def width(self, role: Role) -> int:
        """Of the hidden states of a role's model."""
        embedding: Any = self.models[role].get_input_embeddings()
        return int(embedding.embedding_dim)

    def prompt_features(self, role: Role, decisions: Decisions) -> torch.Tensor:
        """[rows, width] what the model makes of the prompt of each row, before its first choice."""
        return features_of(self.models[role], decisions.examples)

    def greedy(self) -> LanguageAgent:
        """Who says the most probable sentences, or draws them if the checkpoint says so."""
        self._greedy.weights_changed()
        return self._greedy

    def save(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        """Write a checkpoint of the models."""
        checkpoint.save(folder, replace(self._policy, made_by=made_by))
