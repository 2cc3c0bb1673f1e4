# SPDX-License-Identifier: MIT
"""A small policy and what it experienced in real cells."""

import pytest

from llmac.agents.learning.config import Domain, TrainConfig
from llmac.agents.learning.run import Training
from llmac.agents.learning.start import learner_of


@pytest.fixture
def config() -> TrainConfig:
    """Runs of a second or two."""
    return TrainConfig(
        domains=(Domain(scenario="paper", ues=(2, 4), load=(0.3, 0.6)),),
        updates=4,
        environments=4,
        ttis=6,
        epochs=2,
        minibatches=2,
        critic_updates=1,
        validate_every=2,
        save_every=2,
    )


@pytest.fixture
def training(config: TrainConfig) -> "Training":
    """A run that has not begun; the test closes it."""
    return Training(config, learner_of(config))
