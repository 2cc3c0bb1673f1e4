# SPDX-License-Identifier: MIT
"""Sampled decisions in the real cell, over random cells, populations, grammars and rules: none is wrong.

The speaker is a policy that takes each permitted token with the same probability, so that all that can be said is said.
"""

import gc
import os
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from llmac.agents.engine.backend import Draw, Reply, Request
from llmac.agents.engine.engine import Engine
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role
from llmac.agents.language.speech import Rules, Speech
from llmac.agents.models import tokenizer
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction
from llmac.bridge.pag import grammar
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

DECISIONS = int(os.environ.get("LLMAC_DECISIONS", "10_000"))
"""To be made, at least; a million take some minutes."""
ENVIRONMENTS, TTIS = 16, 20
OWN = grammar.Grammar(
    grammar.ue_grammar(
        'start: ucm "; " access\naccess: "report" -> hold | "ack" -> delete | "Device " RBG -> transmit\n'
        'ucm: "no" -> null | "yes" -> sr | "level " LEVEL -> bsr | "m" SYMBOL -> symbol\n'
    ),
    grammar.bs_grammar(
        'start: (m ", ")* "no"\nm: UE " RBGs " RBG -> grant | UE " ack" -> ack | UE " heard m" SYMBOL -> symbol\n'
    ),
)


class Uniform:
    """A backend without a model."""

    def __init__(self, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
        self._vocabulary = vocabulary
        self._rng = rng

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        assert draw is None
        return [self._say(request) for request in requests]

    def _say(self, request: Request) -> Reply:
        guide = request.guide
        tokens = [*guide.forced]
        while guide.allowed.size:
            token = int(guide.allowed[int(self._rng.random() * guide.allowed.size)])
            guide = guide.after(token)
            tokens += [token, *guide.forced]
        return Reply(self._vocabulary.decode(tokens).strip(), tuple(tokens), 0.0, 0.0, ())

    def check(self, states: Sequence[str]) -> None:
        assert states

    def weights_changed(self) -> None:
        raise AssertionError


def random_cell(rng: np.random.Generator) -> Scenario:
    ues = round(64 ** rng.random())
    semantic = {"kind": "semantic", "bsr_levels": int(rng.integers(2, 9))}
    opaque = {"kind": "opaque", "symbols": int(rng.integers(1, 20))}
    return load(
        "near-far" if rng.random() < 0.5 else "paper",
        {
            "ues": ues,
            "rbgs": int(rng.integers(1, 9)),
            "vocabulary": semantic if rng.random() < 0.7 else opaque,
            "ack_deletes": bool(rng.integers(2)),
            "traffic.load": float(rng.random()),
            "history_ttis": int(rng.choice([0, 0, 0, 2])),
            "control.max_dcms_per_tti": int(rng.integers(0, 4)),
            "control.ucm_period_ttis": int(rng.integers(1, 4)),
            "control.delay_ttis": int(rng.integers(0, 2)),
            "control.loss_probability": 0.1,
            "churn": [{"tti": 5, "leave": [0]}, {"tti": 8, "join": int(rng.integers(1, 9))}],
        },
    )


def invalid_leaders(action: LeaderAction, limits: NDArray[np.int64]) -> int:
    """DCMs beyond the limits of their cells."""
    return int(np.where(limits > 0, np.maximum(action.dcm_count.astype(np.int64) - limits, 0), 0).sum())


def invalid_followers(observation: FollowerObservation, action: FollowerAction, ucms: NDArray[np.int64]) -> int:
    """UE actions that do not fit."""
    access, ucm = np.divmod(action.action, np.repeat(ucms, observation.ue_count))
    return int((((access > 0) & (observation.buffer == 0)) | ((ucm > 0) & (observation.ucm_opportunity == 0))).sum())


def play(agent: LanguageAgent, phrasebook: Phrasebook, cells: Sequence[Scenario], rules: Rules, seed: int) -> int:
    """Play one batch of episodes and check every decision; returns their number."""
    seeds = np.arange(seed, seed + len(cells), dtype=np.uint64)
    agent.reset(cells, seeds)
    grammars = [phrasebook.pag(cell.rbgs, cell.vocabulary) for cell in cells]
    ucms = np.array([pag.codes.ucm_codes for pag in grammars])
    limits = np.array([cell.control.max_dcms_per_tti for cell in cells])
    decisions = 0
    with ColumnEnv(cells, ttis=TTIS) as env:
        leaders = env.reset(seeds)
        while not leaders.done:
            leader_action = agent.lead(leaders)
            followers = env.lead(leader_action)
            follower_action = agent.follow(followers)
            leaders = env.follow(follower_action)
            for e, pag in enumerate(grammars):
                said = pag.parse_clauses(agent.canonical(e))
                assert pag.join(map(pag.clause, said)) == agent.canonical(e)
                granted = [rbg for rbg in pag.codes.dcm_rbg[[dcm.code for dcm in said]].tolist() if rbg >= 0]
                assert not rules.grant_once or len(granted) == len(set(granted))
            owners = np.repeat(np.arange(len(cells)), followers.ue_count).tolist()
            for e, reply in zip(owners, agent.follower_replies, strict=True):
                assert grammars[e].print_ue(grammars[e].parse_ue(reply.sentence)) == reply.sentence
            by_leaders = invalid_leaders(leader_action, limits)
            by_followers = invalid_followers(followers, follower_action, ucms)
            assert not rules.dcm_limit or by_leaders == 0
            assert not (rules.backlog and rules.opportunity) or by_followers == 0
            assert int(leaders.counters[:, wire_pb2.COUNTER_INVALID].sum()) == by_leaders + by_followers
            decisions += len(agent.leader_replies) + len(agent.follower_replies)
    return decisions


@pytest.mark.timeout(3600)
def test_every_sentence_is_an_action_that_the_cell_accepts(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(DECISIONS)
    books = [Phrasebook(vocabulary), Phrasebook(Vocabulary(tokenizer.train(OWN)), OWN)]
    decisions = batches = 0
    # All rules in the first batch, none in the second, any after that.
    while decisions < DECISIONS:
        on = (np.full(5, 1 - batches) if batches < 2 else rng.integers(0, 2, 5)).astype(bool).tolist()
        rules = Rules(*on)
        book = books[batches % 3 == 2]
        backend = Uniform(book.vocabulary, rng)
        agent = LanguageAgent(dict.fromkeys(Role, backend), book, Speech(rules=rules))
        cells = [random_cell(rng) for _ in range(ENVIRONMENTS)]
        decisions += play(agent, book, cells, rules, 1_100_000 + batches * ENVIRONMENTS)
        batches += 1
    assert batches >= 2


def test_a_population_that_grows_and_shrinks_leaves_nothing_behind(
    engines: dict[Role, Engine], phrasebook: Phrasebook
) -> None:
    """3 UEs, 40, 5, within one episode: the same agent goes on, and its memory returns to where it was."""
    cell = load(
        "near-far",
        {"ues": 3, "ttis": 60, "churn": [{"tti": 20, "join": 37}, {"tti": 40, "leave": list(range(3, 38))}]},
    )
    agent = LanguageAgent(engines, phrasebook, sample=True)
    seeds = np.array([1_000_600], dtype=np.uint64)
    held: list[int] = []
    populations: list[int] = []
    with ColumnEnv([cell]) as env:
        # What is made once, such as points of the grammar, is made in the first of two equal episodes.
        for _ in range(2):
            held, populations = [], []
            agent.reset([cell], seeds)
            leaders = env.reset(seeds)
            tracemalloc.start()
            while not leaders.done:
                populations.append(int(leaders.ue_count[0]))
                leaders = env.follow(agent.follow(env.lead(agent.lead(leaders))))
                if leaders.tti in {19, 60}:
                    agent.weights_changed()  # forgets what the models said, a bounded memory
                    gc.collect()
                    held.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
    assert {populations[0], populations[30], populations[59]} == {3, 40, 5}
    assert held[1] - held[0] < 100_000
