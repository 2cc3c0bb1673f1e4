# SPDX-License-Identifier: MIT
"""Advantages of the decisions of a batch of episodes, from a critic that learns along with the policy.

Two kinds: a central critic, which in training may see all buffers, and a head for each role on what its own model makes
of its prompt, for when nothing privileged is to be had.
"""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from llmac.agents.language.prompts import Role
from llmac.agents.learning.advantages import leader_advantages, own_advantages
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.critic import Critic
from llmac.agents.learning.experience import Experience
from llmac.agents.learning.learner import LanguageLearner, Learner
from llmac.agents.learning.ppo import fit_critic
from llmac.bridge.errors import LlmacError

_EPOCHS = 4
_ROWS_PER_STEP = 512
_WIDTH = 64

Advantages = dict[Role, NDArray[np.float64]]
"""Of each role's decisions, in their order."""


class Advice(Protocol):
    """Judges decisions."""

    module: nn.Module
    """The critic."""

    def of(
        self, experience: Experience[Any], optimiser: torch.optim.Optimizer, rng: np.random.Generator
    ) -> tuple[Advantages, float]:
        """Advantages by the critic as it is, which is then fitted to what was seen.

        Args:
            experience: a batch of episodes.
            optimiser: of the critic.
            rng: orders its minibatches.

        Returns:
            Advantages, and the share of the variance of the targets that the critic had explained.
        """
        ...


def advice_of(config: TrainConfig, learner: Learner[Any]) -> Advice:
    """The critic that a configuration asks for.

    Raises:
        LlmacError: the learner has no prompts.
    """
    if config.critic == "central":
        return CentralAdvice(config)
    if not isinstance(learner, LanguageLearner):
        raise LlmacError("critic: only language models have a prompt that values could come from; take `central`")
    return PromptAdvice(config, learner)


class CentralAdvice:
    """From the central critic; see Advice."""

    def __init__(self, config: TrainConfig) -> None:
        self._gamma, self._lambda = config.gamma, config.gae_lambda
        self._critic = Critic(config.seed)
        self.module: nn.Module = self._critic

    def of(
        self, experience: Experience[Any], optimiser: torch.optim.Optimizer, rng: np.random.Generator
    ) -> tuple[Advantages, float]:
        """See Advice."""
        scenes = experience.scenes
        ttis, environments = experience.leader_reward.shape
        with torch.inference_mode():
            cell, ue = (values.numpy().astype(np.float64) for values in self._critic(scenes))
        cell = cell.reshape(ttis, 2, environments)
        leader, after = leader_advantages(cell[:, 0], cell[:, 1], experience.leader_reward, self._gamma, self._lambda)
        rows = np.concatenate(_follower_rows(scenes.count.reshape(ttis, 2, environments)))
        value = experience.by_slot(ue[rows])
        follower = own_advantages(value, experience.follower_reward, self._gamma, self._lambda)
        ue_target = np.full(ue.shape, np.nan)
        ue_target[rows] = experience.in_order(value + follower)
        explained = fit_critic(
            self._critic,
            optimiser,
            scenes,
            (cell + np.stack([leader, after], axis=1)).ravel(),
            ue_target,
            _EPOCHS,
            rng,
        )
        return {Role.BS: leader.ravel(), Role.UE: experience.in_order(follower)}, explained


class PromptAdvice:
    """From a head for each role on the hidden state before its first choice; see Advice.

    The heads do not pull at the models: their gradient ends at the hidden state.
    """

    def __init__(self, config: TrainConfig, learner: LanguageLearner) -> None:
        self._gamma, self._lambda = config.gamma, config.gae_lambda
        self._learner = learner
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
            self._heads = nn.ModuleDict({role.value: _head(learner.width(role)) for role in Role})
        self.module: nn.Module = self._heads

    def of(
        self, experience: Experience[Any], optimiser: torch.optim.Optimizer, rng: np.random.Generator
    ) -> tuple[Advantages, float]:
        """See Advice."""
        ttis, environments = experience.leader_reward.shape
        rewards = {Role.BS: experience.leader_reward, Role.UE: experience.follower_reward}
        advantages: Advantages = {}
        unexplained, variance = 0.0, 0.0
        for role, reward in rewards.items():
            decisions = experience.decisions[role]
            if not decisions.index.size:  # nobody was connected
                advantages[role] = np.zeros(0)
                continue
            head = self._heads[role.value]
            features = self._learner.prompt_features(role, decisions)
            with torch.no_grad():
                said = head(features)[:, 0].double().numpy()[decisions.index]
            value = said.reshape(ttis, environments) if role is Role.BS else experience.by_slot(said)
            advantage = own_advantages(value, reward, self._gamma, self._lambda)
            advantages[role] = advantage.ravel() if role is Role.BS else experience.in_order(advantage)
            target = said + advantages[role]
            unexplained += float(np.var(target - said)) * len(target)
            variance += float(np.var(target)) * len(target)
            _fit(head, optimiser, features[decisions.index], torch.from_numpy(target).float(), rng)
        return advantages, 1 - unexplained / max(variance, 1e-12)


def _fit(
    head: nn.Module,
    optimiser: torch.optim.Optimizer,
    features: torch.Tensor,
    target: torch.Tensor,
    rng: np.random.Generator,
) -> None:
    for _ in range(_EPOCHS):
        order = torch.from_numpy(rng.permutation(len(target)))
        for chosen in order.split(_ROWS_PER_STEP):
            nn.functional.mse_loss(head(features[chosen])[:, 0], target[chosen]).backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()


def _head(width: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, 1))


def _follower_rows(count: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows, among all UEs of all scenes, of those of each TTI's follower phase; `count` is [T, 2, E]."""
    of_phase = count.sum(axis=2).ravel()
    ends = np.cumsum(of_phase)
    return [np.arange(ends[i] - of_phase[i], ends[i]) for i in range(1, len(ends), 2)]
