# SPDX-License-Identifier: MIT
"""What every agent is: it plays both roles in E environments at once, over columns.

The two roles share no information but what crosses the cell: `lead` uses leader observations only, `follow` follower
observations only. The genie alone is exempt, and says so.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario


class Agent(Protocol):
    """Plays BS and UEs; made once and reset for every batch of episodes."""

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """Begin an episode in each of E environments: their scenarios and their seeds, [E]."""
        ...

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Choose the DCMs of all environments."""
        ...

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Choose the actions of all connected UEs of all environments."""
        ...
