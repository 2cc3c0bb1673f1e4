# SPDX-License-Identifier: MIT
"""Scrambled messages: what changes, what does not, and what it costs a protocol that needs them."""

import numpy as np
import pytest

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.agents.evaluation.episodes import Tti, play
from llmac.agents.evaluation.scramble import Scramble, Scrambled
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import load

SCENARIO = load("paper", {"control.ucm_period_ttis": 2, "control.max_dcms_per_tti": 3})
SEEDS = [1, 2, 3]


class _Messages:
    """Keeps the sent DCM codes and UCM codes of every TTI."""

    def __init__(self) -> None:
        self.dcms: list[list[int]] = []
        self.ucms: list[list[int]] = []

    def add(self, tti: Tti) -> None:
        self.dcms.append(sorted(tti.leader_action.dcm_code.tolist()))
        self.ucms.append((tti.follower_action.action % 8).tolist())


def _play(agent: Agent) -> tuple[float, float, _Messages]:
    """Goodput, share of invalid actions, and the messages."""
    kept, copies = _Messages(), [SCENARIO] * len(SEEDS)
    with ColumnEnv(copies, ttis=60, privileged=True, bound=True) as env:
        episodes = play(env, agent, copies, SEEDS, [kept])
    goodput, invalid = (
        float(np.mean([e[name] for e in episodes])) for name in ("goodput_dpdu_per_tti", "invalid_action_rate")
    )
    return goodput, invalid, kept


@pytest.mark.parametrize("how", Scramble)
def test_a_protocol_of_grants_lives_by_its_messages(how: Scramble) -> None:
    clean, _, _ = _play(registry.make("grant"))
    scrambled, invalid, _ = _play(Scrambled(registry.make("grant"), how))
    assert scrambled < 0.7 * clean
    assert invalid == 0  # opportunities and the limit of DCMs are kept


def test_shuffled_are_the_same_messages() -> None:
    _, _, said = _play(Scrambled(registry.make("random"), Scramble.SHUFFLE))
    _, _, original = _play(registry.make("random"))
    # What `random` says does not depend on what it hears.
    assert said.dcms == original.dcms
    assert said.ucms != original.ucms


def test_nothing_is_lost_where_nothing_is_said() -> None:
    clean, _, _ = _play(registry.make("genie"))
    shuffled, _, _ = _play(Scrambled(registry.make("genie"), Scramble.SHUFFLE))
    assert shuffled == clean
