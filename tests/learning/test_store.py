# SPDX-License-Identifier: MIT
"""SIGKILL in the middle of a save, wherever that is: a good checkpoint always loads."""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

import numpy as np
import pyarrow.parquet as pq
import torch

from llmac.agents.learning import store
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.start import first_policy
from llmac.agents.learning.store import TrainingState
from llmac.agents.models import checkpoint
from llmac.agents.models.checkpoint import Checkpoint

_KILLS = 50
_DEADLINE_S = 60.0


def test_a_good_checkpoint_loads_whenever_the_run_was_killed(config: TrainConfig, tmp_path: Path) -> None:
    policy = first_policy(config.model_copy(update={"start": None}))
    for update in (1, 2):
        store.save(tmp_path, _state(policy, update))
    _, events = _in_a_process(lambda: store.save(tmp_path, _state(policy, 3)), at=sys.maxsize)
    assert events > 1000
    rng, newest, killed_after_it_was_there = np.random.default_rng(7), 3, 0
    # Anywhere, and as often near the end: when the checkpoint is there, what is left is to remove the oldest.
    anywhere, late = rng.integers(1, events, _KILLS), rng.integers(events - 200, events, _KILLS)
    for at in [*anywhere.tolist(), *late.tolist()]:
        exit_code, _ = _in_a_process(lambda update=newest + 1: store.save(tmp_path, _state(policy, update)), at)
        assert exit_code == -signal.SIGKILL
        saved = store.load_newest(tmp_path)
        assert saved.update in {newest, newest + 1}
        assert torch.equal(saved.tensors["number"], torch.tensor(saved.update))
        assert len(saved.rows) == saved.update
        # Written before the checkpoint is there, so that it is never behind; a resumed run writes it again.
        assert saved.update <= pq.read_table(tmp_path / "metrics.parquet").num_rows <= newest + 1
        killed_after_it_was_there += saved.update > newest
        newest = saved.update
    assert 0 < killed_after_it_was_there < 2 * _KILLS
    checkpoint.load(store.load_newest(tmp_path).policy)
    store.save(tmp_path, _state(policy, newest + 1))
    assert pq.read_table(tmp_path / "metrics.parquet").num_rows == newest + 1
    assert not list((tmp_path / "checkpoints").glob(".*"))  # what the killed ones left behind


def test_a_checkpoint_takes_the_place_of_one_of_the_same_update(config: TrainConfig, tmp_path: Path) -> None:
    policy = first_policy(config.model_copy(update={"start": None}))
    store.save(tmp_path, _state(policy, 1))
    for number in (1.0, 2.0):
        state = _state(policy, 2)
        state.tensors = {"number": torch.tensor(number)}
        store.save(tmp_path, state)
        assert store.load_newest(tmp_path).tensors["number"] == number
    checkpoints = tmp_path / "checkpoints"
    assert sorted(path.name for path in checkpoints.iterdir()) == ["000001", "000002"]
    # Killed after the old one had made way, and before the new one was in its place.
    (checkpoints / "000002").rename(checkpoints / ".old-000002")
    assert store.load_newest(tmp_path).update == 2
    store.save(tmp_path, _state(policy, 2))
    assert sorted(path.name for path in checkpoints.iterdir()) == ["000001", "000002"]
    (checkpoints / "000002").rename(checkpoints / ".old-000002")
    store.save(tmp_path, _state(policy, 3))
    assert sorted(path.name for path in checkpoints.iterdir()) == [".old-000002", "000003"]


def _state(policy: Checkpoint, update: int) -> TrainingState:
    return TrainingState(
        save_policy=lambda folder: checkpoint.save(folder, policy),
        tensors={"number": torch.tensor(update), "weights": torch.zeros(10_000)},
        update=update,
        rows=[{"updates": float(n)} for n in range(update)],
        protocol=[],
    )


def _in_a_process(action: Callable[[], object], at: int) -> tuple[int | None, int]:
    """Do it in a process that is killed at a function call with this number; returns exit code and calls made."""
    fork = get_context("fork")
    calls = fork.Value("q", 0, lock=False)

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            calls.value += 1
            if calls.value == at:
                os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        sys.setprofile(count)
        action()
        sys.setprofile(None)

    process = fork.Process(target=run)
    process.start()
    process.join(_DEADLINE_S)
    exit_code = process.exitcode
    if exit_code is None:
        process.kill()
        process.join()
    return exit_code, int(calls.value)
