# SPDX-License-Identifier: MIT
"""Hidden states and logits of any Hugging Face causal language model whose layers keep keys and values."""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin

from llmac.agents.engine.reading import Reading

_SMALL_VOCABULARY = 1024
"""Tokens; to pick out those that are allowed takes longer than the logits of all."""


class Trunk(Protocol):
    """A language model, and the keys and values of what it has read."""

    most: int
    """New tokens of a reading."""

    @property
    def bytes_per_slot(self) -> int:
        """Memory for the keys and values of a token."""
        ...

    def read(self, reading: Reading) -> torch.Tensor:
        """Hidden states of the tokens asked for, [asked, width]; slots from `reading.start` on are written anew."""
        ...

    def logits(
        self, hidden: torch.Tensor, rows: NDArray[np.int64], tokens: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Logits of the tokens that are allowed at some choices.

        Args:
            hidden: [n, width] hidden states.
            rows: [choices] of the hidden state before each choice.
            tokens: [sum of k] the k allowed tokens of each choice, one choice after the other.
            ends: [choices] where those of each choice end.
        """
        ...


class HuggingFaceTrunk:
    """A Trunk that calls the model: all new tokens are one row, of which each sees the tokens before it in its text."""

    most = 2048
    """More at once is not faster, and attention computes the scores of all with all."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        config: Any = model.config
        self._head: Any = model.get_output_embeddings()
        self._layers = [_Layer() for _ in range(config.get_text_config().num_hidden_layers)]

    @property
    def bytes_per_slot(self) -> int:
        """See Trunk; known once something was read."""
        return sum(layer.bytes_per_slot for layer in self._layers)

    def read(self, reading: Reading) -> torch.Tensor:
        """See Trunk."""
        for layer in self._layers:
            layer.start = reading.start
        device, dtype = self._model.device, self._model.dtype
        least = torch.finfo(dtype).min
        mask = torch.zeros(1, 1, len(reading.tokens), reading.end, dtype=dtype)
        mask.masked_fill_(torch.from_numpy(~_seen(reading)), least)
        hidden = self._model.base_model(
            input_ids=torch.from_numpy(reading.tokens)[None].to(device),
            attention_mask=mask.to(device),
            position_ids=torch.from_numpy(reading.positions)[None].to(device),
            past_key_values=Cache(layers=[*self._layers]),
            use_cache=True,
        ).last_hidden_state[0]
        return hidden[torch.from_numpy(np.flatnonzero(reading.asked)).to(device)]

    def logits(
        self, hidden: torch.Tensor, rows: NDArray[np.int64], tokens: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """See Trunk."""
        weight, bias = self._head.weight, self._head.bias
        if len(weight) > _SMALL_VOCABULARY:
            wanted = np.zeros(len(weight), dtype=np.bool_)
            wanted[tokens] = True
            index = torch.from_numpy(np.flatnonzero(wanted)).to(hidden.device)
            weight, bias = weight[index], None if bias is None else bias[index]
            tokens = (wanted.cumsum() - 1)[tokens]
        of_rows = functional.linear(hidden, weight, bias).float().cpu().numpy()
        return of_rows[rows.repeat(np.diff(ends, prepend=0)), tokens]


def _seen(reading: Reading) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """[new tokens, slots] whether each new token sees each slot."""
    before = np.arange(reading.slots.shape[1]) <= reading.positions[:, None]
    seen = np.zeros((len(reading.tokens), reading.end), dtype=np.bool_)
    seen[np.nonzero(before)[0], reading.slots[reading.row][before]] = True
    return seen


class _Layer(CacheLayerMixin):
    """The slots of one layer, as a layer of a Hugging Face cache."""

    def __init__(self) -> None:
        super().__init__()
        self.start = 0
        self.keys = self.values = None
        self.is_initialized = True

    @property
    def bytes_per_slot(self) -> int:
        return 2 * self.keys[0, :, 0].nbytes if self.keys is not None else 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.keys is None or self.values is None:
            self.keys, self.values = key_states, value_states
        else:
            self.keys = torch.cat([self.keys[:, :, : self.start], key_states], dim=2)
            self.values = torch.cat([self.values[:, :, : self.start], value_states], dim=2)
        return self.keys, self.values

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        pass

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.start + query_length, 0

    def get_seq_length(self) -> int:
        return self.start

    def get_max_length(self) -> int:
        return -1
