# SPDX-License-Identifier: MIT
"""Who plays: what an environment needs of an agent, whoever wrote it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario


class Player(Protocol):
    """Plays BS and UEs in E environments at once, over columns; made once and reset for every batch of episodes.

    `lead` uses leader observations only, `follow` follower observations only: what one role knows, the other does not.
    """

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """Begin an episode in each of E environments: their scenarios and their seeds, [E]."""
        ...

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Choose the DCMs of all environments."""
        ...

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Choose the actions of all connected UEs of all environments."""
        ...
