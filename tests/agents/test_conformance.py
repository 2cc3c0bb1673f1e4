# SPDX-License-Identifier: MIT
"""The built-in agents keep to the rules of a player, and stand a cell without UEs."""

import pytest

from llmac.agents import registry
from llmac.bridge.scenario import load
from llmac.bridge.testing import check_player

CHURN = [{"tti": 1, "join": 2}, {"tti": 5, "leave": [0], "join": 1}]
EMPTY = {"ttis": 10, "ues": 0}
SCENARIOS = [load("paper", {"ttis": 10}), load("near-far", {"ttis": 10, "churn": CHURN}), load("bursty", EMPTY)]


@pytest.mark.parametrize("name", [name for name in registry.names() if ":" not in name])
def test_a_built_in_agent_passes(name: str) -> None:
    check_player(lambda: registry.make(name), SCENARIOS, privileged=name.startswith("genie"))
