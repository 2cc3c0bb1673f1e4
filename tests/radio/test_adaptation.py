# SPDX-License-Identifier: MIT
"""Power control and link adaptation, from the scenario file to the metrics."""

from typing import Any

import numpy as np
import pytest
from links import mean_snrs, scenario

from llmac.agents import registry
from llmac.agents.evaluation.episodes import play
from llmac.bridge.envs.columns import ColumnEnv

SEEDS = range(4)


def metrics(agent: str = "genie", **fields: Any) -> dict[str, float]:
    """Mean over seeds of an agent's metrics."""
    chosen = [scenario(ttis=100, **fields)] * len(SEEDS)
    with ColumnEnv(chosen, privileged=True, bound=True) as env:
        episodes = play(env, registry.make(agent), chosen, list(SEEDS))
    return {name: float(np.mean([episode[name] for episode in episodes])) for name in episodes[0]}


def test_power_control_brings_all_ues_to_the_same_level() -> None:
    near = {"radius_m": 600.0, "min_distance_m": 35.0}
    full = mean_snrs(scenario(placement=near, ues=32), [1], ttis=1)
    controlled = mean_snrs(
        scenario(placement=near, ues=32, radio__power_control={"p0_dbm": -105.0, "alpha": 1.0}), [1], ttis=1
    )
    noise_dbm_per_rb = -174 + 5 + 10 * np.log10(180e3)
    assert np.ptp(full) > 20
    assert np.allclose(controlled, -105 - noise_dbm_per_rb, atol=0.01)


def test_full_compensation_takes_the_capture_effect_away() -> None:
    near = {"radius_m": 600.0, "min_distance_m": 35.0}
    full = metrics("aloha", placement=near)
    controlled = metrics("aloha", placement=near, radio__power_control={"p0_dbm": -105.0, "alpha": 1.0})
    assert controlled["collision_rate"] > full["collision_rate"] + 0.05


def test_link_adaptation_carries_more_bits_near_and_more_blocks_far() -> None:
    adapted: dict[str, Any] = {"radio__link_adaptation": {"period_ttis": 1, "delay_ttis": 0}}
    near = {"radius_m": 200.0, "min_distance_m": 35.0}
    assert metrics(placement=near, **adapted)["goodput_mbps"] > 2 * metrics(placement=near)["goodput_mbps"]
    far = {"radius_m": 1800.0, "min_distance_m": 1400.0}
    assert metrics(placement=far, **adapted)["goodput_dpdu_per_tti"] > metrics(placement=far)["goodput_dpdu_per_tti"]


def test_goodput_in_bits_is_that_of_the_transport_blocks() -> None:
    fixed = metrics(radio__mcs=16)
    assert fixed["goodput_mbps"] == pytest.approx(fixed["goodput_dpdu_per_tti"] * 1224 / 1e-3 / 1e6)


def test_old_channel_quality_costs_blocks() -> None:
    def rate(delay: int) -> float:
        adaptation = {"period_ttis": 1, "delay_ttis": delay, "target_bler": 0.1}
        placement = {"radius_m": 500.0, "min_distance_m": 400.0}
        result = metrics("grant", channel="rayleigh", placement=placement, radio__link_adaptation=adaptation)
        return result["goodput_mbps"]

    assert rate(0) > 1.1 * rate(5)
