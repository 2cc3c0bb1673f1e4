# SPDX-License-Identifier: MIT
"""Whatever a user writes about applications, at random: it runs, or one sentence says why not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction, LeaderObservation
from llmac.bridge.errors import RequestRefusedError, ScenarioError
from llmac.bridge.scenario import load

NUMBERS = ["0", "1", "1400", "65507", "70000", "4294967295", "-1", "1e308", "nan"]
TIMES = ["0s", "1ns", "1us", "10ms", "1s", "-1s", "1e300s", "soon"]
RATES = ["0bps", "1bps", "64kbps", "100Mbps", "1e30bps", "-1kbps", "fast"]
VARIABLES = [
    *(f"ns3::ConstantRandomVariable[Constant={c}]" for c in ("0", "0.001", "5", "-1", "inf")),
    "ns3::ExponentialRandomVariable[Mean=0.01]",
    "ns3::ExponentialRandomVariable[Mean=-1]",
    "ns3::EmpiricalRandomVariable",
    "ns3::Node",
]
PROTOCOLS = ["ns3::UdpSocketFactory", "ns3::TcpSocketFactory", "ns3::PacketSocketFactory", "ns3::Node", "tcp"]
APPLICATIONS = {
    "ns3::UdpClient": {"PacketSize": NUMBERS, "Interval": TIMES, "MaxPackets": NUMBERS},
    "ns3::UdpEchoClient": {"PacketSize": NUMBERS, "Interval": TIMES, "MaxPackets": NUMBERS},
    "ns3::UdpTraceClient": {"TraceFilename": ["", "/dev/null", "/nowhere", "/"], "MaxPacketSize": NUMBERS},
    "ns3::BulkSendApplication": {"SendSize": NUMBERS, "MaxBytes": NUMBERS, "Protocol": PROTOCOLS},
    "ns3::OnOffApplication": {
        "DataRate": RATES,
        "PacketSize": NUMBERS,
        "OnTime": VARIABLES,
        "OffTime": VARIABLES,
        "MaxBytes": NUMBERS,
        "Protocol": PROTOCOLS,
    },
    "ns3::PacketSink": {"Protocol": PROTOCOLS},
    "ns3::Nothing": {"": [""]},
}
TTIS = st.sampled_from([0, 1, 2, 5, 1_000_000, -1])


def application(type_: str) -> st.SearchStrategy[dict[str, Any]]:
    """One of a type, with some attributes."""
    values = {name: st.sampled_from(texts) for name, texts in APPLICATIONS[type_].items()}
    return st.fixed_dictionaries(
        {"type": st.just(type_), "attributes": st.fixed_dictionaries({}, optional=values)},
        optional={
            "ues": st.lists(st.sampled_from([0, 1, 7, 2**31 - 1]), max_size=3),
            "direction": st.sampled_from(["up", "down"]),
            "start_tti": TTIS,
            "stop_tti": TTIS,
            "jitter_ttis": TTIS,
        },
    )


SCENARIOS = st.fixed_dictionaries(
    {"traffic.applications": st.lists(st.sampled_from(sorted(APPLICATIONS)).flatmap(application), max_size=3)},
    optional={
        "buffer_capacity_dpdus": st.sampled_from([1, 20, 65535]),
        "ues": st.sampled_from([0, 1, 3]),
        "radio.mcs": st.sampled_from([0, 28]),
        "radio.rbs_per_rbg": st.sampled_from([1, 32]),
        "radio.numerology": st.integers(0, 3),
        "traffic.downlink_delay_ttis": TTIS,
        "churn": st.just([{"tti": 2, "join": 2}]),
    },
)


@pytest.fixture(scope="module")
def env() -> Iterator[ColumnEnv]:
    """One environment on a cell process, used for example after example: none may end it."""
    with ColumnEnv([load("ip")], ttis=6) as cell:
        yield cell


def begin(env: ColumnEnv, fields: dict[str, Any]) -> LeaderObservation | str:
    """The first observation of an episode, or the sentence that refuses the fields."""
    try:
        return env.reset([1], [load("ip", fields)])
    except ScenarioError as error:
        return str(error)
    except RequestRefusedError as error:
        return error.cause


def check(env: ColumnEnv, fields: dict[str, Any]) -> None:
    """Play some TTIs; any other error than a refusal, a crash or a missed deadline above all, fails the test."""
    observation = begin(env, fields)
    if isinstance(observation, str):
        assert "\n" not in observation
        return
    none = np.zeros(0, np.uint32)
    while not observation.done:
        env.lead(LeaderAction(np.zeros(1, np.uint32), none, none.astype(np.uint16)))
        transmit = np.full(observation.ue_id.size, 14, np.uint16)  # on RBG 0
        observation = env.follow(FollowerAction(transmit))
    assert observation.end is not None
    flows = observation.end.flows  # equal unless IP fragments packets
    assert flows.rx_bytes[flows.destination < 0].sum() <= flows.reassembled_bytes.sum()


_USUAL = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@given(SCENARIOS)
@settings(_USUAL, max_examples=15)
def test_nothing_that_a_user_writes_crashes_or_hangs_the_cell(env: ColumnEnv, fields: dict[str, Any]) -> None:
    check(env, fields)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(SCENARIOS)
@settings(_USUAL, max_examples=300)
def test_nothing_of_300_crashes_or_hangs_the_cell(env: ColumnEnv, fields: dict[str, Any]) -> None:
    check(env, fields)
