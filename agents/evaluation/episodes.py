# SPDX-License-Identifier: MIT
"""Plays one agent through one episode per seed, all at once."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from llmac.agents.agent import Agent
from llmac.agents.evaluation.metrics import Tally
from llmac.agents.evaluation.trace import AgentTrace
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import Flows
from llmac.bridge.scenario import Scenario


def play(
    env: ColumnEnv,
    agent: Agent,
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    trace: AgentTrace | None = None,
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
        trace: gets every TTI, if given.
        on_tti: called after each TTI.
        on_flows: gets the IP flows of all episodes at their end.
        captures: folder for pcap files, as in `ColumnEnv.reset`.
    """
    seed_column = np.array(seeds, dtype=np.uint64)
    agent.reset(scenarios, seed_column)
    tally = Tally(tuple(scenarios))
    observation = env.reset(seed_column, captures=captures)
    tally.add(observation)
    while not observation.done:
        leader_action = agent.lead(observation)
        followers = env.lead(leader_action)
        follower_action = agent.follow(followers)
        following = env.follow(follower_action)
        if trace is not None:
            trace.add(leader_action, followers, follower_action, following)
        tally.add(following)
        observation = following
        on_tti()
    if observation.end is not None:
        on_flows(observation.end.flows)
    return tally.metrics()
