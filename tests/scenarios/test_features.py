# SPDX-License-Identifier: MIT
"""Traffic, churn, decision delay and control loss on the real cell, from the scenario file to the columns."""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pettingzoo.test import parallel_api_test

from llmac.agents import registry
from llmac.agents.evaluation.episodes import play
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction, LeaderObservation
from llmac.bridge.envs.parallel import parallel_env
from llmac.bridge.errors import RequestRefusedError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, builtin_names, load
from llmac.v1 import codes_pb2, wire_pb2

EPISODES = 16
TTIS = 400


def observe(env: ColumnEnv, seeds: Sequence[int], action: int = 0, dcm: int = 0) -> Iterator[LeaderObservation]:
    """Play episodes in which all UEs do the same in each TTI, and the BS sends all the same DCM."""
    leader = env.reset(list(seeds))
    yield leader
    while not leader.done:
        n = leader.ue_id.size
        follower = env.lead(LeaderAction(leader.ue_count, leader.ue_id, np.full(n, dcm, dtype=np.uint16)))
        leader = env.follow(FollowerAction(np.full(follower.ue_id.size, action, dtype=np.uint16)))
        yield leader


def arrived(scenario: Scenario) -> NDArray[np.uint32]:
    """How many dPDUs arrive to each UE, [episodes, UEs]."""
    with ColumnEnv([scenario] * EPISODES) as env:
        *_, last = observe(env, range(EPISODES))
    assert last.end is not None
    return last.end.ue_arrived.reshape(EPISODES, -1)


def on_off_variance(on: float, off: float, p: float) -> float:
    """Per TTI, of the arrivals over many TTIs: the chain's state is correlated by r^k over k TTIs."""
    share, r = on / (on + off), 1 - 1 / on - 1 / off
    return p * share * (1 - p * share) + 2 * p**2 * share * (1 - share) * r / (1 - r)


@pytest.mark.parametrize(
    ("traffic", "mean", "variance"),
    [
        ({"model": "bernoulli", "load": 0.3}, 0.3, 0.3 * 0.7),
        ({"model": "poisson", "load": 1.3}, 1.3, 1.3),
        ({"model": "periodic", "period_ttis": 8}, 1 / 8, 0.0),
        ({"model": "on-off", "mean_on_ttis": 6, "mean_off_ttis": 14, "load": 0.7}, 0.21, on_off_variance(6, 14, 0.7)),
    ],
    ids=["bernoulli", "poisson", "periodic", "on-off"],
)
def test_mean_arrivals(traffic: dict[str, Any], mean: float, variance: float) -> None:
    weights = [1.0, 0.5, 1.25]
    scenario = load("paper", {"ttis": TTIS, "ues": 6, "traffic": {**traffic, "weights": weights}})
    counts = arrived(scenario)
    for ue, weight in zip(range(6), itertools.cycle(weights), strict=False):
        # The variance grows with the weight, and faster than it at most as its square; a phase adds or takes one.
        error = 4 * math.sqrt(variance * max(weight, weight**2) * TTIS / EPISODES) + 1
        assert counts[:, ue].mean() == pytest.approx(mean * weight * TTIS, abs=error), f"UE {ue}"
    assert len({tuple(row) for row in counts.tolist()}) > 1, "another seed has other arrivals"


def test_arrivals_of_a_trace_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "arrivals.csv").write_text("tti,ue,dpdus\n0,1,2\n3,0,1\n3,1,4\n3,1,1\n5,7,9\n8,0,30\n11,1,1\n")
    (tmp_path / "traced.yaml").write_text("{ttis: 12, ues: 2, traffic: {model: trace, arrivals: arrivals.csv}}")
    with ColumnEnv([load(tmp_path / "traced.yaml")]) as env:
        observations = list(observe(env, [1]))
    arrivals = [int(o.counters[0, wire_pb2.COUNTER_ARRIVED]) for o in observations[1:]]
    assert arrivals == [2, 0, 0, 6, 0, 0, 0, 0, 30, 0, 0, 1]
    drops = [int(o.counters[0, wire_pb2.COUNTER_DROPPED]) for o in observations[1:]]
    assert drops == [0] * 8 + [11] + [0] * 3  # 1 + 30 dPDUs, and room for 20
    end = observations[-1].end
    assert end is not None
    assert end.ue_arrived.tolist() == [31, 8]


CHURN = {"join_per_tti": 0.5, "mean_stay_ttis": 12, "min_ues": 2, "max_ues": 9}


def populations(scenarios: Sequence[Scenario], action: int) -> list[list[list[int]]]:
    """Ids of the connected UEs, by TTI and environment."""
    with ColumnEnv(scenarios) as env:
        return [
            [part.tolist() for part in np.split(o.ue_id, np.cumsum(o.ue_count)[:-1])]
            for o in observe(env, range(len(scenarios)), action)
        ]


def test_churn_keeps_its_limits_and_never_uses_an_id_again() -> None:
    scenario = load("paper", {"ttis": 300, "poisson_churn": CHURN})
    ids = populations([scenario] * 4, action=0)
    for environment in range(4):
        seen: set[int] = set()
        before: set[int] = set()
        for tti in range(301):
            now = set(ids[tti][environment])
            assert 2 <= len(now) <= 9
            assert not (now - before) & seen, "an id came back"
            seen |= now
            before = now
        assert seen == set(range(len(seen)))
        assert 50 < len(seen) <= scenario.ue_total
    assert ids == populations([scenario] * 4, action=1), "joins and leaves depend on what UEs do"


# Ids beyond the joins that were drawn are possible agents, and never there.
@pytest.mark.filterwarnings("ignore:No agents present but not all possible_agents are terminated")
def test_churn_through_the_parallel_environment() -> None:
    env = parallel_env(load("paper", {"ttis": 60, "poisson_churn": CHURN}))
    try:
        parallel_api_test(env, num_cycles=300)
        env.reset(seed=3)
        joined, left = set(env.agents), set[str]()
        while env.agents:
            here = set(env.agents)
            _, _, terminations, truncations, _ = env.step({agent: env.action_space(agent).sample() for agent in here})
            left |= {agent for agent, ended in terminations.items() if ended}
            joined |= set(env.agents)
            assert all(truncations.values()) or not any(truncations.values())
        assert len(joined) > 20
        assert len(left) > 10
        assert "bs" not in left
    finally:
        env.close()


def goodput(overrides: dict[str, Any]) -> float:
    scenarios = [load("paper", {"ttis": 150, **overrides})] * EPISODES
    seeds = list(range(EPISODES))
    with ColumnEnv(scenarios, privileged=True, bound=True) as env:
        metrics = play(env, registry.make("grant"), scenarios, seeds)
    assert all(m["bound_dpdu_per_tti"] >= m["goodput_dpdu_per_tti"] for m in metrics)
    return float(np.mean([m["goodput_dpdu_per_tti"] for m in metrics]))


def test_decision_delay_costs_goodput() -> None:
    prompt = goodput({})
    assert goodput({"decision_delay": [1.0]}) == prompt
    late = goodput({"decision_delay": [0, 0, 1]})
    scattered = goodput({"decision_delay": [0.4, 0.3, 0.3]})
    assert late < 0.95 * prompt
    assert scattered < 0.95 * prompt


def test_decision_delay_shifts_the_first_transmission() -> None:
    for delay in range(4):
        scenario = load("paper", {"ttis": 8, "traffic.load": 1, "decision_delay": [0.0] * delay + [1.0]})
        codes = Codes(scenario.rbgs, scenario.vocabulary)
        transmit = codes_pb2.ACCESS_TRANSMIT * codes.ucm_codes
        with ColumnEnv([scenario]) as env:
            sent = [int(o.counters[0, wire_pb2.COUNTER_TRANSMISSION]) for o in observe(env, [1], transmit)]
        assert sent[1:] == [0] * delay + [4] * (8 - delay)


def test_control_messages_are_lost_by_the_snr_of_their_link() -> None:
    ttis, midpoint, slope = 2000, 12.0, 3.0
    loss = {"midpoint_db": midpoint, "slope_db": slope, "bs_tx_power_dbm": 23, "ue_noise_figure_db": 5}
    positions = [[d, 0, 1.5] for d in (200, 500, 700, 900, 1200)]
    scenario = load(
        "near-far", {"ttis": ttis, "ues": 5, "control": {"sinr_loss": loss}, "placement.positions_m": positions}
    )
    ucms = np.zeros(5)
    last = None
    with ColumnEnv([scenario]) as env:
        for last in observe(env, [7], action=codes_pb2.UCM_SR):
            ucms += last.ucm == codes_pb2.UCM_SR
    assert last is not None
    snr_db = last.mean_snr_db.astype(float)  # the same in every TTI, for there is no fading
    assert snr_db[0] > midpoint + 4 * slope
    assert snr_db[-1] < midpoint - 2 * slope
    expected = 1 / (1 + np.exp(-(snr_db - midpoint) / slope))
    error = np.sqrt(expected * (1 - expected) / ttis)
    assert np.all(np.abs(ucms / ttis - expected) <= 4 * error + 1e-9)


def test_dcms_have_the_power_of_the_bs() -> None:
    # 100 dB more than a UE: all UCMs are lost, and no DCM.
    loss = {"midpoint_db": 50, "slope_db": 0.1, "bs_tx_power_dbm": 80, "ue_noise_figure_db": 5}
    overrides: dict[str, Any] = {"ttis": 20, "radio.tx_power_dbm": -20, "control": {"sinr_loss": loss}}
    with ColumnEnv([load("near-far", overrides)]) as env:
        leader = env.reset([1])
        while not leader.done:
            assert not leader.ucm.any()
            dcm = np.full(leader.ue_id.size, codes_pb2.DCM_ACK, dtype=np.uint16)
            follower = env.lead(LeaderAction(leader.ue_count, leader.ue_id, dcm))
            assert np.all(follower.dcm == codes_pb2.DCM_ACK)
            leader = env.follow(FollowerAction(np.full(follower.ue_id.size, codes_pb2.UCM_SR, dtype=np.uint16)))


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"traffic": {"load": 0.6, "weights": [1, 2]}}, "traffic.load times the greatest of traffic.weights"),
        ({"traffic": {"model": "trace", "arrivals": [[5, 0, 1], [4, 0, 1]]}}, "in order of TTI"),
        ({"traffic": {"model": "trace", "arrivals": [[5, 0, 900], [5, 0, 101]]}}, "between 0 and 1000"),
        ({"poisson_churn": {**CHURN, "min_ues": 10}}, "min_ues lies between 0 and 9"),
        ({"decision_delay": [0.0] * 1025 + [1.0]}, "decision_delay"),
        ({"control": {"sinr_loss": {}}}, "at least one loss model"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(overrides: dict[str, Any], sentence: str) -> None:
    with ColumnEnv([load("paper", overrides)]) as env, pytest.raises(RequestRefusedError, match=sentence):
        env.reset([1])


@pytest.mark.parametrize("name", builtin_names())
def test_accounts_of_the_scenarios(name: str) -> None:
    scenarios = [load(name)] * 2
    with ColumnEnv(scenarios, processes=2, privileged=True, bound=True) as env:
        for agent in ("random", "grant"):
            metrics = play(env, registry.make(agent), scenarios, range(2))
            assert all(m["goodput_dpdu_per_tti"] > 0 for m in metrics)
            assert not any(m["bound_dpdu_per_tti"] < m["goodput_dpdu_per_tti"] for m in metrics)  # NaN with TCP


@pytest.mark.parametrize("agent", ["random", "grant"])
@pytest.mark.parametrize("name", builtin_names())
def test_conservation_in_every_tti_of_the_scenarios(name: str, agent: str) -> None:
    scenario = load(name)
    player = registry.make(agent)
    gone = [wire_pb2.Counter.Value(f"COUNTER_{part}") for part in ("DELIVERED", "LOST", "DROPPED", "DISCARDED")]
    with ColumnEnv([scenario], privileged=True) as env:
        leader = env.reset([3])
        player.reset([scenario], np.array([3], np.uint64))
        totals = np.zeros(len(wire_pb2.Counter.values()), np.int64)
        while not leader.done:
            leader = env.follow(player.follow(env.lead(player.lead(leader))))
            totals += leader.counters[0]
            arrived, backlog = totals[wire_pb2.COUNTER_ARRIVED], leader.counters[0, wire_pb2.COUNTER_BACKLOG]
            assert arrived == totals[gone].sum() + backlog
    assert totals[wire_pb2.COUNTER_DELIVERED] > 0


def test_the_crowd_gathers() -> None:
    scenarios = [load("crowd")] * 8
    with ColumnEnv(scenarios) as env:
        counts = np.array([o.ue_count for o in observe(env, range(8))])
    assert np.all(counts[0] == 2)
    assert counts.max() <= 64
    assert np.all(counts.max(axis=0) > 45)
    assert np.all((np.diff(counts.astype(int), axis=0) < 0).any(axis=0)), "UEs leave, too"
