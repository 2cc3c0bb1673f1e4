# SPDX-License-Identifier: MIT
"""The checkpoint with an emerged protocol: better than without one, and by its messages."""

from pathlib import Path

import numpy as np
import pytest

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.agents.evaluation.episodes import play
from llmac.agents.evaluation.scramble import Scramble, Scrambled
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import load

CHECKPOINT = Path(__file__).parents[2] / "agents" / "checkpoints" / "opaque"
SEEDS = range(2_000_000, 2_000_006)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_emerged_protocol_lives_by_its_messages() -> None:
    scenario = load("paper", {"vocabulary": {"kind": "opaque", "symbols": 2}})
    copies = [scenario] * len(SEEDS)

    def goodput(agent: Agent) -> float:
        episodes = play(env, agent, copies, SEEDS)
        return float(np.mean([e["goodput_dpdu_per_tti"] for e in episodes]))

    with ColumnEnv(copies, privileged=True, bound=True) as env:
        emerged = goodput(registry.make(f"llm:{CHECKPOINT}"))
        assert emerged > 1.6 * goodput(registry.make("aloha"))
        for scramble, left in ((Scramble.SHUFFLE, 0.8), (Scramble.NOISE, 0.7)):
            assert goodput(Scrambled(registry.make(f"llm:{CHECKPOINT}"), scramble)) < left * emerged
