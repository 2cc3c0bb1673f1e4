# SPDX-License-Identifier: MIT
"""The weights that a training run begins with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from llmac.agents.language.prompts import Role
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.learner import LanguageLearner, Learner
from llmac.agents.mappo.learner import MappoLearner
from llmac.agents.mappo.policy import Policy, Sizes
from llmac.agents.models import checkpoint, tokenizer
from llmac.agents.models.checkpoint import Checkpoint
from llmac.agents.models.lora import with_adapters
from llmac.agents.models.runs import newest_policy
from llmac.agents.models.shipped import shipped_folder
from llmac.agents.models.small import small_model
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load

_LAYERS = 2


def learner_of(config: TrainConfig, policy: Path | None = None) -> Learner[Any]:
    """Make what a run trains.

    Args:
        config: of the run.
        policy: folder of what it has learned so far; None at its beginning.

    Raises:
        LlmacError: the checkpoint cannot be used.
    """
    if config.agent == "mappo":
        return MappoLearner(Policy.load(policy) if policy else first_networks(config))
    return LanguageLearner(checkpoint.load(policy) if policy else first_policy(config))


def first_networks(config: TrainConfig) -> Policy:
    """Read or make the networks of mappo that `config.start` names.

    Raises:
        LlmacError: the checkpoint cannot be used, or the domains differ in what a network is made for.
    """
    if config.start is not None:
        return Policy.load(shipped_folder("mappo") if config.start == "shipped" else newest_policy(Path(config.start)))
    scenarios = [load(domain.scenario, domain.set) for domain in config.domains]
    vocabulary = scenarios[0].vocabulary
    if any(scenario.vocabulary != vocabulary for scenario in scenarios):
        raise LlmacError("the domains have different vocabularies; mappo learns one, so give them the same")
    sizes = Sizes(
        ues=config.mappo.ues,
        rbgs=max(scenario.rbgs for scenario in scenarios),
        vocabulary=vocabulary,
        memory=config.mappo.memory,
        width=config.mappo.width,
    )
    return Policy.new(sizes, config.seed)


def first_policy(config: TrainConfig) -> Checkpoint:
    """Read or make the language models that `config.start` names.

    Raises:
        LlmacError: the checkpoint or the pretrained model cannot be used.
    """
    if config.start is None:
        trained = tokenizer.train()
        return Checkpoint({role: small_model(trained, config.seed, _LAYERS) for role in Role}, trained, {})
    if config.start == "shipped":
        return checkpoint.load(shipped_folder())
    found = checkpoint.open_any(config.start)
    base = found.models[Role.BS]
    if base is not found.models[Role.UE]:
        return found
    return replace(found, models=with_adapters(base, config.seed))
