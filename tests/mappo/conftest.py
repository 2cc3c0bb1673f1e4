# SPDX-License-Identifier: MIT
"""Networks that have learned nothing: whatever is allowed they do at some time."""

import pytest

from llmac.agents.mappo.policy import Policy, Sizes
from llmac.bridge.scenario import Semantic


@pytest.fixture
def policy() -> Policy:
    """For two RBGs and three UEs."""
    return Policy.new(Sizes(ues=3, rbgs=2, vocabulary=Semantic(), memory=2, width=16), seed=5)
