# SPDX-License-Identifier: MIT
"""The project's tokenizer and small models with random weights."""

import pytest
from transformers import PreTrainedModel

from llmac.agents.engine.engine import Engine
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role, template
from llmac.agents.models import tokenizer
from llmac.agents.models.small import small_model


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary(tokenizer.train())


@pytest.fixture(scope="session")
def phrasebook(vocabulary: Vocabulary) -> Phrasebook:
    return Phrasebook(vocabulary)


@pytest.fixture(scope="session")
def models(vocabulary: Vocabulary) -> dict[Role, PreTrainedModel]:
    return {role: small_model(vocabulary.tokenizer, seed + 4, 2).eval() for seed, role in enumerate(Role)}


@pytest.fixture(scope="session")
def engines(vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]) -> dict[Role, Engine]:
    return {role: Engine(model, vocabulary, template(role).instruction) for role, model in models.items()}
