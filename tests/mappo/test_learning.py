# SPDX-License-Identifier: MIT
"""Training in real cells: the update, a tiny cell that is mastered, resuming, the command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from llmac.agents.language.prompts import Role
from llmac.agents.learning import store
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.experience import collect
from llmac.agents.learning.run import Training
from llmac.agents.learning.start import learner_of
from llmac.agents.mappo.agent import MappoAgent
from llmac.agents.mappo.decisions import Asked, Notes
from llmac.agents.mappo.policy import Policy
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load

SMALL = {
    "domains": [{"scenario": "paper", "ues": [2, 4], "load": [0.3, 0.6]}],
    "agent": "mappo",
    "mappo": {"ues": 4, "memory": 2, "width": 16},
    "updates": 4,
    "environments": 4,
    "ttis": 6,
    "critic_updates": 1,
    "validate_every": 2,
    "save_every": 2,
}


def test_the_trainer_sees_the_probabilities_that_were_drawn_from(policy: Policy) -> None:
    scenarios = [load("paper", {"ues": 3}), load("near-far", {"ues": 5, "control.max_dcms_per_tti": 2})]
    agent = MappoAgent(policy, sample=True)
    with ColumnEnv(scenarios, ttis=5, privileged=True, bound=True) as env:
        experience = collect(env, agent, Notes(agent.decided), scenarios, np.arange(2, dtype=np.uint64), 5)
    assert len(experience.decisions[Role.BS].x) == 2 * 5
    for role in Role:
        decisions = experience.decisions[role]
        with torch.inference_mode():
            log_prob, entropy = Asked(policy.actors[role], decisions).ask(np.arange(len(decisions.x)))
            logits = policy.actors[role](decisions.x).double().numpy()
        allowed, code = decisions.allowed.numpy(), decisions.code.numpy()
        for row in range(len(code)):
            weights = np.where(allowed[row], np.exp(logits[row]), 0)
            shares = weights / weights.sum(axis=1, keepdims=True)
            chosen = shares[np.arange(code.shape[1]), code[row]]
            assert (chosen > 0).all()
            assert abs(float(log_prob[row]) - np.log(chosen).sum()) < 1e-4
            assert abs(float(entropy[row]) + sum(p * np.log(p) for p in shares.ravel() if p > 0)) < 1e-4


def test_a_tiny_cell_is_mastered() -> None:
    """One UE and one RBG, from nothing, in 9,000 environment-TTIs; from .27 to .97 of the bound where it was set."""
    config = TrainConfig.parse(
        {
            **SMALL,
            "domains": [{"scenario": "paper", "ues": [1, 1], "set": {"rbgs": 1, "traffic.load": 0.4}}],
            "mappo": {"ues": 1, "memory": 2, "width": 32},
            "updates": 24,
            "environments": 16,
            "ttis": 24,
            "learning_rate": {"bs": 3e-3, "ue": 3e-3},
        },
        "test",
    )
    training = Training(config, learner_of(config))
    try:
        before = training.validate()["validation/goodput_over_bound"]
        while training.update < config.updates:
            training.step()
        after = training.validate()["validation/goodput_over_bound"]
    finally:
        training.close()
    assert before < 0.5
    assert after > 0.8


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path) -> None:
    config = TrainConfig.parse(SMALL, "test")
    whole = learner_of(config)
    rows = _train(Training(config, whole), 4)
    _train(Training(config, learner_of(config)), 2, tmp_path)
    halfway = store.load_newest(tmp_path)
    resumed = learner_of(config, halfway.policy)
    second = Training(config, resumed, processes=2)  # however the cells are spread
    second.resume(halfway)
    assert _train(second, 4) == rows
    for role in Role:
        for one, other in zip(whole.models[role].parameters(), resumed.models[role].parameters(), strict=True):
            assert torch.equal(one, other)


def test_domains_of_two_languages_are_refused() -> None:
    opaque = {"scenario": "paper", "set": {"vocabulary": {"kind": "opaque", "symbols": 5}}}
    config = TrainConfig.parse({**SMALL, "domains": [{"scenario": "paper"}, opaque]}, "test")
    with pytest.raises(LlmacError, match="the domains have different vocabularies"):
        learner_of(config)


def test_defaults_are_those_of_the_agent() -> None:
    domains = {"domains": [{"scenario": "paper"}]}
    llm, mappo = (TrainConfig.parse({**domains, **agent}, "test") for agent in ({}, {"agent": "mappo"}))
    assert (llm.start, mappo.start) == ("shipped", None)
    assert mappo.learning_rate.bs > llm.learning_rate.bs
    one_set = TrainConfig.parse({**domains, "agent": "mappo", "learning_rate": {"ue": 0.5}}, "test").learning_rate
    assert (one_set.ue, one_set.bs) == (0.5, mappo.learning_rate.bs)


def test_settings_that_mean_nothing_to_it_are_refused() -> None:
    with pytest.raises(LlmacError, match="precision: the networks of mappo are trained in float32"):
        TrainConfig.parse({**SMALL, "precision": "bfloat16"}, "test")
    with pytest.raises(LlmacError, match="learning_rate: Input should be a valid dictionary"):
        TrainConfig.parse({**SMALL, "learning_rate": 3}, "test")
    config = TrainConfig.parse({**SMALL, "critic": "prompt"}, "test")
    with pytest.raises(LlmacError, match="only language models have a prompt"):
        Training(config, learner_of(config))


def test_what_the_command_trains_can_be_played(tmp_path: Path) -> None:
    run = tmp_path / "run"
    settings = ["updates=2", "environments=4", "ttis=6", "mappo.width=16", "mappo.ues=4"]
    sets = [part for setting in settings for part in ("--set", setting)]
    told = _llmac("train", "paper", "--agent", "mappo", "--ues", "2:4", *sets, "--out", str(run))
    checkpoint = run / "checkpoints" / "000002" / "policy"
    assert f"--agents grant,mappo:{run}" in told
    assert TrainConfig.read(run / "config.yaml").agent == "mappo"
    made_by = json.loads((checkpoint / "manifest.json").read_text())["made_by"]
    assert (made_by["command"], made_by["seed"], made_by["ttis"]) == ("llmac train", 0, 6)
    names = [f"mappo:{run}", f"mappo:{checkpoint}"]
    played = _llmac("run", "paper", "--agents", ",".join(names), "--seeds", "2", "--ttis", "8", "--json")
    of_run, of_checkpoint = (json.loads(played)["agents"][name] for name in names)
    assert of_run == of_checkpoint
    assert of_run["invalid_action_rate"]["mean"] == 0


def _train(training: Training, updates: int, out: Path | None = None) -> list[dict[str, float]]:
    """Make updates until there are so many; returns the rows of all."""
    try:
        while training.update < updates:
            training.step()
            if out is not None and training.update % training.config.save_every == 0:
                store.save(out, training.state())
        return training.rows
    finally:
        training.close()


def _llmac(*arguments: str) -> str:
    command = [sys.executable, "-c", "from llmac.agents.cli import main; main()", *arguments]
    environment = {**os.environ, "COLUMNS": "200"}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100, env=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
