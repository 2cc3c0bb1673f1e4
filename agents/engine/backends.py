# SPDX-License-Identifier: MIT
"""The backends by name."""

from collections.abc import Callable, Mapping

from transformers import PreTrainedModel

from llmac.agents.engine.backend import Backend, BackendName
from llmac.agents.engine.engine import Engine
from llmac.agents.engine.generate import Generate
from llmac.agents.language.phrases import Vocabulary

BACKENDS: Mapping[BackendName, Callable[[PreTrainedModel, Vocabulary, str, str], Backend]] = {
    BackendName.ENGINE: Engine,
    BackendName.GENERATE: Generate,
}
"""By name: (model, vocabulary, what prompts begin with, what they end with) -> backend."""
