# SPDX-License-Identifier: MIT
"""`llmac/Cell-v0` by Gymnasium's own checker and against its parts."""

import re
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode

from llmac.agents import registry
from llmac.agents.environments import ID, make, make_vec
from llmac.bridge import scenario as scenarios
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.party import Party
from llmac.bridge.errors import ActionError, LlmacError, OutOfTurnError, ScenarioError

CHURN = [{"tti": 2, "join": 1}, {"tti": 5, "leave": [1, 2]}, {"tti": 7, "leave": [0], "join": 2}]
SCENARIOS = [
    scenarios.load("paper", {"ttis": 12}),
    scenarios.load("near-far", {"ttis": 12, "churn": CHURN, "traffic.load": 0.5}),
    scenarios.load("paper", {"ttis": 5, "ues": 0, "churn": [{"tti": 2, "join": 1}]}),
]
PARTIES: list[Party] = ["bs", "ues"]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("party", PARTIES)
def test_gymnasium_accepts_it(scenario: scenarios.Scenario, party: Party) -> None:
    env = gymnasium.make(ID, scenario=scenario, party=party, other="random")
    check_env(env.unwrapped)
    env.close()


def episode(env: gymnasium.Env[object, object], seed: int | None) -> list[object]:
    observation, info = env.reset(seed=seed)
    steps: list[object] = [observation, info]
    rng = np.random.default_rng(0)
    over = False
    while not over:
        step = env.step(env.action_space.sample(mask=masks(info["action_mask"], rng)))
        assert env.observation_space.contains(step[0])
        info, over = step[4], step[2] or step[3]
        steps.append(step)
    return steps


def masks(allowed: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """One allowed code of each UE."""
    return tuple(np.eye(mask.size, dtype=np.int8)[rng.choice(np.flatnonzero(mask))] for mask in allowed)


@pytest.mark.parametrize("party", PARTIES)
def test_seeds_repeat_and_an_episode_ends_after_its_ttis(party: Party) -> None:
    env, other = (gymnasium.make(ID, scenario=SCENARIOS[1], party=party) for _ in range(2))
    first = [episode(env, seed) for seed in (7, None, None)]
    assert [len(steps) for steps in first] == [2 + 12] * 3
    second = [episode(other, seed) for seed in (7, None, None)]
    assert data_equivalence(first, second)
    assert not data_equivalence(first[0], first[1])
    assert not data_equivalence(first[1], first[2])
    env.close()
    other.close()


@pytest.mark.parametrize("party", PARTIES)
def test_a_learner_that_does_as_the_agent_gets_what_the_agent_gets(party: Party) -> None:
    """`grant` in both seats, one of them through the Gymnasium interface, is `grant` over columns."""
    scenario = SCENARIOS[1]
    learner, agent = registry.make("grant"), registry.make("grant")
    seeds = np.array([3], dtype=np.uint64)
    with ColumnEnv([scenario]) as columns:
        env = gymnasium.make(ID, scenario=scenario, party=party, other="grant")
        env.reset(seed=3)
        for player in (learner, agent):
            player.reset([scenario], seeds)
        leader = columns.reset(seeds)
        while not leader.done:
            lead = learner.lead(leader)
            follower = columns.lead(lead)
            follow = learner.follow(follower)
            codes = np.zeros(env.action_space.shape or (), dtype=np.int64)
            codes[lead.dcm_ue if party == "bs" else follower.ue_id] = lead.dcm_code if party == "bs" else follow.action
            observation, reward, _, truncated, info = env.step(codes)
            leader = columns.follow(follow)
            utility = leader.leader_utility[0] if party == "bs" else leader.follower_utility.mean()
            assert reward == pytest.approx(utility)
            assert np.array_equal(info["counters"], leader.counters[0])
            assert np.flatnonzero(observation["connected"]).tolist() == leader.ue_id.tolist()
            assert truncated == leader.done
        env.close()


@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_vector_environment_is_its_environments_side_by_side(party: Party, processes: int) -> None:
    singles = [gymnasium.make(ID, scenario=SCENARIOS[1], party=party) for _ in range(3)]
    envs = make_vec(SCENARIOS[1], 3, party=party, processes=processes)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    observations, infos = envs.reset(seed=5)
    alone = [single.reset(seed=5 + i) for i, single in enumerate(singles)]
    envs.action_space.seed(1)
    for step in range(2 * 13):
        assert envs.observation_space.contains(observations)
        for i, (observation, info) in enumerate(alone):
            assert data_equivalence({name: column[i] for name, column in observations.items()}, observation)
            assert all(np.array_equal(infos[name][i], value) for name, value in info.items())
        actions = envs.action_space.sample()
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        assert not terminations.any()
        assert truncations.tolist() == [step % 13 == 11] * 3
        if step % 13 == 12:  # the actions were not looked at: new episodes have begun
            alone = [single.reset() for single in singles]
            assert rewards.tolist() == [0.0] * 3
        else:
            results = [single.step(action) for single, action in zip(singles, actions, strict=True)]
            assert rewards.tolist() == [result[1] for result in results]
            alone = [(result[0], result[4]) for result in results]
    for env in (envs, *singles):
        env.close()


def test_misuse_is_told() -> None:
    env = make(SCENARIOS[0])
    with pytest.raises(OutOfTurnError, match="call reset"):
        env.step(np.zeros(4, np.int64))
    env.reset(seed=1)
    for wrong in (np.zeros(3, np.int64), np.full(4, 6), np.full(4, -1), np.zeros(4), None):
        with pytest.raises(ActionError, match="is not in MultiDiscrete"):
            env.step(wrong)
    for _ in range(12):
        env.step(np.zeros(4, np.int64))
    with pytest.raises(OutOfTurnError, match="call reset"):
        env.step(np.zeros(4, np.int64))
    env.close()
    with pytest.raises(OutOfTurnError, match="closed"):
        env.reset()


def test_misuse_of_a_vector_is_told() -> None:
    envs = make_vec(SCENARIOS[0], 2)
    with pytest.raises(OutOfTurnError, match="call reset"):
        envs.step(np.zeros((2, 4), np.int64))
    with pytest.raises(ActionError, match="3 seeds were given for 2 environments"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(ActionError, match="a part of them cannot be reset"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(seed=[1, None], options={"reset_mask": np.array([True, True])})
    with pytest.raises(ActionError, match=r"is not in Box\(0, 5"):
        envs.step(np.full((2, 4), 6))
    envs.close()
    with pytest.raises(OutOfTurnError, match="closed"):
        envs.step(np.zeros((2, 4), np.int64))


@pytest.mark.parametrize(
    ("words", "error", "options"),
    [
        ("no such scenario", ScenarioError, {"scenario": "nowhere"}),
        ("there is no agent 'nobody'", LlmacError, {"other": "nobody"}),
        ("there is no party 'ue_0'", ScenarioError, {"party": "ue_0"}),
        ("no UE is ever connected", ScenarioError, {"scenario": scenarios.load("paper", {"ues": 0})}),
    ],
)
def test_what_cannot_be_made_is_told(words: str, error: type[LlmacError], options: dict[str, Any]) -> None:
    with pytest.raises(error, match=words):
        make(**options)


def test_gymnasium_makes_both_by_the_id() -> None:
    envs = gymnasium.make_vec(ID, num_envs=2, vectorization_mode="vector_entry_point", scenario="paper", ttis=3)
    assert envs.reset(seed=1)[0]["connected"].tolist() == [[1] * 4] * 2
    envs.close()
    env = gymnasium.make(ID, ttis=3)
    assert env.reset(seed=1)[0]["connected"].tolist() == [1] * 4
    env.close()


def test_the_examples_of_the_page_run() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "environments.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(example, {})  # noqa: S102 (our own page)
