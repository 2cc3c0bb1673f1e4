# SPDX-License-Identifier: MIT
"""The digest of all that is observed in an episode depends on scenarios, seeds and actions, and on nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import meddler
import numpy as np
import pytest
from meddler import FROM_CELL, TO_CELL, MeddlingLauncher

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.concatenate import concatenate
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.scenario import Scenario, load
from llmac.bridge.session import Deadlines
from llmac.bridge.testing import RandomPlayer, digest
from llmac.bridge.testing.digest import Observation

CHURN = [{"tti": 1, "join": 2}, {"tti": 4, "leave": [0, 5], "join": 1}]
SCENARIOS = [
    load("paper", {"ttis": 8}),
    load("paper", {"ttis": 8, "churn": CHURN, "traffic.load": 0.8}),
    load("near-far", {"ttis": 8, "churn": CHURN}),
    load("near-far", {"ttis": 8, "control": {"loss_probability": 0.3, "delay_ttis": 1}}),
]
SEEDS = [11, 12, 13, 14]


class Recorder:
    """Keeps what a player does."""

    def __init__(self, player: Agent) -> None:
        self._player = player
        self.reset = player.reset
        self.actions: list[Any] = []

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        self.actions.append(self._player.lead(observation))
        return self.actions[-1]

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        self.actions.append(self._player.follow(observation))
        return self.actions[-1]


class Recording:
    """Does it again, whatever it observes."""

    def __init__(self, actions: list[Any]) -> None:
        self._actions = list(actions)

    def reset(self, scenarios: object, seeds: object) -> None:
        """Nothing to forget."""

    def lead(self, observation: LeaderObservation) -> LeaderAction:  # noqa: ARG002
        return self._actions.pop(0)

    def follow(self, observation: FollowerObservation) -> FollowerAction:  # noqa: ARG002
        return self._actions.pop(0)


class Delayed(RandomPlayer):
    """Takes its time."""

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        Event().wait(0.02)
        return super().follow(observation)


def episode(env: ColumnEnv, player: Agent, seeds: list[int]) -> Iterator[Observation]:
    leader = env.reset(seeds)
    player.reset(env.scenarios, np.array(seeds, dtype=np.uint64))
    yield leader
    while not leader.done:
        follower = env.lead(player.lead(leader))
        yield follower
        leader = env.follow(player.follow(follower))
        yield leader


def of_one(player: Agent, scenarios: list[Scenario], seeds: list[int], **options: Any) -> list[Observation]:
    with ColumnEnv(scenarios, privileged=True, bound=True, **options) as env:
        return list(episode(env, player, seeds))


PLAYERS: dict[str, Callable[[], Agent]] = {
    "random": RandomPlayer,
    "grant": lambda: registry.make("grant"),
    "genie": lambda: registry.make("genie"),
}


@pytest.mark.parametrize("name", PLAYERS)
def test_an_episode_is_the_same_in_every_layout(name: str) -> None:
    together = digest(of_one(PLAYERS[name](), SCENARIOS, SEEDS))
    for processes in (2, 3, 4):
        assert digest(of_one(PLAYERS[name](), SCENARIOS, SEEDS, processes=processes)) == together
    alone = [of_one(PLAYERS[name](), [scenario], [seed]) for scenario, seed in zip(SCENARIOS, SEEDS, strict=True)]
    assert digest(concatenate(list(parts)) for parts in zip(*alone, strict=True)) == together  # type: ignore[type-var]


def test_recorded_actions_and_a_delayed_agent_bring_the_same_episode() -> None:
    recorder = Recorder(RandomPlayer())
    first = digest(of_one(recorder, SCENARIOS, SEEDS))
    assert digest(of_one(Recording(recorder.actions), SCENARIOS, SEEDS, processes=2)) == first
    assert digest(of_one(Delayed(), SCENARIOS, SEEDS)) == first
    assert digest(of_one(RandomPlayer(salt=1), SCENARIOS, SEEDS)) != first
    assert digest(of_one(RandomPlayer(), SCENARIOS, [*SEEDS[:3], 99])) != first


@pytest.mark.parametrize("direction", [TO_CELL, FROM_CELL])
@pytest.mark.parametrize("phase", ["reset", "leader", "follower"])
def test_a_retried_request_brings_the_same_episode(phase: str, direction: str, cell: Path) -> None:
    launcher = MeddlingLauncher(LocalLauncher([str(cell)]), phase, direction, meddler.dropped)
    deadlines = Deadlines(reset_s=4.0, phase_s=4.0)  # repeated after half of them
    retried = of_one(RandomPlayer(), SCENARIOS, SEEDS, launcher=launcher, deadlines=deadlines)
    assert digest(retried) == digest(of_one(RandomPlayer(), SCENARIOS, SEEDS))
