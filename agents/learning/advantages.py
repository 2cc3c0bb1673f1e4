# SPDX-License-Identifier: MIT
"""Generalised advantage estimation (Schulman et al., ICLR 2016) over the phases of a batch of episodes.

A TTI is two steps: the leader speaks and is paid nothing yet, then the followers act and the TTI pays. So the leader's
advantage is against the value before it spoke, a follower's against the value when the leader had spoken. An episode
ends with its last TTI; the critic knows how much of it is left.
"""

import numpy as np
from numpy.typing import NDArray


def leader_advantages(
    before: NDArray[np.float64], after: NDArray[np.float64], reward: NDArray[np.float64], gamma: float, lambda_: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Advantages of what the leaders said, and of the phases that followed.

    Args:
        before: [T, E] values as each TTI begins.
        after: [T, E] values when the leader has spoken.
        reward: [T, E] what each TTI paid the leader.
        gamma: discount per TTI.
        lambda_: per phase.

    Returns:
        [T, E] advantages of the leader phases, and [T, E] of the follower phases; added to the values they are the
        critic's targets.
    """
    leader, follower = np.zeros_like(before), np.zeros_like(before)
    later = np.zeros(before.shape[1])  # lambda-weighted advantage of the next TTI's leader phase
    following = np.zeros(before.shape[1])  # value as the next TTI begins
    for t in reversed(range(len(before))):
        follower[t] = reward[t] + gamma * following - after[t] + gamma * lambda_ * later
        leader[t] = after[t] - before[t] + lambda_ * follower[t]
        later, following = leader[t], before[t]
    return leader, follower


def own_advantages(
    value: NDArray[np.float64], reward: NDArray[np.float64], gamma: float, lambda_: float
) -> NDArray[np.float64]:
    """Advantages of agents that are each judged by values of their own.

    Args:
        value: [T, slots] of each agent before it acts; NaN while it is not connected.
        reward: [T, slots] what each TTI paid it; any value while it is not connected.
        gamma: discount per TTI.
        lambda_: per TTI.

    Returns:
        [T, slots]; NaN while an agent is not connected.
    """
    advantage = np.full_like(value, np.nan)
    later = np.zeros(value.shape[1])
    following = np.zeros(value.shape[1])
    for t in reversed(range(len(value))):
        here = ~np.isnan(value[t])
        advantage[t] = reward[t] + gamma * following - value[t] + gamma * lambda_ * later
        # Who leaves earns nothing after that.
        later = np.where(here, advantage[t], 0.0)
        following = np.where(here, value[t], 0.0)
    return advantage
