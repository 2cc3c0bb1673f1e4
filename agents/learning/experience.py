# SPDX-License-Identifier: MIT
"""Plays a batch of episodes with the policy as it is, and keeps what an update needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from llmac.agents.agent import Agent
from llmac.agents.baselines.columns import Cells, per_ue
from llmac.agents.engine.backend import Reply, Request
from llmac.agents.evaluation.metrics import Tally
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.prompts import Role
from llmac.agents.learning.critic import Scenes, look
from llmac.agents.learning.ppo import Decisions
from llmac.agents.learning.recording import Choice, Example
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario

D_co = TypeVar("D_co", covariant=True)
"""Decisions of one role in a batch of episodes."""


@dataclass(frozen=True, slots=True)
class Experience(Generic[D_co]):
    """A batch of E episodes of T TTIs.

    Attributes:
        decisions: of each role; a leader's in the order [T, E], the followers' by TTI and then as in the columns.
        scenes: [2 T E] by TTI, the leader phase of all environments before the follower phase.
        leader_reward: [T, E]
        follower_reward: [T, slots] 0 while a UE is not connected.
        slot: [T] place of each UE that acted, [n], in per-UE memory.
        metrics: of each episode, see llmac.agents.evaluation.metrics.
        simulate_s: seconds that the cells took.
        infer_s: seconds that the agent took.
    """

    decisions: dict[Role, D_co]
    scenes: Scenes
    leader_reward: NDArray[np.float64]
    follower_reward: NDArray[np.float64]
    slot: list[NDArray[np.int64]]
    metrics: list[dict[str, float]]
    simulate_s: float
    infer_s: float

    def by_slot(self, of_decision: NDArray[np.float64]) -> NDArray[np.float64]:
        """[T, slots] from [follower decisions]; NaN while a UE is not connected."""
        placed = np.full(self.follower_reward.shape, np.nan)
        placed[self._tti(), np.concatenate(self.slot)] = of_decision
        return placed

    def in_order(self, by_slot: NDArray[np.float64]) -> NDArray[np.float64]:
        """[follower decisions] from [T, slots]."""
        return by_slot[self._tti(), np.concatenate(self.slot)]

    def _tti(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.slot)), [len(slot) for slot in self.slot])


class Notes(Protocol[D_co]):
    """Keeps what an agent decides while it plays."""

    def note(self, role: Role) -> None:
        """The agent has just decided for all of this role."""
        ...

    def decisions(self, role: Role) -> D_co:
        """All that was noted; a leader's in the order [T, E], the followers' by TTI and then as in the columns."""
        ...


def collect(
    env: ColumnEnv,
    agent: Agent,
    notes: Notes[D_co],
    scenarios: Sequence[Scenario],
    seeds: NDArray[np.uint64],
    ttis: int,
) -> Experience[D_co]:
    """Play.

    Args:
        env: made with privileged=True and bound=True.
        agent: draws its actions.
        notes: of this agent.
        scenarios: [E] of the episodes.
        seeds: [E]
        ttis: T.
    """
    cells = Cells(scenarios, seeds)
    scenes: list[Scenes] = []
    slots: list[NDArray[np.int64]] = []
    leader_reward = np.zeros((ttis, len(scenarios)))
    follower_reward = np.zeros((ttis, cells.slots))
    # Utilities are in units of rho, or of a collision, for each RBG and TTI: cells of all sizes weigh the same.
    scale = np.array([max(s.utility.rho, 1.0) * s.rbgs for s in scenarios])
    tally = Tally(tuple(scenarios))

    simulate, infer = Stopwatch(), Stopwatch()
    agent.reset(scenarios, seeds)
    with simulate:
        observation = env.reset(seeds, scenarios)
    tally.add(observation)
    while not observation.done:
        tti = observation.tti
        acted = slots[-1] if slots else None
        scenes.append(look(cells, observation, ttis, None, acted))
        with infer:
            action = agent.lead(observation)
            notes.note(Role.BS)
        scenes.append(look(cells, observation, ttis, per_ue(observation, action), acted))
        with simulate:
            followers = env.lead(action)
        slot, owner = cells.slot(followers), cells.environment(followers)
        with infer:
            response = agent.follow(followers)
            notes.note(Role.UE)
        with simulate:
            observation = env.follow(response)
        tally.add(observation)
        leader_reward[tti] = observation.leader_utility / scale
        follower_reward[tti, slot] = observation.follower_utility / scale[owner]
        slots.append(slot)
    return Experience(
        decisions={role: notes.decisions(role) for role in Role},
        scenes=Scenes.join(scenes),
        leader_reward=leader_reward,
        follower_reward=follower_reward,
        slot=slots,
        metrics=tally.metrics(),
        simulate_s=simulate.total_s,
        infer_s=infer.total_s,
    )


class Stopwatch:
    """Adds up the seconds inside its `with` statements."""

    total_s = 0.0

    def __enter__(self) -> None:
        self._begun = monotonic()

    def __exit__(self, *_: object) -> None:
        self.total_s += monotonic() - self._begun


class Sentences:
    """Keeps what a language agent says; see Notes."""

    def __init__(self, agent: LanguageAgent) -> None:
        self._agent = agent
        self._said = {role: _Said(partial(agent.prompts, role)) for role in Role}

    def note(self, role: Role) -> None:
        """Keep what all of this role were asked and said."""
        agent = self._agent
        asked = agent.leader_requests if role is Role.BS else agent.follower_requests
        said = agent.leader_replies if role is Role.BS else agent.follower_replies
        self._said[role].note(asked, said)

    def decisions(self, role: Role) -> Decisions:
        """Different sentences, and which was said when."""
        return self._said[role].decisions()


class _Said:
    """Decisions of one role; the same prompt, sentence and choices are kept once."""

    def __init__(self, encode: Callable[[Sequence[str]], list[list[int]]]) -> None:
        self._encode = encode
        self._row: dict[tuple[object, ...], int] = {}
        self._examples: list[Example] = []
        self._index: list[int] = []

    def note(self, requests: Sequence[Request], replies: Sequence[Reply]) -> None:
        new: list[tuple[Request, Reply]] = []
        for request, reply in zip(requests, replies, strict=True):
            key = (request.state, reply.tokens, *(choice.allowed.tobytes() for choice in reply.choices))
            row = self._row.setdefault(key, len(self._row))
            if row == len(self._examples) + len(new):
                new.append((request, reply))
            self._index.append(row)
        prompts = self._encode([request.state for request, _ in new])
        for (_, reply), prompt in zip(new, prompts, strict=True):
            choices = tuple(Choice(len(prompt) + choice.position, choice.allowed) for choice in reply.choices)
            self._examples.append(Example((*prompt, *reply.tokens), choices))

    def decisions(self) -> Decisions:
        return Decisions(self._examples, np.array(self._index, dtype=np.int64))
