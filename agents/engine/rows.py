# SPDX-License-Identifier: MIT
"""Keys and values of the rows of a batch, in buffers that are filled from left to right.

Every row occupies the same slots; what is padding in a row is masked out, and positions count real tokens only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

_SPARE = 8
"""Slots beyond those that are needed, so that the buffers do not grow with every token."""


@dataclass(frozen=True, slots=True)
class Feed:
    """New tokens of the rows, padded on the right to the longest.

    Attributes:
        tokens: [rows, longest].
        positions: [rows, longest] of the tokens in their rows.
        mask: [rows, 1, longest, slots] to add to the scores of the attention: 0 where a token sees a slot, the least
            number where it does not; None where every token sees every slot.
        asked: [rows, most] indices of the tokens whose hidden states are wanted; shorter lists end with zeros.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor | None
    asked: torch.Tensor


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
        self._real = np.ones((rows, self.used), dtype=np.bool_)
        self._new = 0

    def place(self, segments: Sequence[Sequence[int]], asked: Sequence[Sequence[int]]) -> Feed:
        """Make room for a segment in each row, of which the hidden states at the indices `asked` are wanted."""
        self.used += self._new
        lengths = np.array([len(segment) for segment in segments])
        self._new = longest = int(lengths.max())
        steps = np.arange(longest)
        real = steps < lengths[:, None]
        positions = self._real.sum(axis=1, keepdims=True) + steps
        before = self._real
        self._real = np.concatenate([before, real], axis=1)
        mask = None
        if longest > 1 or not self._real.all():
            causal = steps[None, :] <= steps[:, None]
            old = np.broadcast_to(before[:, None, :], (len(segments), longest, self.used))
            seen = torch.from_numpy(np.concatenate([old, real[:, None, :] & causal], axis=2)[:, None])
            mask = torch.zeros(seen.shape, dtype=self._dtype).masked_fill_(~seen, torch.finfo(self._dtype).min)
            mask = mask.to(self._device)
        self._grow()
        placed = (torch.from_numpy(array).to(self._device) for array in (padded(segments), positions, padded(asked)))
        tokens_, positions_, asked_ = placed
        return Feed(tokens_, positions_, mask, asked_)

    def write(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Fill the new slots of a layer; returns all its keys and values, [rows, heads, slots, width] each."""
        store = self._store[layer, :, :, :, : self.used + self._new]
        store[0, :, :, self.used :] = keys
        store[1, :, :, self.used :] = values
        return store[0], store[1]

    def select(self, rows: Sequence[int], kept: Sequence[int]) -> None:
        """Go on with these rows, in this order; a row may come more than once.

        Args:
            rows: indices.
            kept: tokens of the last segment of each that stand; the others were no more than a guess.
        """
        stands = np.arange(self._new) < np.array(kept)[:, None]
        same = list(rows) == list(range(len(self._real)))
        self._real = self._real[list(rows)]
        self._real[:, self.used :] &= stands
        if same:
            return
        index = torch.tensor(rows, dtype=torch.long, device=self._device)
        filled = self.used + self._new
        shape = list(self._store.shape)
        shape[2], shape[4] = len(rows), filled + _SPARE
        store = self._store.new_empty(shape)
        torch.index_select(self._store[..., :filled, :], 2, index, out=store[..., :filled, :])
        self._store = store

    def held(self) -> torch.Tensor:
        """All keys and values, [layers, 2, rows, heads, tokens, width]; of rows without padding."""
        return self._store[..., : self.used + self._new, :]

    def _grow(self) -> None:
        shape = list(self._store.shape)
        needed = self.used + self._new
        if needed > shape[4]:
            shape[4] = max(needed, shape[4] + shape[4] // 2) - shape[4]
            self._store = torch.cat([self._store, self._store.new_empty(shape)], dim=4)


def padded(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Lists as the rows of an array, with zeros on the right."""
    longest = max(map(len, lists))
    return np.array([[*row, *(0,) * (longest - len(row))] for row in lists], dtype=np.int64)
