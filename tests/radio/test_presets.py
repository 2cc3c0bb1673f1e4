# SPDX-License-Identifier: MIT
"""Channel presets change the physics, and are fair: no channel depends on what others do, or on who they are."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from links import draws, mean_snrs, scenario
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


@pytest.mark.parametrize("preset", list(PRESETS))
def test_arrivals_joins_and_leaves_depend_neither_on_actions_nor_on_who_else_is_there(preset: str) -> None:
    churn = {"join_per_tti": 0.3, "mean_stay_ttis": 20}
    busy = scenario(channel=preset, ues=3, ttis=60, poisson_churn=churn)
    connected, arrived = draws(busy, 8, "hold")
    assert connected[-1] != connected[0]
    assert sum(arrived) > 20
    assert draws(busy, 8, "transmit") == (connected, arrived)
    _, of_three = draws(scenario(channel=preset, ues=3, ttis=60), 8, "hold")
    _, of_six = draws(scenario(channel=preset, ues=6, ttis=60), 8, "transmit")
    assert of_six[:3] == of_three


def f_db(slope: float, mhz: float = 2000) -> float:
    """Of the carrier."""
    return slope * math.log10(mhz)


PATH_LOSS: dict[str, Callable[[float], float]] = {
    "ideal": lambda _: 0,
    "log-distance": lambda d: 128.1 + 37.6 * math.log10(d / 1000),
    "rayleigh": lambda d: 128.1 + 37.6 * math.log10(d / 1000),
    "uma": lambda d: 28 + 22 * math.log10(d) + f_db(20, 2),
    "umi": lambda d: 32.4 + 21 * math.log10(d) + f_db(20, 2),
    "rma": lambda d: (
        20 * math.log10(40 * math.pi * d * 2 / 3)
        + 0.03 * 5**1.72 * math.log10(d)
        - 0.044 * 5**1.72
        + 0.002 * math.log10(5) * d
    ),
    "inh": lambda d: 32.4 + 17.3 * math.log10(d) + f_db(20, 2),
    # The array at the BS adds 6 dB to the line of sight, and less to the paths around it.
    "uma-fading": lambda d: 28 + 22 * math.log10(d) + f_db(20, 2) - 5,
    "v2v": lambda d: 38.77 + 16.7 * math.log10(d) + f_db(18.2, 2),
    "cost231": lambda d: (
        46.3
        + f_db(33.9)
        - 13.82 * math.log10(25)
        - (0.8 + (f_db(1.11) - 0.7) * 1.5 - f_db(1.56))
        + (44.9 - 6.55 * math.log10(25)) * math.log10(d / 1000)
        + 10
    ),
    "okumura-hata": lambda d: (
        46.3
        + f_db(33.9)
        - 13.82 * math.log10(25)
        - 3.2 * math.log10(11.75 * 1.5) ** 2
        + (44.9 - 6.55 * math.log10(25)) * math.log10(d / 1000)
        + 3
    ),
}
"""In dB by distance in m, in line of sight and up to the break point; the sources are those of docs/phy.md."""
TOLERANCE_DB = {"rayleigh": 0.3, "uma-fading": 1.1}
"""Where the mean is that of fading; four standard errors for the 12,000 draws of `rayleigh` are 0.16 dB."""


def in_line_of_sight(preset: str) -> list[dict[str, Any]]:
    """The models of a preset, those of 3GPP always in line of sight and without shadowing."""
    sure = {"ShadowingEnabled": False, "ChannelConditionModel": "ns3::AlwaysLosChannelConditionModel"}
    return [
        {**model, "attributes": {**model.get("attributes", {}), **sure}}
        if re.fullmatch(r"ns3::ThreeGpp\w+(?<!Spectrum)PropagationLossModel", model["type"])
        else model
        for model in PRESETS[preset].channel
    ]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_mean_path_loss_of_a_preset_is_that_of_its_formula_at_three_distances(preset: str) -> None:
    plane = (100.0, 180.0, 300.0)
    radio = {"radio": dict(PRESETS[preset].radio)} if PRESETS[preset].radio else {}
    chosen = scenario(
        channel=in_line_of_sight(preset), ues=3, placement__positions_m=[[d, 0, 1.5] for d in plane], **radio
    )
    snrs = mean_snrs(chosen, range(30), ttis=400 if preset == "rayleigh" else 30 if preset == "uma-fading" else 1)[-1]
    snr = 10 * np.log10(np.mean(10 ** (snrs.astype(float) / 10), axis=0))
    noise_dbm = -174 + 5 + 10 * math.log10(4 * 180e3)
    for measured, d in zip(23 - noise_dbm - snr, plane, strict=True):
        expected = PATH_LOSS[preset](math.hypot(d, 23.5))
        assert measured == pytest.approx(expected, abs=TOLERANCE_DB.get(preset, 0.01))


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
