# SPDX-License-Identifier: MIT
"""The small default model: Qwen2's architecture at about a hundred thousand parameters."""

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from llmac.agents.models.tokenizer import EOS, PAD

CONTEXT = 4096
"""Tokens; some thousand UEs with something to be said."""


def small_model(tokenizer: PreTrainedTokenizerFast, seed: int, layers: int) -> PreTrainedModel:
    """A model with random weights, the same for the same seed."""
    special = tokenizer.get_vocab()
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=0.1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=special[PAD],
        bos_token_id=None,
        eos_token_id=special[EOS],
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
        return Qwen2ForCausalLM(config)
