# SPDX-License-Identifier: MIT
"""Hidden states of a Hugging Face causal language model, for rows of tokens that follow what the rows hold already."""

from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache

from llmac.agents.engine.rows import Rows, RowsLayer


class Trunk:
    """Any causal language model whose layers keep keys and values."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def prefix(self, tokens: list[int]) -> torch.Tensor:
        """Keys and values of a text, [layers, 2, 1, heads, tokens, width]."""
        cache = DynamicCache(config=self._model.config)
        ids = torch.tensor([tokens], device=self._model.device)
        self._model.base_model(input_ids=ids, past_key_values=cache, use_cache=True)
        layers: list[Any] = cache.layers
        return torch.stack([torch.stack([layer.keys, layer.values]) for layer in layers])

    def hidden(self, rows: Rows, tokens: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Last hidden states, [rows, tokens, width]; `rows` takes in the keys and values."""
        cache = Cache(layers=[RowsLayer(rows, layer) for layer in range(rows.layers)])
        return self._model.base_model(
            input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        ).last_hidden_state
