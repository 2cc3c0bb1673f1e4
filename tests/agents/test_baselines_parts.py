# SPDX-License-Identifier: MIT
"""Parts of the conventional agents by themselves."""

from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from llmac.agents import registry
from llmac.agents.baselines import parameters
from llmac.agents.baselines.aloha import AlohaParameters, BackoffAloha, BackoffParameters
from llmac.agents.baselines.columns import Cells, Seen, assign_rbgs
from llmac.agents.baselines.parameters import entry, grid, offered_load, peak_population, tuned
from llmac.agents.baselines.priorities import LongestQueue, Order, ProportionalFair, RoundRobin
from llmac.agents.baselines.reports import Backlogs
from llmac.agents.evaluation.tune import Trial, best, merge
from llmac.bridge.envs.observations import FollowerObservation, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2


def _scenario(**overrides: object) -> Scenario:
    return Scenario.model_validate({"name": "x", **overrides})


def _cells(scenario: Scenario) -> Cells:
    return Cells([scenario], np.zeros(1, dtype=np.uint64))


def _seen(
    cells: Cells, tti: int, decoded: list[int], ucm: list[int], snr_db: float = np.nan
) -> tuple[LeaderObservation, Seen]:
    n = len(ucm)
    outcome = np.full(int(cells.rbgs.sum()), -1, dtype=np.int32)
    outcome[: len(decoded)] = decoded
    observation = LeaderObservation(
        tti=tti,
        done=False,
        ue_count=np.array([n], dtype=np.uint32),
        ue_id=np.arange(n, dtype=np.uint32),
        rbg_outcome=outcome,
        rbg_duplicate=np.zeros(outcome.size, dtype=np.uint8),
        ucm=np.array(ucm, dtype=np.uint16),
        mean_snr_db=np.full(n, snr_db, dtype=np.float32),
        leader_utility=np.zeros(1),
        follower_utility=np.zeros(n),
        ue_outcome=np.zeros(n, dtype=np.uint8),
        counters=np.zeros((1, 16), dtype=np.int32),
        privileged=None,
        dpdu_bits=None,
        end=None,
    )
    return observation, cells.seen(observation)


# ---- parameters


@pytest.mark.parametrize("agent", registry.TUNABLE)
def test_tuned_values_are_points_of_the_grid_and_a_grid_begins_with_the_defaults(agent: str) -> None:
    kind = registry.TUNABLE[agent].parameters
    points = grid(kind)
    assert points[0] == kind()
    assert len({repr(point) for point in points}) == len(points)
    for name, entries in parameters.read_tuned().get(agent, {}).items():
        for values in entries:
            traffic = {"model": "poisson", "load": values["load"]}
            scenario = _scenario(name=name, ues=values["ues"], rbgs=values["rbgs"], traffic=traffic)
            chosen = tuned(agent, kind)(scenario)
            assert chosen in points


def test_every_agent_is_tuned_for_the_scenarios_of_the_tables() -> None:
    for agent in registry.TUNABLE:
        assert {"paper", "near-far"} <= set(parameters.read_tuned().get(agent, {}))


def test_every_agent_and_every_value_that_is_tried_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text()
    for agent, tunable in registry.TUNABLE.items():
        assert f"| `{agent}` |" in page
        for field in fields(tunable.parameters):  # pyright: ignore[reportArgumentType]
            values = field.metadata.get("grid", ())
            assert not values or f"| `{field.name}` | {', '.join(map(str, values))} |" in page, (agent, field.name)


def test_parameters_come_from_the_nearest_population_and_are_guessed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"ues": 4, "rbgs": 2, "load": 0.5, "attempts_per_rbg": 2.0, "max_transmissions": 3}
    many = {"ues": 32, "rbgs": 2, "load": 0.5, "attempts_per_rbg": 0.5, "max_transmissions": 1}
    monkeypatch.setattr(parameters, "read_tuned", lambda: {"aloha": {"x": [few, many]}})
    choose = tuned("aloha", AlohaParameters)
    assert choose(_scenario(ues=6)) == AlohaParameters(2.0, 3)
    assert choose(_scenario(ues=24)) == AlohaParameters(0.5, 1)
    for far in (_scenario(name="y"), _scenario(ues=1024, rbgs=64)):
        assert choose(far) == AlohaParameters.guess(far)


def test_what_is_written_is_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = _scenario(ues=8)
    known: dict[str, Any] = {}
    monkeypatch.setattr(parameters, "read_tuned", lambda: known)
    for agent, tunable in registry.TUNABLE.items():
        point = grid(tunable.parameters)[-1]
        known[agent] = merge({}, scenario, {agent: Trial(point, {})})[agent]
        assert tuned(agent, tunable.parameters)(scenario) == point


def test_a_new_result_replaces_the_old_one_of_the_same_cell_alone() -> None:
    old = merge({}, _scenario(ues=8), {"aloha": Trial(AlohaParameters(2.0, 3), {})})
    both = merge(old, _scenario(ues=4), {"aloha": Trial(AlohaParameters(1.0, 0), {})})
    new = merge(both, _scenario(ues=8), {"aloha": Trial(AlohaParameters(0.5, 1), {})})
    assert new == {
        "aloha": {
            "x": [entry(_scenario(ues=4), AlohaParameters(1.0, 0)), entry(_scenario(ues=8), AlohaParameters(0.5, 1))]
        }
    }


def test_the_best_trial_has_the_most_goodput_and_among_the_like_the_least_delay() -> None:
    def trial(goodput: float, delay: float) -> Trial:
        return Trial(AlohaParameters(), {"goodput_dpdu_per_tti": goodput, "mean_delay_tti": delay})

    tried = [trial(1.9, 2.0), trial(2.0, 9.0), trial(1.999, 5.0), trial(1.9985, 6.0)]
    assert best(tried) is tried[2]


def test_load_and_population_of_a_scenario() -> None:
    on_off = {"model": "on-off", "mean_on_ttis": 20, "mean_off_ttis": 120, "load": 0.7}
    assert offered_load(_scenario(traffic=on_off)) == pytest.approx(0.1)
    assert offered_load(_scenario(traffic={"model": "bernoulli", "load": 0.2, "weights": [1, 3]})) == pytest.approx(0.4)
    assert offered_load(_scenario(traffic={"model": "periodic", "period_ttis": 5})) == pytest.approx(0.2)
    churn = [{"tti": 1, "join": 5, "leave": [0]}, {"tti": 2, "leave": [1, 2]}, {"tti": 3, "join": 1}]
    assert peak_population(_scenario(ues=4, churn=churn)) == 8
    assert peak_population(_scenario(ues=0)) == 1


# ---- priorities


def _order(priority: RoundRobin, order: Order) -> list[int]:
    del priority
    return np.lexsort((order.turn, order.key)).tolist()


def test_round_robin_goes_on_after_the_last_one_served() -> None:
    cells = _cells(_scenario(ues=4))
    priority = RoundRobin()
    priority.reset(cells, [1.0])
    observation, seen = _seen(cells, 0, [], [0, 0, 0, 0])
    backlog = np.ones(4, dtype=np.int64)
    assert _order(priority, priority.order(observation, seen, backlog)) == [0, 1, 2, 3]
    priority.served(np.zeros(2, dtype=np.int64), np.array([0, 1]))
    assert _order(priority, priority.order(observation, seen, backlog)) == [2, 3, 0, 1]


def test_longest_queue_first_takes_turns_among_equals() -> None:
    cells = _cells(_scenario(ues=4))
    priority = LongestQueue()
    priority.reset(cells, [1.0])
    priority.served(np.zeros(1, dtype=np.int64), np.array([1]))
    observation, seen = _seen(cells, 0, [], [0, 0, 0, 0])
    assert _order(priority, priority.order(observation, seen, np.array([2, 5, 1, 5]))) == [3, 1, 0, 2]


def test_proportional_fairness_weighs_rate_against_past_service() -> None:
    cells = _cells(_scenario(ues=3, rbgs=1))
    priority = ProportionalFair()
    priority.reset(cells, [10.0])
    backlog = np.ones(3, dtype=np.int64)
    # UE 0 is served twice as often as UE 1; UE 2 never.
    order = None
    for tti in range(30):
        observation, seen = _seen(cells, tti, [0 if tti % 3 else 1], [0, 0, 0], snr_db=10.0)
        order = priority.order(observation, seen, backlog)
    assert order is not None
    assert _order(priority, order) == [2, 1, 0]


def test_rbgs_are_handed_out_by_rank_as_far_as_they_are_free() -> None:
    cells = Cells([_scenario(rbgs=3), _scenario(rbgs=2)], np.zeros(2, dtype=np.uint64))
    free = np.array([True, False, True, False, True])
    environment = np.array([0, 0, 0, 0, 1, 1])
    rank = np.array([2, -1, 0, 5, 1, 0])
    assert assign_rbgs(cells, free, environment, rank).tolist() == [2, -1, 0, -1, -1, 1]


# ---- reports


def _believed(cells: Cells, history: list[tuple[list[int], list[int]]], *, optimistic: bool) -> NDArray[np.int64]:
    backlogs = Backlogs(cells, np.array([optimistic]))
    for tti, (decoded, ucm) in enumerate(history):
        _, seen = _seen(cells, tti, decoded, ucm)
        backlogs.observe(seen, np.zeros(len(ucm), dtype=np.bool_))
    return backlogs.dpdus


def test_a_late_report_is_believed_less_what_was_decoded_since_it_was_made() -> None:
    cells = _cells(_scenario(ues=2, rbgs=2, control={"delay_ttis": 2}))
    bsr_3 = codes_pb2.UCM_BSR + 3  # 4 to 7 dPDUs
    # The report arrives before TTI 5 and was made in TTI 2; UE 0 was decoded in TTIs 1, 2 and 4.
    history = [([], [0, 0]), ([], [0, 0]), ([0], [0, 0]), ([0], [0, 0]), ([], [0, 0]), ([0], [bsr_3, bsr_3])]
    assert _believed(cells, history, optimistic=False).tolist() == [2, 4]
    assert _believed(cells, history, optimistic=True).tolist() == [5, 7]


def test_the_highest_level_means_a_full_buffer_at_most() -> None:
    cells = _cells(_scenario(ues=1, rbgs=1, buffer_capacity_dpdus=20))
    assert _believed(cells, [([], [codes_pb2.UCM_BSR + 5])], optimistic=True).tolist() == [20]
    assert _believed(cells, [([], [codes_pb2.UCM_SR])], optimistic=True).tolist() == [1]


# ---- backoff


def test_backoff_doubles_its_window_with_every_failure_up_to_its_limit() -> None:
    ues, ttis, doublings = 1000, 400, 3
    scenario = _scenario(ues=ues, rbgs=4, ttis=ttis)
    agent = BackoffAloha(lambda _: BackoffParameters(first_window=2, max_doublings=doublings))
    agent.reset([scenario], np.array([7], dtype=np.uint64))
    sent: list[list[int]] = [[] for _ in range(ues)]
    zeros = np.zeros(ues, dtype=np.uint16)
    for tti in range(ttis):
        observation = FollowerObservation(
            tti=tti,
            ue_count=np.array([ues], dtype=np.uint32),
            ue_id=np.arange(ues, dtype=np.uint32),
            buffer=zeros + 1,
            last_action=zeros,
            last_ucm=zeros,
            dcm=zeros,
            ucm_opportunity=zeros.astype(np.uint8),
        )
        access = agent.follow(observation).action // 8  # 8 UCM codes
        for ue in np.flatnonzero(access >= codes_pb2.ACCESS_TRANSMIT):
            sent[ue].append(tti)
    for failures in range(1, 6):
        window = 2 * 2 ** min(failures, doublings)
        gaps = np.array([times[failures] - times[failures - 1] for times in sent])
        # 1 TTI for the answer and a wait drawn uniformly from 0 .. window - 1.
        assert gaps.min() == 1
        assert gaps.max() == window
        standard_error = np.sqrt((window**2 - 1) / 12 / ues)
        assert gaps.mean() == pytest.approx(1 + (window - 1) / 2, abs=4 * standard_error)
    assert all(later > earlier for times in sent for earlier, later in pairwise(times))
