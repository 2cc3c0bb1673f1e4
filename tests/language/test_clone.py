# SPDX-License-Identifier: MIT
"""Cloning, from the recording in the real cell to the checkpoint, in small."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from foreign import bpe_tokenizer, save_model

from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import Role, Style
from llmac.agents.language.speech import Speech
from llmac.agents.learning import cells
from llmac.agents.learning.clone import CloneOptions, clone
from llmac.agents.learning.recording import record
from llmac.agents.learning.teacher import Teacher
from llmac.agents.models import checkpoint
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.pag import grammar
from llmac.bridge.scenario import load

SMALL = CloneOptions(environments=16, rounds=2, bs_steps=30, ue_steps=150)


def test_a_clone_is_learned_and_written(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    reports = clone(tmp_path / "made", SMALL, advance=lambda stage, share: told.append((stage, share)))
    assert [stage for stage, share in told if math.isclose(share, 1.0)] == ["record lease in ns-3", "fit bs", "fit ue"]
    # A UE's sentence has about two choices among a handful of tokens: at random it would be right once in ten times.
    assert reports[Role.UE].sentence_accuracy > 0.5
    assert reports[Role.BS].choice_nll < 1.5
    assert checkpoint.load(tmp_path / "made").made_by["environments"] == SMALL.environments
    LanguageAgent.load(tmp_path / "made")


def test_a_clone_speaks_a_grammar_of_ones_own(tmp_path: Path) -> None:
    own = grammar.Grammar(
        ue=grammar.ue_grammar(
            'start: access ", " ucm\naccess: "wait" -> hold | "drop" -> delete | "use block " RBG -> transmit\n'
            'ucm: "nothing" -> null | "help" -> sr | "have " LEVEL -> bsr | "m" SYMBOL -> symbol\n'
        ),
        bs=grammar.standard().bs,
    )
    clone(tmp_path / "made", replace(SMALL, rounds=1, bs_steps=20, ue_steps=30), grammar=own)
    agent = LanguageAgent.load(tmp_path / "made", Speech(grammar=own))
    cell, seeds = load("near-far", {"ues": 3, "rbgs": 2}), np.array([1], dtype=np.uint64)
    agent.reset([cell], seeds)
    with ColumnEnv([cell]) as env:
        agent.follow(env.lead(agent.lead(env.reset(seeds))))
    assert {reply.sentence.split(",")[0] for reply in agent.follower_replies} <= {
        "wait",
        "drop",
        "use block 0",
        "use block 1",
    }


def test_a_recording_holds_the_teachers_choices(phrasebook: Phrasebook) -> None:
    scenarios = cells.scheduled(np.random.default_rng(7), 6)
    seeds = np.arange(6, dtype=np.uint64)
    with ColumnEnv(scenarios, ttis=60) as env:
        recorded = record(env, Teacher(), scenarios, seeds, phrasebook, 0.05, [100] * 6, lambda: None)
    vocabulary = phrasebook.vocabulary
    for role in Role:
        assert len(recorded[role].examples) > 20
        assert recorded[role].count.total() > len(recorded[role].examples)
        # What the teacher said in one state shares the square root of how often that was.
        often, _ = max(recorded[role].count, key=lambda key: recorded[role].count[key])
        said = [count for (state, _), count in recorded[role].count.items() if state == often]
        weights = zip(recorded[role].examples, recorded[role].weights().tolist(), strict=True)
        assert sum(w for (state, _), w in weights if state == often) == pytest.approx(sum(said) ** 0.5)
        for (state, sentence), example in recorded[role].examples.items():
            text = vocabulary.decode(example.tokens)
            assert text.endswith(f"{state} {sentence}")
            for choice in example.choices:
                assert example.tokens[choice.position] in choice.allowed
                assert choice.allowed.size > 1


def test_adapters_of_a_pretrained_model_learn_from_the_teacher(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "base", bpe_tokenizer(), hidden_size=64)
    options = CloneOptions(
        seed=1,
        base=str(folder),
        environments=3,
        rounds=1,
        bs_steps=2,
        ue_steps=25,
        batch=8,
        learning_rate=3e-3,
        held_out=0.2,
    )
    reports = clone(tmp_path / "made", options)
    untrained = clone(tmp_path / "first", replace(options, ue_steps=1, learning_rate=1e-9))
    assert reports[Role.UE].choice_nll < untrained[Role.UE].choice_nll - 0.1
    loaded = checkpoint.load(tmp_path / "made")
    assert loaded.base == str(folder)
    assert loaded.style == Style.INSTRUCT
