# SPDX-License-Identifier: MIT
"""How long an agent thinks: the time of its decisions in one cell, which the cell would have to wait for.

It is the time of this process on a processor: what else a machine is busy with is no property of the model.
"""

from time import process_time

import numpy as np
from numpy.typing import NDArray

from llmac.agents.evaluation.sweep.pool import Where, make
from llmac.agents.evaluation.sweep.runs import FIRST_SEED, Player
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario

_WARM_UP_TTIS = 10


def seconds(player: Player, scenario: Scenario, where: Where) -> NDArray[np.float64]:
    """[T] seconds of both roles in each TTI of an episode, one thread, the first TTIs left out.

    The UEs are many machines in truth and one here, which answers for all of them.
    """
    agent, spent = make(player), list[float]()
    seeds = np.array([FIRST_SEED], dtype=np.uint64)
    agent.reset([scenario], seeds)
    with ColumnEnv([scenario], privileged=True, bound=True, **where()) as env:
        observation = env.reset(seeds)
        while not observation.done:
            started = process_time()
            leader_action = agent.lead(observation)
            led = process_time()
            followers = env.lead(leader_action)
            asked = process_time()
            follower_action = agent.follow(followers)
            spent.append(led - started + process_time() - asked)
            observation = env.follow(follower_action)
    return np.array(spent[_WARM_UP_TTIS:])
