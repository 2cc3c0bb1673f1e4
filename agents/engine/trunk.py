# SPDX-License-Identifier: MIT
"""Hidden states of any Hugging Face causal language model whose layers keep keys and values."""

from typing import Any, Protocol

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin

from llmac.agents.engine.rows import Feed, Rows


class Trunk(Protocol):
    """A language model without its output embedding."""

    def prefix(self, tokens: list[int]) -> torch.Tensor:
        """Keys and values of a text, [layers, 2, 1, heads, tokens, width]."""
        ...

    def hidden(self, rows: Rows, feed: Feed) -> torch.Tensor:
        """Hidden states of the tokens asked for, [rows, most, width]; `rows` takes in the keys and values."""
        ...


class HuggingFaceTrunk:
    """A Trunk that calls the model."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def prefix(self, tokens: list[int]) -> torch.Tensor:
        """See Trunk."""
        cache = DynamicCache(config=self._model.config)
        ids = torch.tensor([tokens], device=self._model.device)
        self._model.base_model(input_ids=ids, past_key_values=cache, use_cache=True)
        layers: list[Any] = cache.layers
        return torch.stack([torch.stack([layer.keys, layer.values]) for layer in layers])

    def hidden(self, rows: Rows, feed: Feed) -> torch.Tensor:
        """See Trunk."""
        mask = feed.mask
        if mask is None:
            mask = torch.zeros(1, 1, 1, rows.used + 1, dtype=self._model.dtype, device=feed.tokens.device)
        hidden = self._model.base_model(
            input_ids=feed.tokens,
            attention_mask=mask.expand(len(feed.tokens), -1, -1, -1),
            position_ids=feed.positions,
            past_key_values=Cache(layers=[_Layer(rows, layer) for layer in range(rows.layers)]),
            use_cache=True,
        ).last_hidden_state
        return hidden[torch.arange(len(feed.tokens), device=hidden.device)[:, None], feed.asked]


class _Layer(CacheLayerMixin):
    """One layer of rows, as a layer of a Hugging Face cache."""

    def __init__(self, rows: Rows, layer: int) -> None:
        super().__init__()
        self._rows = rows
        self._layer = layer
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self._rows.write(self._layer, key_states, value_states)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        pass

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._rows.used + query_length, 0

    def get_seq_length(self) -> int:
        return self._rows.used

    def get_max_length(self) -> int:
        return -1
