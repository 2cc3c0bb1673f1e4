# SPDX-License-Identifier: MIT
"""Plays one agent through one episode per seed, all at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from llmac.agents.agent import Agent, Speaker, Spoken
from llmac.agents.evaluation.metrics import Tally
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import (
    Flows,
    FollowerAction,
    FollowerObservation,
    LeaderAction,
    LeaderObservation,
)
from llmac.bridge.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Tti:
    """One TTI of all environments: what was sent, observed, done, said, and what came of it."""

    rbgs: int
    """Of the first environment."""
    leader_action: LeaderAction
    followers: FollowerObservation
    follower_action: FollowerAction
    following: LeaderObservation
    spoken: Spoken | None
    """None unless the agent is a Speaker."""


class Recorder(Protocol):
    """Somebody who is told of every TTI."""

    def add(self, tti: Tti) -> None:
        """Take note of a TTI."""
        ...


def play(
    env: ColumnEnv,
    agent: Agent,
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    recorders: Sequence[Recorder] = (),
    on_tti: Callable[[], None] = lambda: None,
    *,
    on_flows: Callable[[Flows], None] = lambda _: None,
    captures: Path | None = None,
) -> list[dict[str, float]]:
    """Metrics of each seed's episode.

    Args:
        env: of the given scenarios, with privileged=True and bound=True.
        agent: the one that plays.
        scenarios: [E].
        seeds: [E] one for each environment.
        recorders: get every TTI.
        on_tti: called after each TTI.
        on_flows: gets the IP flows of all episodes at their end.
        captures: folder for pcap files, as in `ColumnEnv.reset`.
    """
    seed_column = np.array(seeds, dtype=np.uint64)
    agent.reset(scenarios, seed_column)
    speaker = agent if isinstance(agent, Speaker) else None
    tally = Tally(tuple(scenarios))
    observation = env.reset(seed_column, captures=captures)
    tally.add(observation)
    while not observation.done:
        leader_action = agent.lead(observation)
        followers = env.lead(leader_action)
        follower_action = agent.follow(followers)
        observation = env.follow(follower_action)
        spoken = None if speaker is None else speaker.spoken()
        tti = Tti(scenarios[0].rbgs, leader_action, followers, follower_action, observation, spoken)
        for recorder in recorders:
            recorder.add(tti)
        tally.add(observation)
        if spoken is not None:
            tally.reject(spoken.leader_unparsed, spoken.follower_unparsed)
        on_tti()
    if observation.end is not None:
        on_flows(observation.end.flows)
    return tally.metrics()
