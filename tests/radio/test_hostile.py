# SPDX-License-Identifier: MIT
"""Whatever a user writes about channel, antennas and mobility: it runs, or one sentence says why not."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from links import scenario, silence

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction
from llmac.bridge.errors import RequestRefusedError, ScenarioError
from llmac.bridge.launch.catalogue import loss_models
from llmac.bridge.scenario.channels import PRESETS

LOSSES = {model.type_id: [attribute.name for attribute in model.attributes] for model in loss_models()}
ANTENNAS = {
    "ns3::CosineAntennaModel": ["VerticalBeamwidth", "HorizontalBeamwidth", "Orientation", "MaxGain"],
    "ns3::IsotropicAntennaModel": ["Gain"],
    "ns3::ParabolicAntennaModel": ["Beamwidth", "Orientation", "MaxAttenuation"],
    "ns3::ThreeGppAntennaModel": [],
    "ns3::UniformPlanarArray": ["NumColumns", "NumRows", "AntennaHorizontalSpacing", "BearingAngle", "AntennaElement"],
}
MOBILITY = {
    "ns3::ConstantPositionMobilityModel": ["Position"],
    "ns3::ConstantVelocityMobilityModel": ["Position", "Velocity"],
    "ns3::GaussMarkovMobilityModel": ["Bounds", "TimeStep", "Alpha", "MeanVelocity", "NormalPitch"],
    "ns3::HierarchicalMobilityModel": ["Child", "Parent"],
    "ns3::RandomDirection2dMobilityModel": ["Bounds", "Speed", "Pause"],
    "ns3::RandomWalk2dMobilityModel": ["Bounds", "Time", "Distance", "Mode", "Speed", "Direction"],
    "ns3::RandomWaypointMobilityModel": ["Speed", "Pause", "PositionAllocator"],
    "ns3::SteadyStateRandomWaypointMobilityModel": ["MinSpeed", "MaxSpeed", "MinX", "MaxX", "MinPause", "MaxPause"],
    "ns3::WaypointMobilityModel": ["NextWaypoint", "InitialPositionIsWaypoint"],
}
TEXTS = st.sampled_from(
    [
        *("", "0", "-1", "1", "0.5", "1e9", "1e308", "-1e308", "1e-308", "nan", "inf", "-inf", "4294967296", "1e400"),
        *(
            "true",
            "false",
            "0s",
            "1ms",
            "-5s",
            "1e30s",
            "soon",
            "0|0|0|0",
            "-1|1|-1|1",
            "1|-1|1|-1",
            "-9e9|9e9|-9e9|9e9",
        ),
        *("-2000|2000|-2000|2000|0|100", "0:0:0", "1e308:0:0", "nan:nan:nan", "0$1:2:3", "Time", "Distance", "Urban"),
        *("ns3::", "ns3::Node", "ns3::Nothing", "ns3::Node[", "ns3::Node[]", "[", "]", "[[", "|", "=", "\x00", "a\nb"),
        "ns3::ConstantRandomVariable[Constant=0]",
        "ns3::ConstantRandomVariable[Constant=-1]",
        "ns3::ConstantRandomVariable[Constant=1e308]",
        "ns3::ConstantRandomVariable[Constant=inf]",
        "ns3::UniformRandomVariable[Min=5|Max=1]",
        "ns3::NormalRandomVariable[Variance=-1]",
        "ns3::ZetaRandomVariable[Alpha=0.5]",
        "ns3::DeterministicRandomVariable",
        "ns3::EmpiricalRandomVariable",
        "ns3::SequentialRandomVariable[Min=0|Max=9]",
        "ns3::AlwaysLosChannelConditionModel",
        "ns3::NeverLosVehicleChannelConditionModel",
        "ns3::BuildingsChannelConditionModel",
        "ns3::ThreeGppV2vUrbanChannelConditionModel",
        "ns3::ThreeGppUmaChannelConditionModel[UpdatePeriod=0.1ms|O2iThreshold=1]",
        "ns3::ThreeGppChannelModel[UpdatePeriod=1ms]",
        "ns3::ThreeGppChannelModel[Scenario=Mars]",
        "ns3::ThreeGppChannelModel[Frequency=0]",
        "ns3::ThreeGppChannelModel[Blockage=true|NumNonselfBlocking=9]",
        "ns3::ConstantVelocityMobilityModel",
        "ns3::ListPositionAllocator",
        "ns3::UniformDiscPositionAllocator[rho=1e308]",
        "/dev/zero",
        "/dev/null",
        "/",
    ]
)
NUMBERS = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1e-300, 1e300, math.pi, 1e8, 1e11, 25.0, 1.5]))
POSITIONS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=3)


def models(types: dict[str, list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    """A model of these with some attributes of its own, and now and then one that is not there."""

    def of(type_: str) -> st.SearchStrategy[dict[str, Any]]:
        names = st.sampled_from([*types[type_], "Nothing"])
        return st.fixed_dictionaries({"type": st.just(type_), "attributes": st.dictionaries(names, TEXTS, max_size=3)})

    return st.sampled_from(sorted(types)).flatmap(of)


def followed_by(preset: str, model: dict[str, Any]) -> list[dict[str, Any]]:
    """The models of a preset, and one more."""
    return [*PRESETS[preset].channel, model]


CHANNELS = st.one_of(
    st.sampled_from(sorted(PRESETS)),
    st.lists(st.one_of(models(LOSSES), models(ANTENNAS)), max_size=3),
    st.builds(followed_by, st.sampled_from(sorted(PRESETS)), models(LOSSES)),
)
FIELDS = st.fixed_dictionaries(
    {"channel": CHANNELS},
    optional={
        "ues": st.sampled_from([0, 1, 3]),
        "rbgs": st.sampled_from([1, 2, 128]),
        "radio.rbs_per_rbg": st.sampled_from([1, 4, 32]),
        "radio.numerology": st.integers(0, 3),
        "radio.carrier_frequency_hz": NUMBERS,
        "radio.tx_power_dbm": NUMBERS,
        "radio.noise_figure_db": NUMBERS,
        "radio.power_control": st.fixed_dictionaries({"p0_dbm": NUMBERS, "alpha": NUMBERS}),
        "radio.link_adaptation": st.fixed_dictionaries(
            {"period_ttis": st.integers(), "delay_ttis": st.integers(), "target_bler": NUMBERS}
        ),
        "radio.bs_antenna": models(ANTENNAS),
        "radio.ue_antenna": models(ANTENNAS),
        "placement.mobility": models(MOBILITY),
        "placement.positions_m": POSITIONS,
        "placement.radius_m": NUMBERS,
        "placement.min_distance_m": NUMBERS,
        "placement.bs_height_m": NUMBERS,
        "placement.ue_height_m": NUMBERS,
    },
)


class Cell:
    """One environment on a cell process, used for example after example: none may end it."""

    def __init__(self) -> None:
        self.env = ColumnEnv([scenario()], ttis=3)

    def try_(self, fields: dict[str, Any]) -> str:
        """Play three TTIs.

        Returns:
            The sentence that refuses the fields; empty when they run.
        """
        try:
            chosen = scenario(**{name.replace(".", "__"): value for name, value in fields.items()})
            observation = self.env.reset([1], [chosen])
        except (ScenarioError, RequestRefusedError) as error:
            return str(error)
        while not observation.done:
            self.env.lead(silence(1))
            observation = self.env.follow(FollowerAction(np.zeros(observation.ue_id.size, np.uint16)))
        assert not np.isinf(observation.mean_snr_db).any()
        return ""


@pytest.fixture(scope="module")
def cell() -> Cell:
    """Closed with its last reference."""
    return Cell()


def check(cell: Cell, fields: dict[str, Any]) -> None:
    """Any other error than a refusal, a crash or a missed deadline above all, fails the test."""
    reason = cell.try_(fields)
    assert "\n" not in reason.split("\n\n")[0] or "a\\nb" in reason or "a\nb" in reason


_USUAL = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@given(FIELDS)
@settings(_USUAL, max_examples=50)
def test_nothing_that_a_user_writes_crashes_or_hangs_the_cell(cell: Cell, fields: dict[str, Any]) -> None:
    check(cell, fields)


@pytest.mark.slow
@given(FIELDS)
@settings(_USUAL, max_examples=2000)
def test_nothing_of_2000_crashes_or_hangs_the_cell(cell: Cell, fields: dict[str, Any]) -> None:
    check(cell, fields)
