# SPDX-License-Identifier: MIT
"""What every agent is: it plays both roles in E environments at once, over columns.

The two roles share no information but what crosses the cell: `lead` uses leader observations only, `follow` follower
observations only. The genie alone is exempt, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Reply
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


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a speaking agent was told and said in one TTI; n UEs are connected."""

    leader_states: Sequence[str]
    """[E] prompts of the BSs, without their instruction."""
    leader: Sequence[Reply]
    """[E] what they said, UEs by their labels."""
    follower_states: Sequence[str]
    """[n] prompts of the UEs."""
    follower: Sequence[Reply]
    """[n] what they said."""
    labels: NDArray[np.int64]
    """[n] numbers by which the BSs know the UEs."""
    leader_unparsed: NDArray[np.int64]
    """[E] sentences of BSs that were outside the grammar, and so meant nothing."""
    follower_unparsed: NDArray[np.int64]
    """[E] sentences of UEs that were."""


@runtime_checkable
class Speaker(Agent, Protocol):
    """An agent that says sentences."""

    def spoken(self) -> Spoken:
        """What was said in the last TTI."""
        ...

    @property
    def texts(self) -> Sequence[str]:
        """Text of each token of its model."""
        ...

    @property
    def instructions(self) -> Mapping[str, str]:
        """What every prompt begins with, by role: "bs" and "ue"."""
        ...
