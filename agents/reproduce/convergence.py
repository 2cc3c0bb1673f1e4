# SPDX-License-Identifier: MIT
"""Short trainings, one for each population, from one warm start: how the normalised utility grows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import torch

from llmac.agents import registry
from llmac.agents.evaluation.episodes import play
from llmac.agents.evaluation.sweep.pool import Where
from llmac.agents.evaluation.sweep.table import Frame
from llmac.agents.evaluation.tune import FIRST_VALIDATION_SEED
from llmac.agents.learning import store
from llmac.agents.learning.clone import CloneOptions, TeacherName, clone
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.run import Training
from llmac.agents.learning.start import learner_of
from llmac.agents.models.runs import numbered
from llmac.agents.models.shipped import checkpoints
from llmac.agents.reproduce.plan import Budget
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import load

_SAVE_EVERY = 10


def warm_start(folder: Path, where: Where) -> Path:
    """The folder of a checkpoint that has hardly learned to grant by turns; made unless it is there."""
    torch.set_num_threads(1)
    if not (folder / "manifest.json").exists():
        clone(folder, CloneOptions.of(TeacherName.TURNS), where=where())
    return folder


def train(folder: Path, ues: int, start: Path, budget: Budget, where: Where) -> Path:
    """Train for one population as `quick.yaml` says, or go on with it; returns the folder of the run.

    Called in a process of a pool.

    Raises:
        LlmacError: the run cannot be made, or its folder holds another one.
    """
    config = TrainConfig.model_validate(
        TrainConfig.read(checkpoints() / "quick.yaml").model_dump(mode="json")
        | {
            "domains": [{"scenario": "paper", "ues": [ues, ues]}],
            "start": str(start),
            "updates": budget.updates,
            "environments": budget.environments,
            "validate_every": max(2, budget.updates // 10),
        }
    )
    begun = bool(numbered(folder))
    if begun:
        config = TrainConfig.read(folder / "config.yaml")
    state = store.load_newest(folder) if begun else None
    training = Training(config, learner_of(config, state.policy if state else None), where=where())
    try:
        if state:
            training.resume(state)
        folder.mkdir(parents=True, exist_ok=True)
        config.write(folder / "config.yaml")
        while training.update < config.updates:
            training.step()
            if training.update % _SAVE_EVERY == 0 and training.update < config.updates:
                store.save(folder, training.state())
        if not training.finished:
            training.finish()
            store.save(folder, training.state())
    finally:
        training.close()
    return folder


def curve(folder: Path, where: Where) -> Frame:
    """Normalised utility by update: of the sentences drawn in training, and of the most probable ones in validation.

    Both are divided by what the genie reaches in the cells of the validation: a population has cells of one kind.
    """
    config, rows = TrainConfig.read(folder / "config.yaml"), pq.read_table(folder / "metrics.parquet").to_pandas()
    domain = config.domains[0]
    ues = domain.ues[0] if domain.ues else 0
    scenarios = [load(domain.scenario, {"ues": ues})] * config.environments
    seeds = list(range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + config.environments))
    with ColumnEnv(scenarios, ttis=config.ttis, privileged=True, bound=True, **where()) as env:
        genie = np.mean([e["utility"] for e in play(env, registry.make(registry.REFERENCE), scenarios, seeds)])
    parts: list[Frame] = [
        pd.DataFrame({"ues": ues, "update": rows["updates"], "of": of, "normalised_utility": rows[column] / genie})
        for of, column in (("training", "train/utility"), ("validation", "validation/utility"))
    ]
    return pd.concat(parts, ignore_index=True).dropna()
