# SPDX-License-Identifier: MIT
"""What a model reads: texts as a tree, in which what several of them begin with is there once.

The keys and values of every token that was read stay in a slot of their own, as in SGLang's RadixAttention (Zheng et
al., NeurIPS 2024); a text is the row of its slots. So texts that go on differently share what they have in common, no
token is read twice, nothing is padded but rows of slots, and the reading of a text can go on anywhere in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.kernels import compiled


class Text(NamedTuple):
    """A text to be read."""

    known: NDArray[np.int64]
    """Slots of the tokens that were read before."""
    new: Sequence[int]
    """Tokens after them, at least one."""
    asked: Sequence[int]
    """Indices of the new tokens whose hidden states are wanted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read in one call.

    Attributes:
        start: slot of the first new token; the others follow.
        tokens: [n] new tokens, each after those that it sees.
        positions: [n] of them in their texts.
        slots: [texts, longest] of each text; shorter ones end with slot 0.
        row: [n] of a text of each token, in `slots`.
        asked: [n] whether the hidden state of each is wanted.
    """

    start: int
    tokens: NDArray[np.int64]
    positions: NDArray[np.int64]
    slots: NDArray[np.int64]
    row: NDArray[np.int64]
    asked: NDArray[np.bool_]

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
        known, new, asked = zip(*texts, strict=True)
        self._known, *lengths = (np.array([*map(len, part)]) for part in (known, new, asked))
        self._slots = np.zeros((len(texts), (self._known + lengths[0]).max()), dtype=np.int64)
        self._tokens, self._position, self._text, self._asked, self.answers = _grow(
            start, np.concatenate(known), self._known, _flat(new), lengths[0], _flat(asked), lengths[1], self._slots
        )
        self.end = start + len(self._tokens)

    def path(self, text: int, new: int) -> NDArray[np.int64]:
        """Slots of a text up to one of its new tokens, and with it."""
        return self._slots[text, : self._known[text] + new + 1]

    def readings(self, most: int) -> Iterator[Reading]:
        """The tree in parts of so many new tokens at most, one after the other."""
        for first in range(0, len(self._tokens), most):
            these = slice(first, first + most)
            yield Reading(
                start=self._start + first,
                tokens=self._tokens[these],
                positions=self._position[these],
                slots=self._slots,
                row=self._text[these],
                asked=self._asked[these],
            )


def _flat(parts: Iterable[Sequence[int]]) -> NDArray[np.int64]:
    return np.array([*chain.from_iterable(parts)], dtype=np.int64)


@compiled
def _grow(
    start: int,
    known: NDArray[np.int64],
    known_length: NDArray[np.int64],
    new: NDArray[np.int64],
    length: NDArray[np.int64],
    asked: NDArray[np.int64],
    asked_length: NDArray[np.int64],
    slots: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Give each different beginning of a text a slot for its last token, and fill in the slots of all texts.

    Returns:
        [n] tokens, [n] their positions, [n] texts in which they were met first, [n] whether they are asked about, and
        for each that is, text by text, how many of these stand before it.
    """
    tokens, position, text = np.empty_like(new), np.empty_like(new), np.empty_like(new)
    # What follows each token: one, and from there the next.
    following, other = np.full(len(new), -1), np.full(len(new), -1)
    # Texts that have their last slot in common, and what follows it.
    roots, following_root = np.full(len(length), -1), np.full(len(length), -1)
    count = done = done_known = 0
    for i in range(len(length)):
        have = known_length[i]
        slots[i, :have] = known[done_known : done_known + have]
        done_known += have
        last = slots[i, have - 1] if have else start
        root = 0
        while roots[root] != last and roots[root] >= 0:
            root += 1
        roots[root] = last
        before = -1
        for step in range(length[i]):
            token = new[done + step]
            first = following_root[root] if before < 0 else following[before]
            here = first
            while here >= 0 and tokens[here] != token:
                here = other[here]
            if here < 0:
                here = count
                count += 1
                tokens[here], position[here], text[here], other[here] = token, have + step, i, first
                if before < 0:
                    following_root[root] = here
                else:
                    following[before] = here
            slots[i, have + step] = start + here
            before = here
        done += length[i]
    is_asked = np.zeros(count, dtype=np.bool_)
    answers = np.empty_like(asked)
    done = 0
    for i in range(len(length)):
        for a in range(done, done + asked_length[i]):
            answers[a] = slots[i, known_length[i] + asked[a]] - start
            is_asked[answers[a]] = True
        done += asked_length[i]
    rank = np.cumsum(is_asked) - 1
    return tokens[:count], position[:count], text[:count], is_asked, rank[answers]
