# SPDX-License-Identifier: MIT
"""The update: rows that stand for many decisions, limits, and the direction."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.prompts import Role
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.domain import draw_scenarios
from llmac.agents.learning.experience import Experience, Sentences, collect
from llmac.agents.learning.likelihood import choices_of
from llmac.agents.learning.optimisation import adam, set_rate, tensors_of
from llmac.agents.learning.ppo import Decisions, PpoOptions, adapted, improve
from llmac.agents.learning.start import first_policy
from llmac.agents.models.checkpoint import Checkpoint
from llmac.bridge.envs.columns import ColumnEnv

OPTIONS = PpoOptions(clip=0.2, epochs=1, minibatches=1, kl_limit=10.0, entropy=0.0, max_grad_norm=1e9)


@pytest.fixture(scope="module")
def policy() -> Checkpoint:
    return first_policy(TrainConfig.parse({"domains": [{"scenario": "paper"}], "start": None}, "test"))


@pytest.fixture(scope="module")
def experience(policy: Checkpoint) -> Experience[Decisions]:
    config = TrainConfig.parse({"domains": [{"scenario": "paper", "ues": [2, 3]}]}, "test")
    scenarios = draw_scenarios(config.domains, 6, np.random.default_rng(5))
    with ColumnEnv(scenarios, ttis=5, privileged=True, bound=True) as env:
        agent = LanguageAgent.of(policy, sample=True)
        return collect(env, agent, Sentences(agent), scenarios, np.arange(6, dtype=np.uint64), 5)


def test_an_experience_holds_every_decision(experience: Experience[Decisions]) -> None:
    ues = sum(len(slot) for slot in experience.slot)
    assert len(experience.decisions[Role.BS].index) == 6 * 5
    assert len(experience.decisions[Role.UE].index) == ues
    assert len(experience.scenes.count) == 2 * 6 * 5
    assert experience.scenes.count.sum() == 2 * ues
    assert len(experience.metrics) == 6


def test_the_trainer_sees_the_probabilities_that_the_engine_drew_from(policy: Checkpoint) -> None:
    scenarios = draw_scenarios(
        TrainConfig.parse({"domains": [{"scenario": "near-far"}]}, "test").domains, 2, np.random.default_rng(1)
    )
    agent = LanguageAgent.of(policy, sample=True)
    seeds = np.arange(2, dtype=np.uint64)
    with ColumnEnv(scenarios, ttis=3, privileged=True, bound=True) as env:
        experience = collect(env, agent, Sentences(agent), scenarios, seeds, 3)
    decisions = experience.decisions[Role.UE]
    last = [decisions.examples[i] for i in decisions.index[-len(agent.follower_replies) :]]
    with torch.inference_mode():
        again = choices_of(policy.models[Role.UE], last).sentence_log_probs(len(last))
    np.testing.assert_allclose(again.numpy(), [reply.log_prob for reply in agent.follower_replies], atol=1e-4)


def test_rows_are_as_good_as_decisions_one_by_one(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))
    one_by_one = Decisions(
        [decisions.examples[i] for i in decisions.index], np.arange(len(decisions.index), dtype=np.int64)
    )
    gradients = [_step(policy.models[Role.UE], d, advantage) for d in (decisions, one_by_one)]
    assert len(decisions.examples) < len(decisions.index)
    for few, many in zip(*gradients, strict=True):
        torch.testing.assert_close(few, many, rtol=1e-3, atol=1e-5)


def test_praised_sentences_become_more_probable(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    praised = 0 if decisions.examples[0].choices else 1
    advantage = (decisions.index == praised).astype(np.float64)
    model = copy.deepcopy(policy.models[Role.UE])
    before = _log_prob(model, decisions, praised)
    options = replace(OPTIONS, epochs=3)
    told = improve(model, adam(model.parameters(), 1e-3), decisions, advantage, options, np.random.default_rng(0))
    assert _log_prob(model, decisions, praised) > before + 0.05
    assert told["epochs"] == 3
    assert not model.training


def test_an_update_stops_at_the_kl_limit(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))
    model = copy.deepcopy(policy.models[Role.UE])
    options = replace(OPTIONS, epochs=50, minibatches=4, kl_limit=0.01)
    told = improve(model, adam(model.parameters(), 1e-2), decisions, advantage, options, np.random.default_rng(0))
    assert told["epochs"] < 50
    assert told["approx_kl"] > 0.01


def test_an_epoch_that_went_much_too_far_is_undone(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))
    model = copy.deepcopy(policy.models[Role.UE])
    optimiser = adam(model.parameters(), 1e-4)
    options = replace(OPTIONS, kl_limit=0.1)
    improve(model, optimiser, decisions, advantage, options, np.random.default_rng(0))
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(tensors_of(optimiser))
    set_rate(optimiser, 0.3)
    told = improve(
        model, optimiser, decisions, advantage, replace(options, epochs=5, minibatches=4), np.random.default_rng(0)
    )
    assert told["undone"] == 1.0
    assert told["epochs"] == 1.0
    assert told["approx_kl"] > 0.8
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, weights[name]), name
    for name, tensor in tensors_of(optimiser).items():
        assert torch.equal(tensor, state[name]), name


def test_a_minibatch_in_parts_has_the_same_gradient(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))
    model = policy.models[Role.UE]
    whole, parts = (
        _step(model, decisions, advantage, replace(OPTIONS, gradient_accumulation=n, kl_penalty=0.5)) for n in (1, 3)
    )
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_bfloat16_goes_the_same_way(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))
    model = policy.models[Role.UE]
    exact, rounded = (
        torch.cat([part.flatten() for part in _step(model, decisions, advantage, replace(OPTIONS, bfloat16=low))])
        for low in (False, True)
    )
    assert not torch.equal(exact, rounded)
    assert torch.nn.functional.cosine_similarity(exact, rounded, dim=0) > 0.99


def test_a_penalty_keeps_the_policy_near_and_adapts(policy: Checkpoint, experience: Experience[Decisions]) -> None:
    decisions = experience.decisions[Role.UE]
    advantage = np.random.default_rng(2).normal(size=len(decisions.index))

    def kl(penalty: float) -> float:
        model = copy.deepcopy(policy.models[Role.UE])
        options = replace(OPTIONS, epochs=6, minibatches=2, kl_limit=1e-9, kl_penalty=penalty)
        told = improve(model, adam(model.parameters(), 3e-3), decisions, advantage, options, np.random.default_rng(0))
        assert told["epochs"] == 6  # no early end
        return told["approx_kl"]

    assert kl(20.0) < 0.5 * kl(0.0)
    assert [adapted(1.0, kl, 0.02) for kl in (0.001, 0.02, 0.1)] == [0.5, 1.0, 2.0]


def _step(
    model: PreTrainedModel, decisions: Decisions, advantage: np.ndarray, options: PpoOptions = OPTIONS
) -> list[torch.Tensor]:
    """What one step of plain gradient descent changes."""
    changed = copy.deepcopy(model)
    optimiser = torch.optim.SGD(changed.parameters(), lr=1.0)
    improve(changed, optimiser, decisions, advantage, options, np.random.default_rng(0))
    return [
        after.detach() - before.detach() for after, before in zip(changed.parameters(), model.parameters(), strict=True)
    ]


@torch.inference_mode()
def _log_prob(model: PreTrainedModel, decisions: Decisions, row: int) -> float:
    return float(choices_of(model, [decisions.examples[row]]).sentence_log_probs(1)[0])
