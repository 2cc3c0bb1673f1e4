# SPDX-License-Identifier: MIT
"""The seam between language agents and whatever runs their model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Guide(Protocol):
    """Says what may come next in one sentence."""

    allowed: NDArray[np.int64]
    """Tokens that may come next, ascending; none when the sentence is complete."""

    def advance(self, token: int) -> None:
        """Say `token`, one of `allowed`."""
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


@dataclass(frozen=True, slots=True)
class Reply:
    """One decision.

    Attributes:
        sentence: without the space before it.
        tokens: that spell it.
        log_prob: natural logarithm of the probability of the sentence among all that the guide permits.
    """

    sentence: str
    tokens: tuple[int, ...]
    log_prob: float


Draw = Callable[[NDArray[np.int64], int], NDArray[np.float64]]
"""(indices of requests, number of the token in the sentence) -> uniform numbers in [0, 1), one for each request."""


class Backend(Protocol):
    """Runs the model of one role."""

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """Answer every request.

        Args:
            requests: of any number of agents and environments.
            draw: where chance comes from; None takes the most probable token each time.
        """
        ...
