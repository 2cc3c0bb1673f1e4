# SPDX-License-Identifier: MIT
"""The ParallelEnv on the real cell: PettingZoo's own suites, joins and leaves, masks, rewards, seeds, misuse."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from pettingzoo.test import parallel_api_test, parallel_seed_test

from llmac.bridge.envs.parallel import FOLLOWER_PHASE, LEADER_PHASE, CellParallelEnv, parallel_env
from llmac.bridge.errors import ActionError, OutOfTurnError, ScenarioError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

pytestmark = pytest.mark.usefixtures("cell")

CHURN = [{"tti": 2, "join": 1}, {"tti": 5, "leave": [1, 2]}, {"tti": 7, "leave": [0], "join": 2}]
OPAQUE = {"kind": "opaque", "symbols": 3}
SCENARIOS = [
    load("paper", {"ttis": 12}),
    load("paper", {"ttis": 12, "churn": CHURN, "traffic.load": 0.9}),
    load("near-far", {"ttis": 12, "churn": CHURN, "vocabulary": OPAQUE}),
    load("near-far", {"ttis": 12, "control": {"ucm_period_ttis": 4, "loss_probability": 0.5, "delay_ttis": 1}}),
    load("paper", {"ttis": 5, "ues": 0, "churn": [{"tti": 2, "join": 1}]}),
]


@contextmanager
def environment(scenario: Scenario) -> Generator[CellParallelEnv]:
    env = parallel_env(scenario)
    try:
        yield env
    finally:
        env.close()


def sample(env: CellParallelEnv, observations: dict[str, Any]) -> dict[str, Any]:
    return {agent: env.action_space(agent).sample(mask=observations[agent]["action_mask"]) for agent in env.agents}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_pettingzoo_accepts_it(scenario: Scenario) -> None:
    with environment(scenario) as env:
        parallel_api_test(env, num_cycles=100)
    parallel_seed_test(lambda: parallel_env(scenario), num_cycles=100)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_observations_are_in_their_spaces(scenario: Scenario) -> None:
    with environment(scenario) as env:
        observations, _ = env.reset(seed=1)
        steps = 0
        while env.agents:
            assert all(env.observation_space(agent).contains(observations[agent]) for agent in observations)
            observations, *_ = env.step(sample(env, observations))
            steps += 1
        assert all(env.observation_space(agent).contains(observations[agent]) for agent in observations)
        assert steps == 2 * scenario.ttis


def test_agents_join_and_leave() -> None:
    with environment(SCENARIOS[1]) as env:
        assert env.possible_agents == ["bs", *(f"ue_{i}" for i in range(7))]
        observations, _ = env.reset(seed=1)
        present = [env.agents]
        ended: dict[str, int] = {}
        while env.agents:
            tti = observations["bs"]["observation"]["tti"]
            observations, rewards, terminations, truncations, infos = env.step(sample(env, observations))
            assert set(observations) == set(rewards) == set(terminations) == set(truncations) == set(infos)
            ended |= {agent: tti + 1 for agent, over in terminations.items() if over}
            present.append(env.agents)
            if env.agents:
                assert not any(truncations.values())
                connected = np.flatnonzero(observations["bs"]["observation"]["connected"])
                assert [f"ue_{i}" for i in connected] == sorted(env.agents[1:])
            else:
                assert all(truncations.values())
        assert ended == {"ue_1": 5, "ue_2": 5, "ue_0": 7}
        at = {tti: present[2 * tti] for tti in (0, 2, 5, 7)}
        assert at == {
            0: ["bs", "ue_0", "ue_1", "ue_2", "ue_3"],
            2: ["bs", "ue_0", "ue_1", "ue_2", "ue_3", "ue_4"],
            5: ["bs", "ue_0", "ue_3", "ue_4"],
            7: ["bs", "ue_3", "ue_4", "ue_5", "ue_6"],
        }


def test_the_party_that_is_not_to_act_is_masked_and_ignored() -> None:
    with environment(SCENARIOS[0]) as env:
        quiet, wild = [np.zeros(4, np.int64)] * 2, [np.full(4, 5), np.full(4, 3)]
        results: list[Any] = []
        for ignored in range(2):
            observations, _ = env.reset(seed=3)
            assert observations["ue_0"]["action_mask"].tolist() == [1] + [0] * 31
            assert all(mask.all() for mask in observations["bs"]["action_mask"])
            assert observations["bs"]["observation"]["phase"] == LEADER_PHASE
            step = env.step(
                {"bs": np.ones(4, np.int64)} | {f"ue_{i}": int((quiet, wild)[ignored][0][i]) for i in range(4)}
            )
            assert step[0]["ue_0"]["action_mask"].sum() > 1
            assert all(mask.tolist() == [1, 0, 0, 0, 0, 0] for mask in step[0]["bs"]["action_mask"])
            assert step[0]["bs"]["observation"]["phase"] == FOLLOWER_PHASE
            assert [step[0][f"ue_{i}"]["observation"]["dcm"] for i in range(4)] == [1] * 4
            assert set(step[1].values()) == {0.0}
            results += [step, env.step({"bs": (quiet, wild)[ignored][1]} | {f"ue_{i}": 16 for i in range(4)})]
        assert data_equivalence(results[:2], results[2:])


def test_masks_allow_what_takes_effect() -> None:
    """Masked random play never makes an invalid UE action; every action outside the mask is one."""
    scenario = SCENARIOS[3]
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    with environment(scenario) as env:
        observations, _ = env.reset(seed=1)
        invalid = 0
        while env.agents:
            actions = {agent: 0 for agent in env.agents if agent != "bs"} | {"bs": np.zeros(8, np.int64)}
            masked_out = 0
            for agent in env.agents[1:]:
                mask = observations[agent]["action_mask"]
                actions[agent] = int(env.action_space(agent).sample(mask=mask))
                outside = np.flatnonzero(mask == 0)
                if observations["bs"]["observation"]["phase"] == FOLLOWER_PHASE and outside.size and agent == "ue_5":
                    actions[agent] = int(outside[-1])
                    masked_out += 1
            observations, _, _, _, infos = env.step(actions)
            if "counters" in infos["bs"]:
                assert infos["bs"]["counters"][wire_pb2.COUNTER_INVALID] >= masked_out
                assert (infos["bs"]["counters"][wire_pb2.COUNTER_INVALID] > 0) == (masked_out > 0)
                invalid += masked_out
        assert invalid > 0
        assert codes.ue_action_codes == env.action_space("ue_0").n  # type: ignore[attr-defined]


def test_rewards_are_the_utilities() -> None:
    """In `paper`: rho for a first decode; UEs 0 and 1 collide; idle RBGs cost rho while there is backlog."""
    with environment(load("paper", {"ttis": 3, "traffic.load": 1, "error_model.tbler": 0})) as env:
        env.reset(seed=1)
        transmit = [(2 + rbg) * 8 for rbg in range(2)]
        null = {"bs": np.zeros(4, np.int64)}
        hold = {f"ue_{i}": 0 for i in range(4)}
        env.step(null)
        _, rewards, _, _, infos = env.step(hold | {"ue_0": transmit[0]})
        assert set(rewards.values()) == {3.0 - 3.0}  # one decode, one idle RBG
        assert infos["ue_0"] == {"outcome": wire_pb2.UE_DECODED}
        assert infos["ue_1"] == {"outcome": wire_pb2.UE_HELD}
        env.step(null)
        _, rewards, _, _, infos = env.step(hold | {"ue_0": transmit[0], "ue_1": transmit[0], "ue_2": transmit[1]})
        assert set(rewards.values()) == {-1.0 + 3.0}
        assert infos["ue_1"] == {"outcome": wire_pb2.UE_COLLIDED}


def test_seeds_repeat_and_differ() -> None:
    def episode(env: CellParallelEnv, seed: int | None) -> list[Any]:
        observations, infos = env.reset(seed=seed)
        steps: list[Any] = [observations, infos]
        rng = np.random.default_rng(0)
        while env.agents:
            actions = {ue: int(rng.integers(32)) for ue in env.agents[1:]}
            steps.append(env.step(actions | {"bs": rng.integers(6, size=4)}))
        return steps

    with environment(SCENARIOS[0]) as env, environment(SCENARIOS[0]) as other:
        first = [episode(env, seed) for seed in (7, None, None)]
        second = [episode(other, seed) for seed in (7, None, None)]
        for i in range(3):
            assert data_equivalence(first[i], second[i])
            assert not data_equivalence(first[i], first[i - 1])


def test_a_cell_without_any_ue_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no UE is ever connected"):
        parallel_env(load("paper", {"ues": 0, "churn": [{"tti": 200, "join": 1}]}))


def test_misuse_is_told() -> None:
    with environment(SCENARIOS[0]) as env:
        with pytest.raises(OutOfTurnError, match="call reset"):
            env.step({})
        env.reset(seed=1)
        with pytest.raises(ActionError, match="bs has to act in this phase"):
            env.step({})
        with pytest.raises(ActionError, match=r"of bs is not in MultiDiscrete"):
            env.step({"bs": np.full(4, 6)})
        env.step({"bs": np.zeros(4, np.int64)})
        with pytest.raises(ActionError, match="ue_3 has to act"):
            env.step({f"ue_{i}": 0 for i in range(3)})
        with pytest.raises(ActionError, match=r"32 of ue_3 is not in Discrete\(32\)"):
            env.step({f"ue_{i}": 0 for i in range(3)} | {"ue_3": 32})
        assert env.step({f"ue_{i}": 0 for i in range(4)})[0]["bs"]["observation"]["tti"] == 1
    with pytest.raises(OutOfTurnError, match="closed"):
        env.reset()
