# SPDX-License-Identifier: MIT
"""The rules of a Player: for another agent."""

from collections.abc import Callable, Sequence

import numpy as np

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderObservation
from llmac.bridge.envs.player import Player
from llmac.bridge.errors import ActionError
from llmac.bridge.scenario import Scenario
from llmac.bridge.testing.fault import ConformanceError, require

Choices = list[list[bytes]]
"""Of each environment: what was chosen for it, phase by phase."""


def check_player(make: Callable[[], Player], scenarios: Sequence[Scenario], *, privileged: bool = False) -> None:
    """Check that a player makes well-formed actions that repeat, and that an environment does not feel the others.

    Args:
        make: makes a new one.
        scenarios: that it is checked in, two at least, of the same length.
        privileged: whether it is a genie, which sees `Privileged` columns.

    Raises:
        ConformanceError: a rule is broken.
    """
    seeds = list(range(1, len(scenarios) + 1))
    with ColumnEnv(scenarios, privileged=privileged) as env:
        player = make()
        first = _play(env, player, seeds)
        require(_play(env, player, [seed + 100 for seed in seeds]) != first, "it does the same whatever the seed is")
        require(_play(env, player, seeds) == first, "it does not forget an episode at `reset`")
        require(_play(env, make(), seeds) == first, "two of its kind do not do the same at the same seed")
    for scenario, seed, expected in zip(scenarios, seeds, first, strict=True):
        with ColumnEnv([scenario], privileged=privileged) as env:
            alone = _play(env, make(), [seed])
        require(alone == [expected], f"in {scenario.name} alone it does not do what it does beside other environments")


def _play(env: ColumnEnv, player: Player, seeds: Sequence[int]) -> Choices:
    seed_column = np.array(seeds, dtype=np.uint64)
    choices: Choices = [[] for _ in seeds]
    player.reset(env.scenarios, seed_column)
    leader = env.reset(seed_column)
    while not leader.done:
        action = _follow(player, _lead(env, player, leader, choices), choices)
        try:
            leader = env.follow(action)
        except ActionError as error:
            raise ConformanceError(f"in TTI {leader.tti} its followers' action is malformed: {error}") from error
    return choices


def _lead(env: ColumnEnv, player: Player, leader: LeaderObservation, choices: Choices) -> FollowerObservation:
    action = player.lead(leader)
    try:
        follower = env.lead(action)
    except ActionError as error:
        raise ConformanceError(f"in TTI {leader.tti} its leader's action is malformed: {error}") from error
    ends = np.cumsum(action.dcm_count)
    for environment, (end, count) in enumerate(zip(ends.tolist(), action.dcm_count.tolist(), strict=True)):
        ues, codes = action.dcm_ue[end - count : end], action.dcm_code[end - count : end]
        choices[environment].append(np.stack([ues, codes]).astype(np.int64).tobytes())
    return follower


def _follow(player: Player, follower: FollowerObservation, choices: Choices) -> FollowerAction:
    action = player.follow(follower)
    begin = 0
    for environment, count in enumerate(follower.ue_count.tolist()):
        choices[environment].append(action.action[begin : begin + count].astype(np.int64).tobytes())
        begin += count
    return action
