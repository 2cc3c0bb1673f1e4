# SPDX-License-Identifier: MIT
"""The decoder of small models against the model itself, and which models it leaves to transformers."""

from typing import Any

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
from llmac.agents.engine.rows import Rows
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
    first = [(1, 2, 3, 4), (8,), (9, 10)]
    then = [(11,), (12, 13), (14, 15, 16)]
    parents = [2, 0, 2]
    whole = [[*start, *first[parent], *segment] for parent, segment in zip(parents, then, strict=True)]
    expected = torch.cat([model.base_model(input_ids=torch.tensor([w])).last_hidden_state[:, -1] for w in whole])
    for trunk in (Decoder(model), HuggingFaceTrunk(model)):
        rows = Rows(trunk.prefix(start), 3, 1)
        trunk.hidden(rows, rows.place(first, [[len(s) - 1] for s in first]))
        rows.select(parents, [len(first[parent]) for parent in parents])
        got = trunk.hidden(rows, rows.place(then, [[len(s) - 1] for s in then]))
        assert torch.allclose(got[:, 0], expected, atol=1e-5)
        # One token each, and many of them, so that the buffers grow.
        for token in range(20, 40):
            got = trunk.hidden(rows, rows.place([(token,)] * 3, [[0]] * 3))[:, 0]
        longer = torch.tensor([[*w, *range(20, 40)] for w in whole if len(w) == len(whole[0])])
        last = model.base_model(input_ids=longer).last_hidden_state[:, -1]
        assert torch.allclose(got[[i for i, w in enumerate(whole) if len(w) == len(whole[0])]], last, atol=1e-5)


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
