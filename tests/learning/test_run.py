# SPDX-License-Identifier: MIT
"""Whole runs in real cells, in small: resuming, damage, the command."""

import itertools
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from llmac.agents.evaluation.meaning import PAIRS
from llmac.agents.language.prompts import Role
from llmac.agents.learning import store
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.run import Training
from llmac.agents.learning.start import learner_of
from llmac.agents.learning.store import TrainingState
from llmac.agents.learning.tracking import Tracker
from llmac.agents.models import checkpoint
from llmac.agents.models.runs import newest_policy
from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.errors import LlmacError

_BEST_RESPONSE = {
    "schedule": {"kind": "best-response", "follower_updates": 1},
    "kl_control": "penalty",
    "critic": "prompt",
    "critic_updates": 0,
}


@pytest.mark.parametrize("others", [{}, _BEST_RESPONSE], ids=["default", "best-response"])
def test_a_resumed_run_is_the_uninterrupted_one(config: TrainConfig, tmp_path: Path, others: dict[str, object]) -> None:
    config = TrainConfig.parse({**config.model_dump(), **others}, "test")
    learner = learner_of(config)
    whole = _run(Training(config, learner), 4)
    _run(Training(config, learner_of(config)), 2, tmp_path)
    halfway = store.load_newest(tmp_path)
    assert halfway.update == 2
    read_again = learner_of(config, halfway.policy)
    second = Training(config, read_again, processes=2)  # however the cells are spread
    second.resume(halfway)
    resumed = _run(second, 4)
    assert resumed.update == whole.update == 4
    assert resumed.rows == whole.rows
    assert resumed.protocol == whole.protocol
    assert resumed.tensors.keys() == whole.tensors.keys()
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, resumed.tensors[name]), name
    for role in Role:
        for one, other in zip(learner.models[role].parameters(), read_again.models[role].parameters(), strict=True):
            assert torch.equal(one, other)


def test_learning_changes_what_it_should(config: TrainConfig) -> None:
    start = learner_of(config)
    before = {role: [p.detach().clone() for p in start.models[role].parameters()] for role in Role}
    best_response = {"kind": "best-response", "follower_updates": 2}
    chosen = TrainConfig.parse({**config.model_dump(), "critic_updates": 1, "schedule": best_response}, "test")
    training = Training(chosen, start)
    try:
        # The critic's update, then the followers' two: their turn begins when the critic's is over.
        for _ in range(3):
            training.step()
        changed = {
            role: any(not torch.equal(a, b) for a, b in zip(before[role], start.models[role].parameters(), strict=True))
            for role in Role
        }
    finally:
        training.close()
    assert changed == {Role.UE: True, Role.BS: False}


def test_values_can_come_from_the_prompts(config: TrainConfig) -> None:
    chosen = TrainConfig.parse(
        {
            **config.model_dump(),
            "critic": "prompt",
            "kl_control": "penalty",
            "learning_rate": {"critic": 1e-3},
            "environments": 16,
        },
        "test",
    )
    state = _run(Training(chosen, learner_of(chosen)), 5)
    explained = [row["critic/explained_variance"] for row in state.rows]
    assert explained[-1] > explained[0]
    for role in Role:
        # From .5, and doubled or halved wherever the divergence missed its aim by half.
        learned = [row for row in state.rows if f"{role}/kl_penalty" in row]
        assert learned[0][f"{role}/kl_penalty"] == 0.5
        for row, after in itertools.pairwise(learned):
            aimed = row[f"{role}/approx_kl"] / chosen.kl_limit
            factor = 2 if aimed > 1.5 else 0.5 if aimed < 1 / 1.5 else 1
            assert after[f"{role}/kl_penalty"] == factor * row[f"{role}/kl_penalty"]


@pytest.mark.parametrize("others", [{}, {"critic": "prompt"}, {"agent": "mappo"}], ids=["central", "prompt", "mappo"])
def test_cells_without_ues_teach_nothing(others: dict[str, object]) -> None:
    empty = {"scenario": "paper", "ues": [0, 0], "set": {"churn": [{"tti": 9, "join": 1}]}}
    chosen = TrainConfig.parse(
        {"domains": [empty], "start": None, "environments": 2, "ttis": 3, "critic_updates": 0, **others}, "test"
    )
    state = _run(Training(chosen, learner_of(chosen)), 2)
    assert [row["train/return_bs"] for row in state.rows] == [0.0, 0.0]
    assert "ue/approx_kl" not in state.rows[0]


def test_an_edited_configuration_is_not_obeyed(config: TrainConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    _run(Training(config, learner_of(config)), 2, run)
    config.model_copy(update={"gamma": 0.5, "epochs": 1}).write(run / "config.yaml")
    again = _llmac(["--resume", "--out", str(run)])
    assert again.returncode == 2
    assert "config.yaml: changed since the run began: gamma, epochs; put back what was there" in " ".join(
        again.stderr.split()
    )
    assert store.load_newest(run).update == 2


def test_tensorboard_goes_on_where_the_checkpoint_ends(config: TrainConfig, tmp_path: Path) -> None:
    for resumed_at, last in ((0, 3), (2, 4)):  # the first run is killed after an update that was not saved
        with Tracker(tmp_path, config, resumed_at) as tracker:
            for update in range(resumed_at + 1, last + 1):
                tracker.add({"train/utility": float(resumed_at)}, update)
    read = EventAccumulator(str(tmp_path / "tensorboard"))
    read.Reload()
    told = [(event.step, event.value) for event in read.Scalars("train/utility")]
    assert told == [(1, 0.0), (2, 0.0), (3, 2.0), (4, 2.0)]


def test_the_newest_checkpoint_of_a_run_plays(config: TrainConfig, tmp_path: Path) -> None:
    _run(Training(config, learner_of(config)), 4, tmp_path)
    (tmp_path / "checkpoints" / "000009-mine").mkdir()  # no concern of the run's
    assert newest_policy(tmp_path) == tmp_path / "checkpoints" / "000004" / "policy"
    assert checkpoint.open_any(str(tmp_path)).made_by["updates_made"] == 4
    assert checkpoint_folder(f"llm:{tmp_path}") == newest_policy(tmp_path)


def test_a_full_disk_is_told_and_loses_nothing(config: TrainConfig, tmp_path: Path) -> None:
    _run(Training(config, learner_of(config)), 2, tmp_path)
    before = store.load_newest(tmp_path)
    tensors = {"weights": torch.zeros(1 << 20)}
    state = TrainingState(lambda folder: folder.mkdir(), tensors, 3, before.rows, before.protocol)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(LlmacError, match="000003: the checkpoint cannot be written: "):
            store.save(tmp_path, state)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert store.load_newest(tmp_path).update == 2


def test_a_finished_run_is_not_resumed(config: TrainConfig, tmp_path: Path) -> None:
    config.model_copy(update={"updates": 1}).write(tmp_path / "c.yaml")
    run = str(tmp_path / "run")
    assert _llmac(["--config", str(tmp_path / "c.yaml"), "--out", run]).returncode == 0
    rows = pq.read_table(tmp_path / "run" / "metrics.parquet").num_rows
    assert rows == 2  # before the update and after it
    protocol = pq.read_table(tmp_path / "run" / "protocol.parquet").to_pylist()
    assert [row["updates"] for row in protocol] == [0] * len(PAIRS) + [1] * len(PAIRS)
    for row in protocol:
        assert len(row["counts"]) == len(row["messages"]) * len(row["others"])
        assert row["counts"]
        assert row["bits"] <= row["message_bits"] + 1e-9
    again = _llmac(["--resume", "--out", run])
    assert again.returncode == 2
    assert "the run has made its 1 updates" in again.stderr
    assert pq.read_table(tmp_path / "run" / "metrics.parquet").num_rows == rows


def test_damage_falls_back_to_the_checkpoint_before(config: TrainConfig, tmp_path: Path) -> None:
    _run(Training(config, learner_of(config)), 4, tmp_path)
    (tmp_path / "checkpoints" / ".new-left-behind").mkdir()
    tensors = tmp_path / "checkpoints" / "000004" / "trainer.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"?")
    assert store.load_newest(tmp_path).update == 2
    (tmp_path / "checkpoints" / "000002" / "manifest.json").unlink()
    with pytest.raises(LlmacError, match=r"000004: trainer.safetensors is damaged; 000002: the manifest does not fit"):
        store.load_newest(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere: there is no such scenario"),
        (["paper", "--ues", "8:2"], "domains.0: Value error, ues: the least, 8, is above the most, 2"),
        (["paper", "--ues", "many"], "--ues many: write a number, or two as LEAST:MOST"),
        (["paper", "--set", "epoch=3"], "the configuration: epoch: Extra inputs are not permitted"),
        (["--resume", "--seed", "1"], "a resumed run keeps its configuration"),
        (["--config", "c.yaml", "--ues", "2"], "--config says which cells to train in"),
        (["--resume"], "config.yaml: the training configuration cannot be read"),
        (["paper", "--set", "domains.0.ues=[1, 2]"], "--set domains.0.ues: domains has no fields that could be set"),
    ],
)
def test_bad_input_is_told(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    ended = _llmac([*arguments, "--out", str(tmp_path / "run")])
    assert ended.returncode == 2
    assert sentence in " ".join(ended.stderr.split())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_improves_on_its_start(tmp_path: Path) -> None:
    """From random weights, in 23,000 environment-TTIs of `paper`.

    .18 to .67 of the bound while sampling, and .00 to .66 in validation.
    """
    own_pay = {"utility.followers": {"transmission_cost": 0.2}}
    TrainConfig.parse(
        {
            "domains": [{"scenario": "paper", "ues": [2, 4], "load": [0.3, 0.6], "set": own_pay}],
            "start": None,
            "updates": 20,
            "environments": 48,
            "save_every": 20,
            "validate_every": 20,
            "learning_rate": {"bs": 1e-3, "ue": 1e-3},
            "entropy": [0.01, 0.0],
            "gae_lambda": 0.4,
            "kl_limit": 0.05,
        },
        "the test",
    ).write(tmp_path / "c.yaml")
    ended = _llmac(["--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")])
    assert ended.returncode == 0, ended.stderr
    *rows, last = pq.read_table(tmp_path / "run" / "metrics.parquet").to_pylist()
    goodput = [row["train/goodput_over_bound"] for row in rows]
    assert np.mean(goodput[-3:]) > np.mean(goodput[:3]) + 0.2
    assert last["validation/goodput_over_bound"] > rows[0]["validation/goodput_over_bound"] + 0.3


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_and_resumed_is_the_uninterrupted_one(config: TrainConfig, tmp_path: Path) -> None:
    config.model_copy(update={"save_every": 1}).write(tmp_path / "c.yaml")
    new = ["--config", str(tmp_path / "c.yaml"), "--out"]
    assert _llmac([*new, str(tmp_path / "whole")]).returncode == 0
    killed = tmp_path / "killed"
    process = subprocess.Popen(_command([*new, str(killed)]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while _newest(killed) < 2:
        assert process.poll() is None
    process.kill()
    process.wait()
    assert _newest(killed) < config.updates
    assert _llmac(["--resume", "--out", str(killed)]).returncode == 0
    # Weights, critic, optimisers, rows of metrics: every file of the last checkpoint, byte for byte.
    manifests = [
        json.loads((run / "checkpoints" / "000004" / "manifest.json").read_text())
        for run in (tmp_path / "whole", killed)
    ]
    assert manifests[0] == manifests[1]
    whole, resumed = (pq.read_table(run / "metrics.parquet") for run in (tmp_path / "whole", killed))
    assert whole.equals(resumed)


def _newest(run: Path) -> int:
    return max((int(folder.name) for folder in (run / "checkpoints").glob("[0-9]*")), default=0)


def _run(training: Training, updates: int, out: Path | None = None) -> TrainingState:
    """Make updates until there are so many."""
    try:
        while training.update < updates:
            training.step()
            if out is not None and training.update % training.config.save_every == 0:
                store.save(out, training.state())
        return training.state()
    finally:
        training.close()


def _llmac(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(arguments),
        check=False,
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, "COLUMNS": "200"},
    )


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-c", "from llmac.agents.cli import main; main()", "train", *arguments]
