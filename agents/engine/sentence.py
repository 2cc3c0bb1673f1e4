# SPDX-License-Identifier: MIT
"""A sentence on its way, and what a model thinks of the tokens that it could go on with."""

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Choice, Draw, Guide, Reply


class Options:
    """The distribution over the allowed tokens at one point of a sentence.

    Attributes:
        allowed: [k] tokens, ascending.
        log_probs: [k] of them.
        entropy: in nats.
    """

    __slots__ = ("_best", "_cumulative", "allowed", "entropy", "log_probs")

    def __init__(self, allowed: NDArray[np.int64], log_probs: NDArray[np.float64], entropy: float) -> None:
        self.allowed = allowed
        self.log_probs = log_probs
        self.entropy = entropy
        self._best: int | None = None
        self._cumulative: NDArray[np.float64] | None = None

    def pick(self, uniform: float | None) -> int:
        """Index of the token that a uniform number in [0, 1) chooses; the most probable one without."""
        if uniform is None:
            if self._best is None:
                self._best = int(self.log_probs.argmax())
            return self._best
        if self._cumulative is None:
            self._cumulative = np.exp(self.log_probs).cumsum()
        # Rounding may leave the last sum just below one.
        return min(int(self._cumulative.searchsorted(uniform, "right")), len(self.allowed) - 1)


def options_of(logits: NDArray[np.float32], allowed: Sequence[NDArray[np.int64]]) -> list[Options]:
    """Distributions from logits.

    Args:
        logits: [sum of k] of the allowed tokens of each point, one point after the other.
        allowed: [k] tokens of each point.
    """
    sizes = [tokens.size for tokens in allowed]
    ends = np.cumsum(sizes, dtype=np.intp)
    starts = ends - sizes
    log_probs = logits.astype(np.float64)
    log_probs -= np.maximum.reduceat(log_probs, starts).repeat(sizes)
    log_probs -= np.log(np.add.reduceat(np.exp(log_probs), starts)).repeat(sizes)
    entropy = -np.add.reduceat(np.exp(log_probs) * log_probs, starts)
    columns = zip(allowed, starts.tolist(), ends.tolist(), entropy.tolist(), strict=True)
    return [Options(tokens, log_probs[start:end], h) for tokens, start, end, h in columns]


class Sentence:
    """What one request has led to so far.

    Attributes:
        tokens: said so far.
    """

    __slots__ = ("_guide", "_made", "tokens")

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._made: list[tuple[int, int, Options]] = []
        self.tokens = list(guide.forced)

    @property
    def allowed(self) -> NDArray[np.int64]:
        """Tokens that may come next; none when the sentence is complete."""
        return self._guide.allowed

    @property
    def choices(self) -> int:
        """Number of tokens that were chosen, not forced."""
        return len(self._made)

    def guide(self) -> Guide:
        """One that goes on from here, separately."""
        return copy.copy(self._guide)

    def choose(self, options: Options, uniform: float | None) -> tuple[int, ...]:
        """Say a token and what is forced after it, and return them."""
        index = options.pick(uniform)
        token = int(options.allowed[index])
        self._made.append((len(self.tokens), index, options))
        self._guide.advance(token)
        said = (token, *self._guide.forced)
        self.tokens += said
        return said

    def reply(self, text: str) -> Reply:
        """The decision, when the sentence is complete and its tokens spell `text`."""
        return Reply(
            sentence=text.strip(),
            tokens=tuple(self.tokens),
            log_prob=float(sum([options.log_probs[index] for _, index, options in self._made])),
            entropy=sum([options.entropy for _, _, options in self._made]),
            choices=tuple(
                [Choice(position, options.allowed, options.log_probs) for position, _, options in self._made]
            ),
        )


def uniforms(draw: Draw | None, requests: Sequence[int], sentences: Sequence[Sentence]) -> Sequence[float | None]:
    """For each of the requests, a number for its next choice, if chance is wanted."""
    if draw is None:
        return [None] * len(requests)
    number = np.array([sentences[i].choices for i in requests], dtype=np.int64)
    return draw(np.array(requests, dtype=np.int64), number).tolist()
