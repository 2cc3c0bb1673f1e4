# SPDX-License-Identifier: MIT
"""ColumnEnv on the real cell: shapes, the law of conservation, determinism, misuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playing import RandomPlayers, Trace, play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.errors import ActionError, OutOfTurnError, RequestRefusedError, ScenarioError
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

pytestmark = pytest.mark.usefixtures("cell")

CHURN = [
    {"tti": 1, "join": 2},
    {"tti": 4, "leave": [0, 4]},
    {"tti": 5, "leave": [1], "join": 3},
    {"tti": 9, "leave": [2, 3]},
]
SHORT = load("paper", {"ttis": 12})


def scenarios() -> list[Scenario]:
    """Eight that differ in everything that a layout could mix up."""
    opaque = {"kind": "opaque", "symbols": 3}
    lossy = {"loss_probability": 0.3, "delay_ttis": 2, "max_dcms_per_tti": 2, "ucm_period_ttis": 3}
    return [
        load(name, {"ttis": 12, **overrides})
        for name, overrides in (
            ("paper", {}),
            ("paper", {"churn": CHURN, "buffer_capacity_dpdus": 2, "traffic.load": 0.9}),
            ("near-far", {}),
            ("near-far", {"churn": CHURN, "control": lossy}),
            ("paper", {"ues": 1, "rbgs": 5, "vocabulary": opaque, "ack_deletes": True}),
            ("paper", {"ues": 0}),
            ("paper", {"ues": 9, "rbgs": 1, "control": lossy, "ack_deletes": True}),
            ("near-far", {"ues": 3, "error_model": {"model": "sinr-threshold", "threshold_db": 3}}),
        )
    ]


SEEDS = [3, 3, 5, 2**64 - 1, 0, 11, 12, 13]


def test_shapes_and_types() -> None:
    chosen = scenarios()[:3]
    with ColumnEnv(chosen, privileged=True, bound=True) as env:
        leader = env.reset([1, 2, 3])
        assert (leader.tti, leader.done) == (0, False)
        assert leader.ue_count.tolist() == [4, 4, 8]
        assert leader.ue_id.tolist() == [*range(4), *range(4), *range(8)]
        assert leader.rbg_outcome.tolist() == [-1] * 8
        assert leader.ue_outcome.size == leader.follower_utility.size == 0
        assert leader.dpdu_bits is not None
        assert np.all(leader.dpdu_bits > 0)
        assert leader.privileged is not None
        assert leader.privileged.would_decode.size == 4 * 2 + 4 * 2 + 8 * 4
        assert np.isfinite(leader.mean_snr_db).tolist() == [False] * 8 + [True] * 8
        assert not leader.ue_id.flags.writeable
        players = RandomPlayers(chosen, [1, 2, 3])
        follower = env.lead(players.lead(leader))
        assert follower.tti == 0
        assert follower.buffer.tolist() == leader.privileged.buffer.tolist()
        leader = env.follow(players.follow(follower))
        assert leader.tti == 1
        assert leader.ue_count.tolist() == [4, 6, 8]
        assert leader.ue_outcome.size == 16
        assert leader.dpdu_bits is None
        while not leader.done:
            leader = env.step_tti(players.lead(leader), players.follow)
        assert leader.tti == 12
        assert leader.end is not None
        assert leader.end.ue_total.tolist() == [4, 9, 8]
        assert leader.end.delay_histogram.shape == (3, 13)
        assert leader.end.bound.shape == (3,)
        arrived = [part.sum() for part in np.split(leader.end.ue_arrived, np.cumsum(leader.end.ue_total)[:-1])]
        assert leader.end.delay_histogram.sum(axis=1).tolist() == arrived


@pytest.mark.parametrize("processes", [1, 3])
def test_conservation_in_every_tti(processes: int) -> None:
    """Arrived = delivered + lost + dropped + discarded + backlog, whatever the agents do, with joins and leaves."""
    names = ("DELIVERED", "LOST", "DROPPED", "DISCARDED")
    lost = [wire_pb2.Counter.Value(f"COUNTER_{name}") for name in names]
    chosen = scenarios()
    seen = np.zeros(4, dtype=np.int64)
    with ColumnEnv(chosen, processes=processes) as env:
        for episode in range(10):
            seeds = [episode * 100 + i for i in range(len(chosen))]
            players = RandomPlayers(chosen, seeds)
            leader = env.reset(seeds)
            total = np.zeros_like(leader.counters)
            while not leader.done:
                leader = env.step_tti(players.lead(leader), players.follow)
                total = total + leader.counters
                backlog = leader.counters[:, wire_pb2.COUNTER_BACKLOG]
                assert np.array_equal(total[:, wire_pb2.COUNTER_ARRIVED], total[:, lost].sum(axis=1) + backlog)
            assert leader.end is not None
            assert total[:, wire_pb2.COUNTER_ARRIVED].sum() == leader.end.ue_arrived.sum()
            assert total[:, wire_pb2.COUNTER_DELIVERED].sum() == leader.end.ue_delivered.sum()
            seen += total[:, lost].sum(axis=0)
    assert np.all(seen > 0), f"no dPDU was ever one of {names}: {seen}"


@pytest.fixture(scope="module")
def alone(cell: Path) -> list[Trace]:
    """Each environment in a process of its own."""
    assert cell
    traces: list[Trace] = []
    for scenario, seed in zip(scenarios(), SEEDS, strict=True):
        with ColumnEnv([scenario], privileged=True, bound=True) as env:
            traces.append(play(env, [seed]))
    return traces


@pytest.mark.parametrize("processes", [1, 2, 8])
def test_a_trace_is_the_same_in_every_layout(processes: int, alone: list[Trace]) -> None:
    with ColumnEnv(scenarios(), processes=processes, privileged=True, bound=True) as env:
        first = play(env, SEEDS)
        assert play(env, SEEDS) == first  # a second time in the same processes
    assert first == together(alone)


def together(traces: list[Trace]) -> Trace:
    """The traces of single environments, column by column behind each other."""

    def join(parts: list[object]) -> object:
        match parts[0]:
            case bytes():
                return b"".join(part for part in parts if isinstance(part, bytes))
            case dict() as first:
                return {name: join([part[name] for part in parts if isinstance(part, dict)]) for name in first}
            case value:
                assert all(part == value for part in parts)
                return value

    joined = [join(list(step)) for step in zip(*traces, strict=True)]
    return [step for step in joined if isinstance(step, dict)]


def test_another_seed_is_another_episode() -> None:
    with ColumnEnv([SHORT]) as env:
        assert play(env, [1]) != play(env, [2])


def test_a_reset_in_mid_episode_and_with_other_scenarios() -> None:
    with ColumnEnv([SHORT]) as env, ColumnEnv(scenarios()) as other:
        expected = play(other, SEEDS)
        leader = env.reset([9])
        env.lead(RandomPlayers([SHORT], [9]).lead(leader))
        assert play(env, SEEDS, scenarios()) == expected
        assert len(env.scenarios) == 8


def test_length_of_the_episodes() -> None:
    with ColumnEnv([SHORT, load("near-far", {"ttis": 99})], ttis=3) as env:
        assert len(play(env, [1, 2])) == 1 + 2 * 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ColumnEnv([]), "0 environments and 1 processes"),
        (lambda: ColumnEnv([SHORT], processes=2), "1 environments and 2 processes"),
        (lambda: ColumnEnv([SHORT], processes=0), "1 environments and 0 processes"),
        (lambda: ColumnEnv([SHORT], ttis=0), "an episode of 0 TTIs"),
        (lambda: ColumnEnv([SHORT, load("paper")]), "episodes of 12, 200 TTIs"),
        (lambda: ColumnEnv([SHORT, load("paper", {"ttis": 12, "radio.numerology": 1})]), "numerologies 0, 1"),
    ],
)
def test_scenarios_that_cannot_run_in_step(make: Callable[[], ColumnEnv], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        make()


def test_calls_out_of_turn() -> None:
    with ColumnEnv([SHORT]) as env:
        players = RandomPlayers([SHORT], [1])
        with pytest.raises(OutOfTurnError, match="call reset"):
            env.follow(FollowerAction(np.zeros(4, np.uint16)))
        leader = env.reset([1])
        with pytest.raises(OutOfTurnError, match="call lead"):
            env.follow(FollowerAction(np.zeros(4, np.uint16)))
        env.lead(players.lead(leader))
        with pytest.raises(OutOfTurnError, match="call follow"):
            env.lead(players.lead(leader))
        play(env, [1])
        with pytest.raises(OutOfTurnError, match="call reset"):
            env.lead(players.lead(leader))
    with pytest.raises(OutOfTurnError, match="closed"):
        env.reset([1])


def column(values: list[int]) -> Any:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    ("count", "ue", "code", "words"),
    [
        (column([1]), column([0]), column([1]), "dcm_count has shape"),
        (column([1, 0]), column([]), column([]), "dcm_ue has shape"),
        (column([1, 0]), column([0]), column([1, 1]), "dcm_code has shape"),
        (column([1, 0]), column([4]), column([1]), "dcm_ue has a 4, and less than 4"),
        (column([0, 1]), column([0]), column([6]), "dcm_code has a 6, and less than 6"),
        (column([1, 0]), column([0]), column([-1]), "not negative"),
        (column([2, 0]), column([1, 1]), column([1, 1]), "has to ascend"),
        (column([2, 0]), column([2, 1]), column([1, 1]), "has to ascend"),
        (column([1, 0]), column([0]), np.array([0.5]), "has to hold integers"),
    ],
)
def test_malformed_leader_actions_change_nothing(
    count: np.ndarray, ue: np.ndarray, code: np.ndarray, words: str
) -> None:
    pair = [SHORT, SHORT]
    with ColumnEnv(pair) as env:
        expected = play(env, [1, 2])
        leader = env.reset([1, 2])
        with pytest.raises(ActionError, match=words):
            env.lead(LeaderAction(count, ue, code))
        players = RandomPlayers(pair, [1, 2])
        while not leader.done:
            leader = env.step_tti(players.lead(leader), players.follow)
        assert leader.counters.tobytes() == expected[-1]["counters"]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (column([0] * 7), r"action has shape \(7,\)"),
        (column([0] * 8).reshape(8, 1), "action has shape"),
        (column([0] * 7 + [32]), "action has a 32, and less than 32"),
        (column([0] * 7 + [-1]), "not negative"),
        (np.zeros(8), "integers"),
    ],
)
def test_malformed_follower_actions_change_nothing(action: np.ndarray, words: str) -> None:
    pair = [SHORT, SHORT]
    with ColumnEnv(pair, processes=2) as env:
        players = RandomPlayers(pair, [1, 2])
        follower = env.lead(players.lead(env.reset([1, 2])))
        with pytest.raises(ActionError, match=words):
            env.follow(FollowerAction(action))
        assert env.follow(players.follow(follower)).tti == 1


@pytest.mark.parametrize("seeds", [[1], [1, 2, 3], [0.5, 1], [-1, 1], [2**64, 1], [[1, 2]], ["a", "b"]])
def test_bad_seeds_change_nothing(seeds: list[int]) -> None:
    with ColumnEnv([SHORT, SHORT]) as env:
        players = RandomPlayers([SHORT, SHORT], [1, 2])
        leader = env.reset([1, 2])
        with pytest.raises(ActionError, match="seeds have to be 2 integers"):
            env.reset(seeds)
        assert env.lead(players.lead(leader)).tti == 0


def test_a_ue_that_has_left_can_be_named_and_one_to_come_cannot() -> None:
    scenario = load("paper", {"ttis": 12, "churn": [{"tti": 1, "leave": [0], "join": 1}]})
    with ColumnEnv([scenario]) as env:
        env.reset([1])
        with pytest.raises(ActionError, match="dcm_ue has a 4, and less than 4"):
            env.lead(LeaderAction(column([1]), column([4]), column([1])))
        follower = env.lead(LeaderAction(column([0]), column([]), column([])))
        env.follow(FollowerAction(np.zeros(follower.ue_id.size, np.uint16)))
        follower = env.lead(LeaderAction(column([2]), column([0, 4]), column([1, 1])))
        assert follower.dcm.tolist() == [0, 0, 0, 1]
        leader = env.follow(FollowerAction(np.zeros(4, np.uint16)))
        assert leader.counters[0, wire_pb2.COUNTER_INVALID] == 1


def test_a_scenario_that_the_cell_cannot_simulate_is_refused_and_the_episode_goes_on() -> None:
    bad = SHORT.model_copy(update={"channel": load("near-far", {"channel": [{"type": "ns3::NoSuchLoss"}]}).channel})
    with ColumnEnv([SHORT]) as env:
        expected = play(env, [1])
        players = RandomPlayers([SHORT], [1])
        leader = env.reset([1])
        with pytest.raises(RequestRefusedError, match=r"FAULT_BAD_SCENARIO: .*ns3::NoSuchLoss"):
            env.reset([1], [bad])
        while not leader.done:
            leader = env.step_tti(players.lead(leader), players.follow)
        assert leader.counters.tobytes() == expected[-1]["counters"]


def test_privileged_columns_are_there_on_request_only() -> None:
    with ColumnEnv([SHORT]) as plain, ColumnEnv([SHORT], privileged=True) as told:
        assert plain.reset([1]).privileged is None
        assert told.reset([1]).privileged is not None
        assert [step | {"privileged": None} for step in play(told, [1])] == [
            step | {"privileged": None} for step in play(plain, [1])
        ]


def test_dtypes_of_actions_do_not_matter() -> None:
    with ColumnEnv([SHORT]) as env:
        players = RandomPlayers([SHORT], [1])
        leader = env.reset([1])
        action = players.lead(leader)
        follower = env.lead(LeaderAction(action.dcm_count, column(action.dcm_ue.tolist()), action.dcm_code))
        wide = env.follow(FollowerAction(column(players.follow(follower).action.tolist())))
        leader = env.reset([1])
        assert env.step_tti(players.lead(leader), players.follow).counters.tobytes() == wide.counters.tobytes()
