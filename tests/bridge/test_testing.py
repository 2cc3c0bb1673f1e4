# SPDX-License-Identifier: MIT
"""The conformance suite: our own cell, environment and agents pass, and each rule is seen when it is broken."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.envs.parallel import parallel_env
from llmac.bridge.errors import ActionError, OutOfTurnError
from llmac.bridge.scenario import load
from llmac.bridge.testing import ConformanceError, RandomPlayer, check_columns, check_parallel, check_player
from llmac.v1 import wire_pb2

pytestmark = pytest.mark.usefixtures("cell")

CHURN = [{"tti": 1, "join": 1}, {"tti": 3, "leave": [1]}]
SCENARIOS = [
    load("paper", {"ttis": 6}),
    load("near-far", {"ttis": 6, "churn": CHURN, "vocabulary": {"kind": "opaque", "symbols": 3}}),
]


def make() -> ColumnEnv:
    return ColumnEnv(SCENARIOS, processes=2, bound=True)


def test_our_cell_passes() -> None:
    check_columns(make)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_our_parallel_env_passes(scenario: Any) -> None:
    check_parallel(lambda: parallel_env(scenario))


def test_our_random_player_passes() -> None:
    check_player(RandomPlayer, SCENARIOS)


class Broken:
    """ColumnEnv with one rule broken."""

    def __init__(self, fault: str) -> None:
        self._env = make()
        self._fault = fault
        self._resets = 0
        self._last: Any = None
        self.scenarios = self._env.scenarios

    def reset(self, seeds: ArrayLike) -> LeaderObservation:
        self._resets += 1
        match self._fault:
            case "forgets the seed":
                seeds = np.asarray(seeds) + 1000 * self._resets
            case "has one seed":
                seeds = [1] * len(self.scenarios)
            case "takes any seeds":
                seeds = np.asarray(seeds)[: len(self.scenarios)]
            case "remembers":
                seeds = np.asarray(seeds) + (self._last is not None and not self._last.done)
            case _:
                pass
        if self._fault == "opens again":
            self._env = make() if self._env._session.closed else self._env  # pyright: ignore[reportPrivateUsage]
        return self._seen(self._env.reset(seeds))

    def lead(self, action: LeaderAction) -> FollowerObservation:
        if self._fault == "takes a short count" and action.dcm_count.size < len(self.scenarios):
            action = replace(action, dcm_count=np.zeros(0, np.uint32))
            return self._follower()
        if self._fault == "does not know turns":
            try:
                return self._told(self._env.lead(action))
            except OutOfTurnError:
                return self._follower()
        return self._told(self._env.lead(action))

    def follow(self, action: FollowerAction) -> LeaderObservation:
        if self._fault == "complains in other words" and action.action.max(initial=0) > 1000:
            raise ValueError
        if self._fault == "breaks at a wrong action":
            try:
                return self._seen(self._env.follow(action))
            except ActionError:
                self._env.follow(FollowerAction(np.zeros(self._last.ue_id.size, np.uint16)))
                raise
        return self._seen(self._env.follow(action))

    def close(self) -> None:
        self._env.close()

    def _seen(self, leader: LeaderObservation) -> LeaderObservation:  # noqa: PLR0911 (one for each fault)
        self._last = leader
        counters = leader.counters.copy()
        match self._fault:
            case "loses a dPDU":
                counters[0, wire_pb2.COUNTER_ARRIVED] += leader.tti == 3
            case "hurries the arrivals":
                counters[:, wire_pb2.COUNTER_ARRIVED] += np.count_nonzero(leader.rbg_outcome >= 0)
                counters[:, wire_pb2.COUNTER_DELIVERED] += np.count_nonzero(leader.rbg_outcome >= 0)
            case "skips a TTI":
                return leader._replace(tti=leader.tti + (leader.tti > 2))
            case "mixes up the UEs" if leader.done:
                return leader._replace(ue_id=readonly(leader.ue_id[::-1]))
            case "speaks of no code":
                return leader._replace(ucm=readonly(np.full_like(leader.ucm, 999)))
            case "can be written to":
                return leader._replace(ucm=leader.ucm.copy())
            case "has no end":
                return leader._replace(end=None)
            case "hides a utility":
                return leader._replace(leader_utility=readonly(np.full_like(leader.leader_utility, np.nan)))
            case _:
                pass
        return leader._replace(counters=readonly(counters))

    def _told(self, follower: FollowerObservation) -> FollowerObservation:
        match self._fault:
            case "overfills a buffer":
                return follower._replace(buffer=readonly(np.full_like(follower.buffer, 999)))
            case "answers for others":
                return follower._replace(ue_id=readonly(follower.ue_id + np.uint32(1)))
            case _:
                return follower

    def _follower(self) -> FollowerObservation:
        nothing = np.zeros(self._last.ue_id.size, np.uint16)
        return FollowerObservation(
            self._last.tti,
            self._last.ue_count,
            self._last.ue_id,
            buffer=nothing,
            last_action=nothing,
            last_ucm=nothing,
            dcm=nothing,
            ucm_opportunity=nothing.astype(np.uint8),
        )


def readonly(values: np.ndarray[Any, Any]) -> Any:
    values.setflags(write=False)
    return values


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("forgets the seed", "a seed gives another episode the second time"),
        ("has one seed", "another seed gives the same episode"),
        ("remembers", "depends on one that was abandoned"),
        ("loses a dPDU", "before TTI 3, arrived dPDUs are not"),
        ("hurries the arrivals", "arrivals, joins or leaves depend on what the players do"),
        ("skips a TTI", "TTI 3 is observed as TTI 4"),
        ("mixes up the UEs", "the UEs of an environment do not ascend"),
        ("speaks of no code", "ucm has a value out of its range"),
        ("can be written to", "ucm can be written to"),
        ("has no end", "`end` and `done` do not go together"),
        ("hides a utility", "a leader_utility is not finite"),
        ("overfills a buffer", "buffer has a value out of its range"),
        ("answers for others", "the followers are not those of the leader's observation"),
        ("does not know turns", "a second `lead` in one TTI is not refused"),
        ("takes any seeds", "a reset with a seed too many is not refused"),
        ("takes a short count", "a dcm_count that is too short is not refused"),
        ("complains in other words", "an unknown UE action code raises ValueError instead of ActionError"),
        ("breaks at a wrong action", "a malformed action has changed the episode|raises|not refused"),
        ("opens again", "`reset` after `close` is not refused"),
    ],
)
def test_each_broken_rule_of_a_cell_is_seen(fault: str, words: str) -> None:
    with pytest.raises(ConformanceError, match=words):
        check_columns(lambda: Broken(fault))


class BadPlayer(RandomPlayer):
    """RandomPlayer with one rule broken."""

    made = 0

    def __init__(self, fault: str) -> None:
        super().__init__()
        BadPlayer.made += 1
        self._fault = fault
        self._first: Any = None

    def reset(self, scenarios: Any, seeds: Any) -> None:
        self._first = seeds if self._first is None else self._first
        match self._fault:
            case "has one seed":
                seeds = np.ones_like(seeds)
            case "keeps its seeds":
                seeds = seeds + (0 if seeds is self._first else BadPlayer.made + int(self._first[0]))
            case "is unlike others":
                seeds = seeds + BadPlayer.made
            case "looks around":
                seeds = seeds + np.uint64(len(scenarios))
            case _:
                pass
        super().reset(scenarios, seeds)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        action = super().lead(observation)
        return replace(action, dcm_ue=action.dcm_ue[::-1]) if self._fault == "mixes up the UEs" else action

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        action = super().follow(observation)
        return FollowerAction(action.action[1:]) if self._fault == "forgets a UE" else action


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("has one seed", "the same whatever the seed is"),
        ("keeps its seeds", "does not forget an episode at `reset`"),
        ("is unlike others", "two of its kind"),
        ("looks around", "in paper alone it does not do"),
        ("mixes up the UEs", r"in TTI \d its leader's action is malformed: dcm_ue has to ascend"),
        ("forgets a UE", "in TTI 0 its followers' action is malformed: action has shape"),
    ],
)
def test_each_broken_rule_of_a_player_is_seen(fault: str, words: str) -> None:
    with pytest.raises(ConformanceError, match=words):
        check_player(lambda: BadPlayer(fault), SCENARIOS)


def broken_parallel(fault: str) -> Any:
    env = parallel_env(SCENARIOS[0])
    reset, step, close = env.reset, env.step, env.close
    count = [0]

    def change_reset(seed: int | None = None, options: Any = None) -> Any:
        count[0] += 1
        match fault:
            case "forgets the seed":
                return reset((seed or 0) + count[0], options)
            case "repeats itself":
                return reset(7, options)
            case "shuffles the agents":
                result = reset(seed, options)
                env.agents = env.agents[::-1]
                return result
            case "leaves its spaces":
                observations, infos = reset(seed, options)
                observations["bs"]["observation"]["tti"] = 10**6
                return observations, infos
            case _:
                return reset(seed, options)

    def change_step(actions: Any) -> Any:
        match fault:
            case "steps without a reset" if not env.agents:
                return {}, {}, {}, {}, {}
            case "invents actions":
                return step({"bs": np.zeros(4, np.int64)} | dict.fromkeys(env.agents[1:], 0) | actions)
            case _:
                return step(actions)

    env.reset, env.step, env.close = change_reset, change_step, close  # type: ignore[method-assign]
    return env


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("forgets the seed", "a seed gives another episode the second time"),
        ("repeats itself", "an episode without a seed is the one before it again"),
        ("shuffles the agents", "in their order"),
        ("leaves its spaces", "an observation of bs is not in its space"),
        ("steps without a reset", "a step before `reset` is not refused"),
        ("invents actions", "a step without an action of bs is not refused"),
    ],
)
def test_each_broken_rule_of_a_parallel_env_is_seen(fault: str, words: str) -> None:
    with pytest.raises(ConformanceError, match=words):
        check_parallel(lambda: broken_parallel(fault))
