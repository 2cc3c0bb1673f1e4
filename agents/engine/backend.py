# SPDX-License-Identifier: MIT
"""The seam between language agents and whatever runs their model (docs/engine.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

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


class Choice:
    """A place in a sentence where the guide left a choice, and what the model thought of it.

    Attributes:
        position: of the token that is chosen, in the tokens of the sentence.
        allowed: [k] tokens that can be chosen, ascending.
        log_probs: [k] natural logarithms of their probabilities, which add up to one.
        entropy: in nats.
        best: index of the most probable one.
    """

    __slots__ = ("_cumulative", "allowed", "best", "entropy", "log_probs", "position")

    def __init__(
        self,
        position: int,
        allowed: NDArray[np.int64],
        log_probs: NDArray[np.float64],
        cumulative: NDArray[np.float64],
        entropy: float,
        best: int,
    ) -> None:
        self.position = position
        self.allowed = allowed
        self.log_probs = log_probs
        self._cumulative = cumulative
        self.entropy = entropy
        self.best = best

    def pick(self, uniform: float) -> int:
        """Index of the token that a uniform number in [0, 1) chooses."""
        # Rounding may leave the last sum just below one.
        return min(int(self._cumulative.searchsorted(uniform, "right")), len(self.allowed) - 1)


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
