# SPDX-License-Identifier: MIT
"""Every loss model and every mobility model of ns-3 is tried once: it runs, or is refused with its reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from links import mean_snrs, scenario

from llmac.bridge.errors import RequestRefusedError
from llmac.bridge.launch.catalogue import loss_models

REFUSED = {
    "ns3::BuildingsPropagationLossModel": "it is abstract",
    "ns3::ItuR1238PropagationLossModel": "it is abstract",
    "ns3::ThreeGppPropagationLossModel": "it is abstract",
    "ns3::MatrixPropagationLossModel": "the loss models give a gain of -1.79769e+308 dB",
    "ns3::TraceFadingLossModel": 'the file "" should hold RbNum',
}
MODELS = [model.type_id for model in loss_models()]
MOBILITY = [
    "ConstantAccelerationMobilityModel",
    "ConstantPositionMobilityModel",
    "ConstantVelocityMobilityModel",
    "GaussMarkovMobilityModel",
    "RandomDirection2dMobilityModel",
    "RandomWalk2dMobilityModel",
    "RandomWalk2dOutdoorMobilityModel",
    "RandomWaypointMobilityModel",
    "SteadyStateRandomWaypointMobilityModel",
    "WaypointMobilityModel",
]


def model(type_: str, **attributes: object) -> dict[str, Any]:
    """As a scenario writes it."""
    return {"type": type_, "attributes": attributes}


def refusal(**fields: Any) -> str:
    """Why the cell refuses a scenario."""
    with pytest.raises(RequestRefusedError) as caught:
        mean_snrs(scenario(**fields), [1], ttis=2)
    assert "FAULT_BAD_SCENARIO" in caught.value.cause
    assert "\n" not in caught.value.cause
    return caught.value.cause


def test_the_three_families_are_there() -> None:
    assert len(MODELS) >= 27
    assert {"ns3::FriisPropagationLossModel", "ns3::TraceFadingLossModel"} <= set(MODELS)
    assert "ns3::ThreeGppSpectrumPropagationLossModel" in MODELS


@pytest.mark.parametrize("type_", MODELS)
def test_a_loss_model_runs_or_is_refused_with_its_reason(type_: str) -> None:
    chosen = [model(type_)]
    if type_ in REFUSED:
        assert REFUSED[type_] in refusal(channel=chosen)
    else:
        assert np.isfinite(mean_snrs(scenario(channel=chosen), [1, 2], ttis=5)).all()


def test_what_a_chained_model_needs_can_be_given(tmp_path: Path) -> None:
    trace = tmp_path / "trace.fad"
    rng = np.random.default_rng(1)
    np.savetxt(trace, rng.normal(0, 4, (16, 1000)))
    path_loss = model("ns3::LogDistancePropagationLossModel", Exponent=3.76, ReferenceLoss=15.3)
    fading = model("ns3::TraceFadingLossModel", TraceFilename=trace, RbNum=16, SamplesNum=1000, TraceLength="1s")
    plain = mean_snrs(scenario(channel=[path_loss]), [3], ttis=50)
    faded = mean_snrs(scenario(channel=[path_loss, fading]), [3], ttis=50)
    assert 0.1 < np.abs(faded - plain).mean() < 5
    assert "does not cover the 16 of the band" in refusal(
        channel=[model("ns3::TraceFadingLossModel", TraceFilename=trace, RbNum=15)]
    )
    matrix = model("ns3::MatrixPropagationLossModel", DefaultLoss=110)
    assert np.ptp(mean_snrs(scenario(channel=[matrix]), [3], ttis=2)) == 0


@pytest.mark.parametrize("type_", MOBILITY)
def test_a_mobility_model_moves_ues_from_where_they_are_placed(type_: str) -> None:
    here = mean_snrs(scenario(), [4], ttis=2)
    there = mean_snrs(scenario(placement__mobility=model(f"ns3::{type_}")), [4], ttis=2)
    assert np.allclose(here[0], there[0], atol=1e-3)
    assert np.isfinite(there).all()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"channel": [model("ns3::Friis")]},
            "there is no ns-3 type ns3::Friis; `llmac channels` lists",
        ),
        ({"channel": [model("ns3::IsotropicAntennaModel")]}, "it is no loss model"),
        (
            {"channel": [model("ns3::FriisPropagationLossModel", Frequenz=1)]},
            "its attributes are Frequency",
        ),
        (
            {"channel": [model("ns3::FriisPropagationLossModel", Frequency="soon")]},
            '"soon" is no value of attribute Frequency',
        ),
        (
            {"channel": [model("ns3::ThreeGppUmaPropagationLossModel")], "radio__carrier_frequency_hz": 3e8},
            "0.5 to 100 GHz, not at 0.3 GHz",
        ),
        (
            {
                "channel": [
                    model(
                        "ns3::ThreeGppUmaPropagationLossModel",
                        ChannelConditionModel="ns3::ThreeGppUmaChannelConditionModel[O2iThreshold=0.3]",
                    )
                ]
            },
            "no seed sets",
        ),
        ({"placement__positions_m": [[0, 0, 25]], "channel": "uma"}, "the loss models give a gain of inf dB"),
        ({"placement__mobility": model("ns3::HierarchicalMobilityModel")}, "needs its attributes Child and Parent"),
        (
            {"placement__mobility": model("ns3::RandomWalk2dMobilityModel", Bounds="0|10|0|10")},
            "they have to hold the BS and all UEs",
        ),
        (
            {
                "placement__mobility": model(
                    "ns3::RandomWalk2dMobilityModel", Mode="Time", Time="0s", Bounds="-2000|2000|-2000|2000"
                )
            },
            "takes longer than 5 s",
        ),
        ({"placement__mobility": model("ns3::FriisPropagationLossModel")}, "placement.mobility: "),
        ({"radio__bs_antenna": model("ns3::UniformPlanarArray")}, "ns3::UniformPlanarArray is no ns3::AntennaModel"),
        (
            {
                "channel": "uma-fading",
                "radio__bs_antenna": model("ns3::UniformPlanarArray", NumRows=100000, NumColumns=100000),
            },
            "an antenna array has 1 to 256 elements",
        ),
        (
            {"channel": "uma-fading", "radio__bs_antenna": model("ns3::IsotropicAntennaModel")},
            "ns3::IsotropicAntennaModel is no ns3::PhasedArrayModel",
        ),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(fields: dict[str, Any], reason: str) -> None:
    assert reason in refusal(**fields)
