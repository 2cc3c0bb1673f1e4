# SPDX-License-Identifier: MIT
"""Language agents in the real cell."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from llmac.agents.agent import Agent
from llmac.agents.baselines.grant import Grant
from llmac.agents.baselines.random import Random
from llmac.agents.engine.engine import Engine
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.labels import Labels
from llmac.agents.language.leader import Leader
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import Role
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import LeaderObservation
from llmac.bridge.errors import ActionError
from llmac.bridge.pag.sentences import Pag
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

TTIS = 20


def random_cells(count: int, seed: int) -> list[Scenario]:
    """Small cells of every kind: populations, RBGs, vocabularies, limits, joins and leaves."""
    rng = np.random.default_rng(seed)
    cells: list[Scenario] = []
    for i in range(count):
        ues = int(rng.integers(1, 20))
        vocabulary = (
            {"kind": "semantic", "bsr_levels": int(rng.integers(2, 9))}
            if rng.random() < 0.7
            else {"kind": "opaque", "symbols": int(rng.integers(1, 20))}
        )
        overrides = {
            "ues": ues,
            "rbgs": int(rng.integers(1, 9)),
            "vocabulary": vocabulary,
            "ack_deletes": bool(rng.integers(0, 2)),
            "traffic.load": float(rng.random()),
            "control.max_dcms_per_tti": int(rng.integers(0, 4)),
            "control.ucm_period_ttis": int(rng.integers(1, 4)),
            "control.delay_ttis": int(rng.integers(0, 2)),
            "control.loss_probability": 0.1,
            # The second event makes some label spaces larger than a hundred.
            "churn": [{"tti": 5, "leave": [0]}, {"tti": 8, "join": int(rng.choice([1, 120]))}],
        }
        cells.append(load("near-far" if i % 2 else "paper", overrides))
    return cells


def invalid(observation: LeaderObservation) -> int:
    return int(observation.counters[:, wire_pb2.COUNTER_INVALID].sum())


def test_every_sentence_parses_and_every_action_fits(engines: dict[Role, Engine], phrasebook: Phrasebook) -> None:
    """At least 10,000 sentences of models that know nothing, drawn at random."""
    cells = random_cells(32, seed=1)
    seeds = np.arange(1_000_000, 1_000_032, dtype=np.uint64)
    agent = LanguageAgent(engines, phrasebook, sample=True)
    agent.reset(cells, seeds)
    decisions = 0
    with ColumnEnv(cells, ttis=TTIS) as env:
        leaders = env.reset(seeds)
        while not leaders.done:
            followers = env.lead(agent.lead(leaders))
            ids = np.split(leaders.ue_id, np.cumsum(leaders.ue_count)[:-1])
            for e, (cell, reply) in enumerate(zip(cells, agent.leader_replies, strict=True)):
                grammar = Pag(ids[e].tolist(), cell.rbgs, cell.vocabulary)
                sentence = agent.canonical(e)
                assert grammar.print_bs(grammar.parse_bs(sentence)) == sentence
                assert sentence.count(";") == reply.sentence.count(";")
            leaders = env.follow(agent.follow(followers))
            owner = np.repeat(np.arange(len(cells)), followers.ue_count).tolist()
            for e, reply in zip(owner, agent.follower_replies, strict=True):
                grammar = Pag((), cells[e].rbgs, cells[e].vocabulary)
                assert grammar.print_ue(grammar.parse_ue(reply.sentence)) == reply.sentence
            decisions += len(agent.leader_replies) + len(agent.follower_replies)
            assert invalid(leaders) == 0
    assert decisions >= 10_000


def test_codes_come_back_from_the_cell() -> None:
    """Python code -> C++ -> Python: what took effect is what was said, for at least 10,000 actions that fit."""
    cells = random_cells(32, seed=2)
    seeds = np.arange(1_000_100, 1_000_132, dtype=np.uint64)
    agent = Random()
    agent.reset(cells, seeds)
    compared = 0
    with ColumnEnv(cells, ttis=TTIS) as env:
        leaders = env.reset(seeds)
        said: dict[tuple[int, int], int] = {}
        while not leaders.done:
            followers = env.lead(agent.lead(leaders))
            environments = np.repeat(np.arange(32), followers.ue_count).tolist()
            keys = list(zip(environments, followers.ue_id.tolist(), strict=True))
            for key, last in zip(keys, followers.last_action.tolist(), strict=True):
                if key in said:
                    assert last == said[key]
                    compared += 1
            action = agent.follow(followers)
            said = dict(zip(keys, action.action.tolist(), strict=True))
            leaders = env.follow(action)
    assert compared >= 10_000


def delivered(scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], agent: Agent, ttis: int) -> int:
    """Over all environments."""
    total = 0
    agent.reset(scenarios, seeds)
    with ColumnEnv(scenarios, ttis=ttis) as env:
        leaders = env.reset(seeds)
        while not leaders.done:
            leaders = env.follow(agent.follow(env.lead(agent.lead(leaders))))
            total += int(leaders.counters[:, wire_pb2.COUNTER_DELIVERED].sum())
    return total


@pytest.mark.parametrize(("name", "overrides"), [("paper", {}), ("near-far", {}), ("paper", {"ues": 12, "rbgs": 4})])
def test_the_shipped_agent_delivers_what_grant_does(name: str, overrides: dict[str, int]) -> None:
    scenarios = [load(name, overrides)] * 4
    seeds = np.arange(1_000_200, 1_000_204, dtype=np.uint64)
    llm = delivered(scenarios, seeds, LanguageAgent.shipped(), ttis=100)
    grant = delivered(scenarios, seeds, Grant(), ttis=100)
    assert llm >= 0.95 * grant


def test_an_episode_is_the_same_whoever_shares_its_batch(engines: dict[Role, Engine], phrasebook: Phrasebook) -> None:
    cells = random_cells(4, seed=3)
    seeds = np.arange(1_000_300, 1_000_304, dtype=np.uint64)
    together = sentences(cells, seeds, LanguageAgent(engines, phrasebook, sample=True))
    for e in range(len(cells)):
        alone = sentences(cells[e : e + 1], seeds[e : e + 1], LanguageAgent(engines, phrasebook, sample=True))
        assert alone[0] == together[e]


def sentences(scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], agent: LanguageAgent) -> list[list[str]]:
    """What is said in each environment."""
    said: list[list[str]] = [[] for _ in scenarios]
    agent.reset(scenarios, seeds)
    with ColumnEnv(scenarios, ttis=TTIS) as env:
        leaders = env.reset(seeds)
        while not leaders.done:
            followers = env.lead(agent.lead(leaders))
            leaders = env.follow(agent.follow(followers))
            owner = np.repeat(np.arange(len(scenarios)), followers.ue_count).tolist()
            for e, reply in enumerate(agent.leader_replies):
                said[e].append(reply.sentence)
            for e, reply in zip(owner, agent.follower_replies, strict=True):
                said[e].append(reply.sentence)
    return said


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("end; end", "'end' is no message of the BS"),
        ("grant 0 to 7", "its last word is 'end'"),
        ("grant 0 to 100; end", "names 100, which is not connected"),
        ("grant 0 to {ue}; ack {ue}; end", "which is not connected or was named before"),
    ],
)
def test_a_bs_sentence_outside_the_grammar_is_refused(phrasebook: Phrasebook, sentence: str, reason: str) -> None:
    scenarios = [load("paper", {"ues": 1})]
    seeds = np.array([1_000_400], dtype=np.uint64)
    leader = Leader(scenarios, seeds, phrasebook)
    label = Labels(1_000_400).of(np.array([0], dtype=np.uint32))[0]
    with ColumnEnv(scenarios, ttis=1) as env:
        leader.observe(env.reset(seeds))
    with pytest.raises(ActionError, match=reason):
        leader.act([sentence.format(ue=label)])
