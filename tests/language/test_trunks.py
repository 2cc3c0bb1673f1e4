# SPDX-License-Identifier: MIT
"""The decoder of small models against the model itself, and which models it leaves to transformers."""

from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from llmac.agents.engine.decoder import Decoder
from llmac.agents.engine.reading import Text, Tree
from llmac.agents.engine.suitable import refuse_unsuitable
from llmac.agents.engine.trunk import HuggingFaceTrunk
from llmac.agents.language.prompts import Role
from llmac.agents.models.lora import with_adapters
from llmac.bridge.errors import LlmacError

SHAPE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
    "max_position_embeddings": 64,
}


def made(config: Any) -> PreTrainedModel:
    torch.manual_seed(3)
    kind: Any = LlamaForCausalLM if isinstance(config, LlamaConfig) else Qwen2ForCausalLM
    return kind(config).eval()


@pytest.mark.parametrize(
    "config", [Qwen2Config(**SHAPE), LlamaConfig(**SHAPE), LlamaConfig(**SHAPE, attention_bias=True)]
)
@torch.inference_mode()
def test_both_trunks_equal_the_model(config: Any) -> None:
    model = made(config)
    assert Decoder.can_run(model)
    start = [5, 6, 7]
    # Some begin alike, one is the beginning of another, two are the same.
    first = [[1, 2, 3, 4], [8], [1, 2, 9], [1, 2], [8], [2, 3, 4]]
    # Each goes on from some token of one of the first, so that some begin alike again.
    then = [(0, 1, [11]), (1, 0, [12, 13]), (0, 3, [14, 15, 16]), (2, 1, [11, 17]), (5, 2, list(range(20, 40)))]
    texts = [[*start, *f] for f in first] + [[*start, *first[of][: at + 1], *more] for of, at, more in then]
    expected = [model.base_model(input_ids=torch.tensor([text])).last_hidden_state[0, len(start) :] for text in texts]
    for trunk in (Decoder(model), HuggingFaceTrunk(model)):
        for most in (1, 4, 100):
            begun = Tree([Text(np.empty(0, dtype=np.int64), start, [2])], 0)
            tree = Tree([Text(np.arange(3), f, range(len(f))) for f in first], begun.end)
            further = Tree([Text(tree.path(of, at), more, [len(more) - 1]) for of, at, more in then], tree.end)
            got = [torch.cat([trunk.read(r) for r in t.readings(most)])[t.answers] for t in (begun, tree, further)]
            assert torch.allclose(got[1], torch.cat(expected[: len(first)]), atol=1e-5)
            assert torch.allclose(got[2], torch.stack([hidden[-1] for hidden in expected[len(first) :]]), atol=1e-5)
    assert tree.end - begun.end == len({tuple(f[:n]) for f in first for n in range(1, len(f) + 1)})
    assert further.end - tree.end == sum(len(more) for _, _, more in then) - 1


@pytest.mark.parametrize(
    "changed",
    [
        {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0},
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0}},
    ],
)
def test_other_architectures_are_left_to_transformers(changed: dict[str, Any]) -> None:
    assert not Decoder.can_run(made(Qwen2Config(**(SHAPE | changed))))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Gemma2ForCausalLM(Gemma2Config(**SHAPE, head_dim=8)), "Gemma2ForCausalLM scales or caps its logits"),
        (
            GraniteForCausalLM(GraniteConfig(**SHAPE, logits_scaling=8.0)),
            "GraniteForCausalLM scales or caps its logits",
        ),
        (MambaForCausalLM(MambaConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2)), "keeps other things than"),
    ],
)
def test_what_the_engine_cannot_run_is_refused(model: PreTrainedModel, reason: str) -> None:
    with pytest.raises(LlmacError, match=f"{reason}.*--backend generate can run it"):
        refuse_unsuitable(model.eval(), [1, 2, 3])


def test_what_the_engine_can_run_is_not_refused() -> None:
    for config in (Qwen2Config(**SHAPE), LlamaConfig(**SHAPE)):
        refuse_unsuitable(made(config), [1, 2, 3])
    refuse_unsuitable(with_adapters(made(Qwen2Config(**SHAPE)), seed=0)[Role.BS], [1, 2, 3])


def test_adapters_are_left_to_transformers() -> None:
    assert not Decoder.can_run(with_adapters(made(Qwen2Config(**SHAPE)), seed=0)[Role.BS])
