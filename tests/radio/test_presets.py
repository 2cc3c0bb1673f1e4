# SPDX-License-Identifier: MIT
"""Channel presets change the physics, and are fair: no channel depends on what others do, or on who they are."""

import numpy as np
import pytest
from links import mean_snrs, scenario
from scipy.stats import ks_2samp

from llmac.bridge.scenario.channels import PRESETS

RING = {"radius_m": 301.0, "min_distance_m": 299.0}
WALK = {
    "type": "ns3::RandomWalk2dMobilityModel",
    "attributes": {"Speed": "ns3::ConstantRandomVariable[Constant=30]", "Mode": "Time", "Time": "5ms"},
}


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "log-distance"])
def test_snrs_are_distributed_otherwise_than_with_log_distance(preset: str) -> None:
    seeds = range(4)
    usual = mean_snrs(scenario(channel="log-distance", ues=32, placement=RING), seeds, ttis=1)
    other = mean_snrs(scenario(channel=preset, ues=32, placement=RING), seeds, ttis=1)
    assert np.isfinite(other).all()
    assert ks_2samp(usual.ravel(), other.ravel()).pvalue < 1e-6


@pytest.mark.parametrize("mobility", [None, WALK], ids=["standing", "walking"])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_channel_depends_neither_on_actions_nor_on_who_else_is_there(
    preset: str, mobility: dict[str, object] | None
) -> None:
    placement = {"radius_m": 400.0} | ({"mobility": mobility} if mobility else {})
    few = mean_snrs(scenario(channel=preset, ues=3, placement=placement), [5, 6], acting="hold")
    many = mean_snrs(scenario(channel=preset, ues=6, placement=placement), [5, 6], acting="transmit")
    alone = mean_snrs(scenario(channel=preset, ues=3, placement=placement), [6], acting="transmit")
    assert np.array_equal(few, many[:, :, :3])
    assert np.array_equal(few[:, 1:], alone)
    assert not np.array_equal(few[:, 0], few[:, 1]) or preset == "ideal"


@pytest.mark.parametrize("preset", ["rayleigh", "uma-fading"])
def test_fading_goes_on_in_time(preset: str) -> None:
    snrs = mean_snrs(scenario(channel=preset, ues=8), [1], ttis=40)
    assert np.ptp(snrs, axis=0).max() > 0.5


@pytest.mark.parametrize("preset", ["ideal", "log-distance", "uma", "umi", "rma", "inh", "cost231", "okumura-hata"])
def test_a_link_without_fading_stays_as_it_is_while_its_ue_stands(preset: str) -> None:
    snrs = mean_snrs(scenario(channel=preset, ues=8), [1], ttis=40)
    assert np.ptp(snrs, axis=0).max() < 1e-4


def test_walking_changes_a_link() -> None:
    snrs = mean_snrs(scenario(channel="log-distance", placement={"mobility": WALK}), [1], ttis=200)
    assert np.ptp(snrs, axis=0).min() > 0
