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
    """Says what may come next in one sentence; a copy.copy of it goes on separately."""

    forced: tuple[int, ...]
    """Tokens that come next in any case."""
    allowed: NDArray[np.int64]
    """Tokens of which one may be chosen after these, ascending; none when the sentence is complete with them."""

    def advance(self, token: int) -> None:
        """Say what is forced, and then `token`, one of `allowed`."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One decision to be made.

    Attributes:
        state: what the agent is told, after its role's instruction.
        guide: used up by the decision.
    """

    state: str
    guide: Guide


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A place in a sentence where the guide left a choice, and what the model thought of it.

    Attributes:
        position: of the token that was chosen, in the tokens of the sentence.
        allowed: [k] tokens that could be chosen, ascending.
        log_probs: [k] natural logarithms of their probabilities, which add up to one.
    """

    position: int
    allowed: NDArray[np.int64]
    log_probs: NDArray[np.float64]


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
