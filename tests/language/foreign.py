# SPDX-License-Identifier: MIT
"""Checkpoints as others make them: a byte-level BPE tokenizer of real size, and causal language models for it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from llmac.agents.language.prompts import Role, template

VOCABULARY = 110_000
_LONGEST = 24
"""Bytes of a token; llguidance gives up on very long ones."""
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def bpe_tokenizer() -> PreTrainedTokenizerFast:
    """Merges learned from the prompts, and after them random ones, as a tokenizer of the web's text has for us."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(
        [template(role, style).instruction for role in Role for style in ("compact", "instruct")], trainer
    )
    state: dict[str, Any] = json.loads(trained.to_str())
    vocabulary: dict[str, int] = state["model"]["vocab"]
    merges: list[tuple[str, str]] = [tuple(pair) for pair in state["model"]["merges"]]
    tokens = list(vocabulary)
    rng = np.random.default_rng(0)
    while len(tokens) < VOCABULARY:
        for i, j in rng.integers(0, len(tokens), (20_000, 2)).tolist():
            merged = tokens[i] + tokens[j]
            # A space begins a word.
            if merged not in vocabulary and len(merged) <= _LONGEST and "Ġ" not in tokens[j]:
                vocabulary[merged] = len(tokens)
                tokens.append(merged)
                merges.append((tokens[i], tokens[j]))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106 (no password)
        pad_token="<|endoftext|>",  # noqa: S106
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
    )


def save_model(folder: Path, tokenizer: PreTrainedTokenizerFast, seed: int = 0, **config: Any) -> Path:
    """A model with random weights and its tokenizer; as is often so, it has more rows than there are tokens."""
    settings: dict[str, Any] = {
        "vocab_size": len(tokenizer) + 64,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.3,
        "tie_word_embeddings": True,
        "max_position_embeddings": 4096,
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
        model = Qwen2ForCausalLM(Qwen2Config(**(settings | config)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
