# SPDX-License-Identifier: MIT
"""Every conventional agent in cells of every kind, on the real cell: what must hold whatever the circumstances."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from llmac.agents import registry
from llmac.agents.evaluation.episodes import play
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import ScenarioError
from llmac.bridge.scenario import Scenario

TTIS = 120


def _scenario(name: str, **fields: Any) -> Scenario:
    return Scenario.model_validate({"name": name, "ttis": TTIS, **fields})


def _load(load: float) -> dict[str, Any]:
    return {"model": "bernoulli", "load": load}


CELLS = (
    _scenario("plain"),
    _scenario("one UE", ues=1, rbgs=3),
    _scenario("one RBG", ues=5, rbgs=1, traffic=_load(0.1)),
    _scenario("nobody at first", ues=0, churn=[{"tti": 5, "join": 3}, {"tti": 50, "leave": [0, 1, 2]}]),
    _scenario("deleted by ack", ack_deletes=True),
    _scenario("late", ues=12, rbgs=3, traffic=_load(0.2), control={"delay_ttis": 5}),
    _scenario(
        "scarce",
        ues=24,
        rbgs=4,
        traffic=_load(0.08),
        control={"delay_ttis": 1, "max_dcms_per_tti": 1, "ucm_period_ttis": 24, "loss_probability": 0.02},
    ),
    _scenario("lossy", ues=6, traffic=_load(0.3), control={"loss_probability": 0.3}),
    _scenario(
        "comings and goings",
        ues=10,
        rbgs=3,
        traffic=_load(0.2),
        churn=[{"tti": t, "join": 4, "leave": list(range(k * 4, k * 4 + 4))} for k, t in enumerate(range(10, 110, 20))],
        control={"loss_probability": 0.1, "delay_ttis": 2, "max_dcms_per_tti": 3, "ucm_period_ttis": 3},
    ),
    _scenario("blocks fail", error_model={"model": "fixed-tbler", "tbler": 0.4}),
    _scenario("opaque", vocabulary={"kind": "opaque", "symbols": 9}),
    _scenario("many", ues=300, rbgs=20, traffic=_load(0.04)),
)
SEEDS = tuple(range(100, 100 + len(CELLS)))


@pytest.fixture(scope="module")
def env() -> Iterator[ColumnEnv]:
    with ColumnEnv(CELLS, bound=True) as made:
        yield made


def _play(env: ColumnEnv, agent: str, cells: Sequence[Scenario], seeds: Sequence[int]) -> list[dict[str, float]]:
    env.reset(np.array(seeds), cells)
    return play(env, registry.make(agent), cells, seeds)


@pytest.mark.parametrize("agent", registry.TUNABLE)
def test_an_agent_stays_below_the_bound_and_hardly_ever_does_what_is_impossible(env: ColumnEnv, agent: str) -> None:
    for cell, metrics in zip(CELLS, _play(env, agent, CELLS, SEEDS), strict=True):
        assert metrics["goodput_dpdu_per_tti"] <= metrics["bound_dpdu_per_tti"], cell.name
        assert metrics["invalid_action_rate"] < 0.002, cell.name
        # Whoever does nothing, or jams the cell, does not reach a tenth of what is possible.
        assert metrics["goodput_dpdu_per_tti"] > 0.1 * metrics["bound_dpdu_per_tti"], cell.name


@pytest.mark.parametrize("agent", registry.TUNABLE)
def test_a_seed_gives_the_same_episode_alone_and_among_others(env: ColumnEnv, agent: str) -> None:
    together = _play(env, agent, CELLS, SEEDS)
    for i in (1, 6, 8):
        assert _play(env, agent, CELLS[i : i + 1], SEEDS[i : i + 1]) == together[i : i + 1]


@pytest.mark.parametrize("agent", [name for name in registry.TUNABLE if not name.startswith("aloha")])
def test_too_few_opaque_symbols_are_told_before_anything_is_played(agent: str) -> None:
    cell = _scenario("few", rbgs=2, vocabulary={"kind": "opaque", "symbols": 4})
    with pytest.raises(ScenarioError, match=r"few: .* needs `vocabulary.symbols` of at least 5 with 2 RBGs"):
        registry.make(agent).reset([cell], np.zeros(1, dtype=np.uint64))
