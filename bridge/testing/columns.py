# SPDX-License-Identifier: MIT
"""The rules of the column interface: for another cell behind ColumnEnv, or another environment with its methods."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llmac.bridge.envs.observations import (
    RBG_IDLE,
    RBG_UNDECODABLE,
    FollowerAction,
    FollowerObservation,
    LeaderAction,
    LeaderObservation,
)
from llmac.bridge.envs.player import Player
from llmac.bridge.errors import ActionError, OutOfTurnError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.bridge.testing.digest import Observation, digest
from llmac.bridge.testing.fault import refused, require
from llmac.bridge.testing.random import RandomPlayer
from llmac.v1 import wire_pb2

_FATES = [
    wire_pb2.COUNTER_DELIVERED,
    wire_pb2.COUNTER_LOST,
    wire_pb2.COUNTER_DROPPED,
    wire_pb2.COUNTER_DISCARDED,
]


class Columns(Protocol):
    """What is checked; `ColumnEnv` is one."""

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """[E]."""
        ...

    def reset(self, seeds: ArrayLike) -> LeaderObservation:
        """Begin an episode in each environment."""
        ...

    def lead(self, action: LeaderAction) -> FollowerObservation:
        """Play the leader phase."""
        ...

    def follow(self, action: FollowerAction) -> LeaderObservation:
        """Play the follower phase."""
        ...

    def close(self) -> None:
        """End; may be called again."""
        ...


def check_columns(make: Callable[[], Columns]) -> None:
    """Check all rules; `make` is called several times, and what it made is closed.

    Raises:
        ConformanceError: a rule is broken.
    """
    for check in (_seeds, _fairness, _observations, _turns, _actions, _closing):
        env = make()
        try:
            check(env, make)
        finally:
            env.close()


def episode(env: Columns, seeds: Sequence[int], player: Player | None = None) -> Iterator[Observation]:
    """Play an episode; yields all that is observed. The player does not know the seeds."""
    player = player or RandomPlayer()
    leader = env.reset(seeds)
    player.reset(env.scenarios, _unknown(env))
    yield leader
    while not leader.done:
        follower = env.lead(player.lead(leader))
        yield follower
        leader = env.follow(player.follow(follower))
        yield leader


def _seeds_of(env: Columns, first: int) -> list[int]:
    return list(range(first, first + len(env.scenarios)))


def _unknown(env: Columns) -> NDArray[np.uint64]:
    return np.zeros(len(env.scenarios), dtype=np.uint64)


def _seeds(env: Columns, make: Callable[[], Columns]) -> None:
    """A seed gives the same episode, whatever was played before and wherever; another seed gives another one."""
    first = digest(episode(env, _seeds_of(env, 1)))
    require(digest(episode(env, _seeds_of(env, 1))) == first, "a seed gives another episode the second time")
    require(digest(episode(env, _seeds_of(env, 100))) != first, "another seed gives the same episode")
    abandoned = episode(env, _seeds_of(env, 50))
    for _ in range(4):
        next(abandoned)
    require(digest(episode(env, _seeds_of(env, 1))) == first, "an episode depends on one that was abandoned before it")
    other = make()
    try:
        require(digest(episode(other, _seeds_of(env, 1))) == first, "a seed gives another episode in another instance")
    finally:
        other.close()


def _observations(env: Columns, _: Callable[[], Columns]) -> None:
    """Every observation is what its description says."""
    ttis = min(scenario.ttis for scenario in env.scenarios)
    leader: LeaderObservation | None = None
    total: NDArray[np.int64] | None = None
    tti = 0
    for seen in episode(env, _seeds_of(env, 1)):
        if isinstance(seen, FollowerObservation):
            assert leader is not None  # noqa: S101 (it came before)
            _check_follower(seen, leader, env.scenarios)
            continue
        require(seen.tti == tti, f"TTI {tti} is observed as TTI {seen.tti}")
        acted = 0 if leader is None else leader.ue_id.size
        _check_leader(seen, acted, env.scenarios)
        total = seen.counters.astype(np.int64) + (0 if total is None else total)
        backlog = seen.counters[:, wire_pb2.COUNTER_BACKLOG]
        accounted = total[:, _FATES].sum(axis=1) + backlog
        require(
            np.array_equal(total[:, wire_pb2.COUNTER_ARRIVED], accounted),
            f"before TTI {tti}, arrived dPDUs are not delivered + lost + dropped + discarded + backlog",
        )
        leader, tti = seen, tti + 1
    assert leader is not None  # noqa: S101 (the first one)
    require(leader.tti <= ttis or leader.done, "an episode is longer than the scenarios say")
    end = leader.end
    require(end is not None, "the end of an episode is not told in its last observation")
    if end is not None and total is not None:
        arrived = int(end.ue_arrived.sum())
        require(arrived == total[:, wire_pb2.COUNTER_ARRIVED].sum(), "ue_arrived and the counters do not agree")
        require(arrived == end.delay_histogram.sum(), "the delays are not those of all dPDUs that arrived")
        require(bool(np.all(end.ue_delivered <= end.ue_arrived)), "more was delivered to a UE than arrived")


def _check_leader(seen: LeaderObservation, acted: int, scenarios: Sequence[Scenario]) -> None:
    at = f"before TTI {seen.tti}"
    _check_ues(seen.ue_id, seen.ue_count, at)
    codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
    _below(seen.ucm, seen.ue_count, [c.ucm_codes for c in codes], f"{at}, ucm")
    require(
        seen.rbg_outcome.size == sum(s.rbgs for s in scenarios), f"{at}, rbg_outcome has not one value for each RBG"
    )
    outcomes = seen.rbg_outcome
    known = (outcomes >= 0) | (outcomes == RBG_IDLE) | (outcomes == RBG_UNDECODABLE)
    require(bool(known.all()), f"{at}, rbg_outcome has a value that means nothing")
    require(seen.leader_utility.size == len(scenarios), f"{at}, leader_utility has not one value for each environment")
    require(bool(np.isfinite(seen.leader_utility).all()), f"{at}, a leader_utility is not finite")
    require(bool(np.isfinite(seen.follower_utility).all()), f"{at}, a follower_utility is not finite")
    for name in ("follower_utility", "ue_outcome"):
        require(getattr(seen, name).size == acted, f"{at}, {name} has not one value for each UE that acted")
    require((seen.end is not None) == seen.done, f"{at}, `end` and `done` do not go together")
    for name in ("ue_count", "ue_id", "ucm", "rbg_outcome", "counters"):
        require(not getattr(seen, name).flags.writeable, f"{at}, {name} can be written to")


def _check_follower(seen: FollowerObservation, leader: LeaderObservation, scenarios: Sequence[Scenario]) -> None:
    at = f"in TTI {seen.tti}"
    same = np.array_equal(seen.ue_id, leader.ue_id) and np.array_equal(seen.ue_count, leader.ue_count)
    require(seen.tti == leader.tti and same, f"{at}, the followers are not those of the leader's observation")
    codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
    _below(seen.buffer, seen.ue_count, [s.buffer_capacity_dpdus + 1 for s in scenarios], f"{at}, buffer")
    _below(seen.last_action, seen.ue_count, [c.ue_action_codes for c in codes], f"{at}, last_action")
    _below(seen.last_ucm, seen.ue_count, [c.ucm_codes for c in codes], f"{at}, last_ucm")
    _below(seen.dcm, seen.ue_count, [c.dcm_codes for c in codes], f"{at}, dcm")
    _below(seen.ucm_opportunity, seen.ue_count, [2] * len(codes), f"{at}, ucm_opportunity")


def _check_ues(ids: NDArray[np.uint32], counts: NDArray[np.uint32], at: str) -> None:
    require(ids.size == counts.sum(), f"{at}, ue_id has not as many values as ue_count says")
    for own in np.split(ids.astype(np.int64), np.cumsum(counts)[:-1]):
        require(bool(np.all(np.diff(own) > 0)), f"{at}, the UEs of an environment do not ascend")


def _below(values: NDArray[np.integer], counts: NDArray[np.uint32], limits: Sequence[int], name: str) -> None:
    require(values.size == counts.sum(), f"{name} has not one value for each UE")
    require(bool(np.all(values < np.repeat(limits, counts))), f"{name} has a value out of its range")


def _fairness(env: Columns, _: Callable[[], Columns]) -> None:
    """The same seed brings the same arrivals, joins and leaves, whatever the players do."""

    def met(salt: int) -> list[tuple[bytes, bytes]]:
        return [
            (seen.counters[:, wire_pb2.COUNTER_ARRIVED].tobytes(), seen.ue_id.tobytes())
            for seen in episode(env, _seeds_of(env, 1), RandomPlayer(salt))
            if isinstance(seen, LeaderObservation)
        ]

    require(met(0) == met(1), "arrivals, joins or leaves depend on what the players do")


def _turns(env: Columns, _: Callable[[], Columns]) -> None:
    """A call at the wrong time raises OutOfTurnError and changes nothing."""
    player, seeds = RandomPlayer(), _seeds_of(env, 1)
    expected = digest(episode(env, seeds))
    leader = env.reset(seeds)
    player.reset(env.scenarios, _unknown(env))
    lead = player.lead(leader)
    hold = FollowerAction(np.zeros(leader.ue_id.size, dtype=np.uint16))
    seen: list[Observation] = [leader]
    refused(lambda: env.follow(hold), OutOfTurnError, "`follow` before `lead`")
    seen.append(env.lead(lead))
    refused(lambda: env.lead(lead), OutOfTurnError, "a second `lead` in one TTI")
    while not leader.done:
        follower = seen[-1]
        assert isinstance(follower, FollowerObservation)  # noqa: S101 (by the turn)
        leader = env.follow(player.follow(follower))
        seen.append(leader)
        if not leader.done:
            seen.append(env.lead(player.lead(leader)))
    require(digest(seen) == expected, "a call at the wrong time has changed the episode")
    refused(lambda: env.lead(lead), OutOfTurnError, "`lead` after the end of the episode")
    refused(lambda: env.follow(hold), OutOfTurnError, "`follow` after the end of the episode")


def _actions(env: Columns, _: Callable[[], Columns]) -> None:
    """A malformed action raises ActionError and changes nothing."""
    player, seeds = RandomPlayer(), _seeds_of(env, 1)
    expected = digest(episode(env, seeds))
    refused(lambda: env.reset([*seeds, 1]), ActionError, "a reset with a seed too many")
    seen: list[Observation] = [env.reset(seeds)]
    player.reset(env.scenarios, _unknown(env))
    while True:
        leader = seen[-1]
        assert isinstance(leader, LeaderObservation)  # noqa: S101 (by the turn)
        if leader.done:
            break
        lead = player.lead(leader)
        unknown = replace(lead, dcm_code=np.full_like(lead.dcm_code, 60000))
        too_few = replace(lead, dcm_count=lead.dcm_count[1:])
        if lead.dcm_code.size:
            refused(lambda unknown=unknown: env.lead(unknown), ActionError, "an unknown DCM code")
        refused(lambda too_few=too_few: env.lead(too_few), ActionError, "a dcm_count that is too short")
        follower = env.lead(lead)
        follow = player.follow(follower)
        longer = FollowerAction(np.append(follow.action, np.uint16(0)))
        refused(lambda longer=longer: env.follow(longer), ActionError, "an action too many")
        if follow.action.size:
            wrong = FollowerAction(np.full_like(follow.action, 60000))
            refused(lambda wrong=wrong: env.follow(wrong), ActionError, "an unknown UE action code")
        seen += [follower, env.follow(follow)]
    require(digest(seen) == expected, "a malformed action has changed the episode")


def _closing(env: Columns, _: Callable[[], Columns]) -> None:
    """Before the first reset and after `close` nothing can be played."""
    nothing = LeaderAction(
        np.zeros(len(env.scenarios), dtype=np.uint32), np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint16)
    )
    refused(lambda: env.lead(nothing), OutOfTurnError, "`lead` before `reset`")
    seeds = _seeds_of(env, 1)
    env.reset(seeds)
    env.close()
    env.close()
    refused(lambda: env.lead(nothing), OutOfTurnError, "`lead` after `close`")
    refused(lambda: env.reset(seeds), OutOfTurnError, "`reset` after `close`")
