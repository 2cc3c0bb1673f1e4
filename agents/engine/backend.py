# SPDX-License-Identifier: MIT
"""The seam between language agents and whatever runs their model (docs/engine.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class BackendName(StrEnum):
    """The backends that there are; llmac.agents.engine.backends makes them."""

    ENGINE = "engine"
    """The project's own: engine.py."""
    GENERATE = "generate"
    """transformers' generate, the reference: generate.py."""


class Guide(Protocol):
    """A place in a sentence, and what may come next there. It does not change; equal guides go on alike."""

    forced: tuple[int, ...]
    """Tokens that come next in any case."""
    allowed: NDArray[np.int64]
    """Tokens of which one may be chosen after these, ascending; none when the sentence is complete with them."""

    def after(self, token: int) -> "Guide":
        """The place after what is forced, and then `token`, one of `allowed`."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One decision to be made.

    Attributes:
        state: what the agent is told, after its role's instruction.
        guide: the beginning of the sentence.
    """

    state: str
    guide: Guide


class OfAll(NamedTuple):
    """What is known of choices that a model was asked about together, one choice after the other."""

    tokens: NDArray[np.int64]
    log_probs: NDArray[np.float64]
    cumulative: NDArray[np.float64]
    """Probabilities of the tokens of a choice up to and with each."""


class Choice:
    """A place in a sentence where the guide left a choice, and what the model thought of it.

    Attributes:
        position: of the token that is chosen, in the tokens of the sentence.
        entropy: in nats.
        best: the most probable token.
        best_log_prob: natural logarithm of its probability.
    """

    __slots__ = ("_end", "_of_all", "_start", "best", "best_log_prob", "entropy", "position")

    def __init__(
        self, position: int, of_all: OfAll, start: int, end: int, entropy: float, best: int, best_log_prob: float
    ) -> None:
        self.position = position
        # Slices are made when they are asked for: that of most choices never are.
        self._of_all = of_all
        self._start = start
        self._end = end
        self.entropy = entropy
        self.best = best
        self.best_log_prob = best_log_prob

    @property
    def allowed(self) -> NDArray[np.int64]:
        """[k] tokens that can be chosen, ascending."""
        return self._of_all.tokens[self._start : self._end]

    @property
    def log_probs(self) -> NDArray[np.float64]:
        """[k] natural logarithms of their probabilities, which add up to one."""
        return self._of_all.log_probs[self._start : self._end]

    def pick(self, uniform: float) -> tuple[int, float]:
        """The token that a uniform number in [0, 1) chooses, and the natural logarithm of its probability."""
        until = self._of_all.cumulative[self._start : self._end]
        # Rounding may leave the last sum just below one.
        index = min(self._start + int(until.searchsorted(uniform, "right")), self._end - 1)
        return int(self._of_all.tokens[index]), float(self._of_all.log_probs[index])


@dataclass(frozen=True, slots=True)
class Reply:
    """One decision.

    Attributes:
        sentence: without the space before it.
        tokens: that spell it.
        log_prob: natural logarithm of the probability of the sentence among all that the guide permits.
        entropy: sum over the choices of the entropy of each, in nats; its mean over sentences is the entropy of the
            distribution of sentences.
        choices: where there was something to choose, in the order of the sentence.
    """

    sentence: str
    tokens: tuple[int, ...]
    log_prob: float
    entropy: float
    choices: tuple[Choice, ...] = field(compare=False)


Draw = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""([d] indices of requests, [d] number of the choice in the sentence of each) -> [d] uniform numbers in [0, 1)."""


class Backend(Protocol):
    """Runs the model of one role."""

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """Answer every request.

        Args:
            requests: of any number of agents and environments.
            draw: where chance comes from; None takes the most probable token each time.

        Raises:
            LlmacError: a prompt is too long for the model.
        """
        ...

    def check(self, states: Sequence[str]) -> None:
        """Make sure that prompts with these states fit the model's context.

        Raises:
            LlmacError: one does not.
        """
        ...

    def weights_changed(self) -> None:
        """Forget what was computed with earlier weights; to be called after every change of the model's."""
        ...
