# SPDX-License-Identifier: MIT
"""What a model reads: texts as a tree, in which what several of them begin with is there once.

The keys and values of every token that was read stay in a slot of their own, as in SGLang's RadixAttention (Zheng et
al., NeurIPS 2024); a text is the row of its slots. So texts that go on differently share what they have in common, no
token is read twice, nothing is padded but rows of slots, and the reading of a text can go on anywhere in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be read.

    Attributes:
        known: slots of the tokens that were read before.
        new: tokens after them, at least one.
        asked: indices of the new tokens whose hidden states are wanted.
    """

    known: NDArray[np.int64]
    new: Sequence[int]
    asked: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read in one call.

    Attributes:
        start: slot of the first new token; the others follow.
        tokens: [n] new tokens, each after those that it sees.
        positions: [n] of them in their texts.
        slots: [texts, longest] of each text; shorter ones end with slot 0.
        row: [n] of a text of each token, in `slots`.
        asked: indices of the tokens whose hidden states are wanted, ascending.
    """

    start: int
    tokens: NDArray[np.int64]
    positions: NDArray[np.int64]
    slots: NDArray[np.int64]
    row: NDArray[np.int64]
    asked: NDArray[np.int64]

    @property
    def end(self) -> int:
        """The slot after the last new token."""
        return self.start + len(self.tokens)


class Tree:
    """The tree of some texts.

    Args:
        texts: at least one; some may have slots in common.
        start: the first free slot.

    Attributes:
        answers: where the hidden states that were asked for are among those of all readings, text by text.
        end: the first slot that is free afterwards.
    """

    def __init__(self, texts: Sequence[Text], start: int) -> None:
        self._start = start
        known = np.array([text.known.size for text in texts])
        length = np.array([len(text.new) for text in texts])
        # Sorted by the last slot that they have and then by tokens, texts that share a beginning are neighbours.
        keys = np.zeros((len(texts), 1 + int(length.max())), dtype=">u4")
        keys[:, 0] = [text.known[-1] + 1 if text.known.size else 0 for text in texts]
        steps = np.arange(keys.shape[1] - 1)
        keys[:, 1:][steps < length[:, None]] = np.fromiter((t for text in texts for t in text.new), dtype=np.int64) + 1
        order = keys.view(f"S{4 * keys.shape[1]}")[:, 0].argsort(kind="stable")
        keys = keys[order].astype(np.int64)
        self._known, length = known[order], length[order]
        self._row = np.empty_like(order)
        self._row[order] = np.arange(len(texts))

        is_new = steps < length[:, None]
        differs = np.ones(keys.shape, dtype=np.bool_)
        differs[1:] = keys[1:] != keys[:-1]
        is_first = np.logical_or.accumulate(differs, axis=1)[:, 1:] & is_new
        self._text, step = np.nonzero(is_first)
        self._position = self._known[self._text] + step
        self._tokens = keys[:, 1:][is_first] - 1
        self.end = start + len(self._tokens)
        number = is_first.cumsum().reshape(is_first.shape) - 1
        new = np.maximum.accumulate(np.where(is_first, number, 0), axis=0)

        columns = np.arange(int((self._known + length).max()))
        self._slots = np.zeros((len(texts), len(columns)), dtype=np.int64)
        self._slots[columns < self._known[:, None]] = np.concatenate([texts[i].known for i in order])
        behind = (columns >= self._known[:, None]) & (columns < (self._known + length)[:, None])
        self._slots[behind] = start + new[is_new]

        rows = self._row.repeat([len(text.asked) for text in texts])
        asked = new[rows, np.fromiter((index for text in texts for index in text.asked), dtype=np.int64)]
        is_asked = np.zeros(len(self._tokens), dtype=np.bool_)
        is_asked[asked] = True
        self._asked = np.flatnonzero(is_asked)
        self.answers = (is_asked.cumsum() - 1)[asked]

    def path(self, text: int, new: int) -> NDArray[np.int64]:
        """Slots of a text up to one of its new tokens, and with it."""
        row = self._row[text]
        return self._slots[row, : self._known[row] + new + 1]

    def readings(self, most: int) -> Iterator[Reading]:
        """The tree in parts of so many new tokens at most, one after the other."""
        for first in range(0, len(self._tokens), most):
            these = slice(first, first + most)
            asked = slice(*self._asked.searchsorted([these.start, these.stop]))
            yield Reading(
                start=self._start + first,
                tokens=self._tokens[these],
                positions=self._position[these],
                slots=self._slots,
                row=self._text[these],
                asked=self._asked[asked] - first,
            )
