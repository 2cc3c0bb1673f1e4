# SPDX-License-Identifier: MIT
"""Whatever a user writes about applications: it runs, or one sentence says why not."""

from typing import Any

import pytest

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import RequestRefusedError, ScenarioError
from llmac.bridge.scenario import load

CLIENT = "ns3::UdpClient"
BULK = "ns3::BulkSendApplication"
ON_OFF = "ns3::OnOffApplication"


def refusal(overrides: dict[str, Any]) -> str:
    """Why the cell does not take the scenario `ip` with these fields."""
    with ColumnEnv([load("ip", {"ttis": 50, **overrides})]) as env, pytest.raises(RequestRefusedError) as refused:
        env.reset([1])
    sentence = refused.value.cause
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("application", "reason"),
    [
        ({"type": "ns3::UdpKlient"}, "there is no ns-3 type ns3::UdpKlient"),
        ({"type": "ns3::Node"}, "ns3::Node cannot be used: it is no application"),
        ({"type": "ns3::Application"}, "ns3::Application cannot be used: it is no application"),
        ({"type": "ns3::PacketSink"}, "it has neither an attribute Remote"),
        ({"type": "ns3::ThreeGppHttpClient"}, "it has neither an attribute Remote"),
        ({"type": CLIENT, "attributes": {"Size": 1}}, "ns3::UdpClient has no attribute Size; its attributes are"),
        ({"type": CLIENT, "attributes": {"PacketSize": "big"}}, '"big" is no value of attribute PacketSize'),
        ({"type": CLIENT, "attributes": {"RemotePort": 9}}, "RemotePort follows from the cell"),
        ({"type": BULK, "attributes": {"StartTime": "1s"}}, "StartTime follows from the cell"),
        ({"type": BULK, "attributes": {"Protocol": "ns3::UdpSocketFactory"}}, "cannot simulate these applications"),
        ({"type": ON_OFF, "attributes": {"Protocol": "ns3::PacketSocketFactory"}}, "Protocol is ns3::UdpSocketFactory"),
        ({"type": ON_OFF, "attributes": {"DataRate": "fast"}}, '"fast" is no value of attribute DataRate'),
        pytest.param(
            {"type": CLIENT, "attributes": {"Interval": "0s", "MaxPackets": 4294967295}},
            "it takes longer than 5 s to try",
            marks=pytest.mark.slow,
        ),
        ({"type": "ns3::UdpTraceClient", "attributes": {"TraceFilename": "/dev/zero"}}, "traffic.applications: "),
    ],
)
def test_an_application_that_cannot_work(application: dict[str, Any], reason: str) -> None:
    sentence = refusal({"traffic.applications": [application]})
    assert sentence.startswith("refused with FAULT_BAD_SCENARIO: traffic.applications: ")
    assert reason in sentence


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"radio.link_adaptation": {}}, "exclude each other"),
        ({"radio.mcs": 0, "radio.rbs_per_rbg": 1}, "a dPDU of 16 bits has no room"),
    ],
)
def test_dpdus_into_which_no_packet_fits(overrides: dict[str, Any], reason: str) -> None:
    assert reason in refusal(overrides)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("traffic.applications", [{"type": CLIENT, "direction": "left"}], "direction: input should be 'up' or 'down'"),
        ("traffic.applications", [{"type": "UdpClient"}], "type: string should match pattern"),
        ("traffic.applications", [{"type": CLIENT}] * 257, "at most 256 items"),
        ("traffic.applications", [{"type": CLIENT, "port": 1}], "the fields here are type, attributes, ues"),
        ("traffic.load", 0.5, "there is no such field"),
    ],
)
def test_a_field_that_cannot_be(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        load("ip", {field: value})
