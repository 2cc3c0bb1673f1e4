# SPDX-License-Identifier: MIT
"""Keys and values of the rows of a batch, in buffers that are filled from left to right.

Every row occupies the same slots; what is padding in a row is masked out, and positions count real tokens only.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import CacheLayerMixin

_SPARE = 32
"""Slots beyond those that are needed, so that the buffers seldom grow."""


class Rows:
    """The rows that are being decided.

    Args:
        prefix: [layers, 2, 1, heads, tokens, width] keys and values that all rows begin with.
        rows: how many.
        room: tokens that the first segments need.

    Attributes:
        layers: of the model.
        used: slots that are filled.
    """

    def __init__(self, prefix: torch.Tensor, rows: int, room: int) -> None:
        self.layers, _, _, heads, self.used, width = prefix.shape
        self._device, self._dtype = prefix.device, prefix.dtype
        slots = self.used + room + _SPARE
        self._store = prefix.new_empty(self.layers, 2, rows, heads, slots, width)
        self._store[..., : self.used, :] = prefix
        self._real = torch.ones(rows, self.used, dtype=torch.bool)
        self._new = 0

    def place(self, segments: Sequence[tuple[int, ...]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Make room for a segment in each row.

        Returns:
            [rows, longest] tokens, [rows, longest] their positions, and the attention mask to add, [rows, 1, longest,
            slots]: 0 where a token sees a slot, the least number where it does not.
        """
        self.used += self._new
        lengths = torch.tensor([len(segment) for segment in segments])
        self._new = longest = int(lengths.max())
        tokens = torch.tensor([segment + (0,) * (longest - len(segment)) for segment in segments])
        steps = torch.arange(longest)
        real = steps < lengths[:, None]
        positions = self._real.sum(dim=1, keepdim=True) + steps
        causal = steps[None, :] <= steps[:, None]
        seen = torch.cat([self._real[:, None, :].expand(-1, longest, -1), real[:, None, :] & causal], dim=2)
        mask = torch.zeros(seen.shape, dtype=self._dtype).masked_fill_(~seen, torch.finfo(self._dtype).min)
        self._real = torch.cat([self._real, real], dim=1)
        self._grow()
        return tokens.to(self._device), positions.to(self._device), mask[:, None].to(self._device)

    def write(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Fill the new slots of a layer; returns all its keys and values, [rows, heads, slots, width] each."""
        store = self._store[layer, :, :, :, : self.used + self._new]
        store[0, :, :, self.used :] = keys
        store[1, :, :, self.used :] = values
        return store[0], store[1]

    def select(self, rows: Sequence[int]) -> None:
        """Go on with these rows, in this order; a row may come more than once."""
        if list(rows) != list(range(len(self._real))):
            index = torch.tensor(rows, dtype=torch.long)
            self._store = self._store.index_select(2, index.to(self._device))
            self._real = self._real[index]

    def _grow(self) -> None:
        slots = self._store.shape[4]
        needed = self.used + self._new
        if needed > slots:
            more = self._store.new_empty(
                *self._store.shape[:4], max(needed, slots + slots // 2) - slots, self._store.shape[5]
            )
            self._store = torch.cat([self._store, more], dim=4)


class RowsLayer(CacheLayerMixin):
    """One layer of rows, as a layer of a Hugging Face cache."""

    def __init__(self, rows: Rows, layer: int) -> None:
        super().__init__()
        self._rows = rows
        self._layer = layer
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See CacheLayerMixin."""
        return self._rows.write(self._layer, key_states, value_states)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """See CacheLayerMixin."""

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """See CacheLayerMixin."""
        return self._rows.used + query_length, 0

    def get_seq_length(self) -> int:
        """See CacheLayerMixin."""
        return self._rows.used

    def get_max_length(self) -> int:
        """See CacheLayerMixin."""
        return -1
