# SPDX-License-Identifier: MIT
"""IP traffic on the real cell: flows of ns-3 applications against the accounts of the MAC."""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmac.agents import registry
from llmac.agents.evaluation import flows as summary
from llmac.agents.evaluation.flows import Key
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FLOW_BS, EpisodeEnd, LeaderObservation
from llmac.bridge.errors import RequestRefusedError
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import wire_pb2

TCP, UDP = 6, 17
HEADERS = {UDP: 28, TCP: 20 + 32}  # TCP with timestamps; an ack is that alone
PAYLOAD = 451
"""Bytes of a packet in a dPDU of 12 RBs at MCS 16."""


def observe(
    env: ColumnEnv, agent: str, seeds: Sequence[int], captures: Path | None = None
) -> Iterator[LeaderObservation]:
    """Let an agent play."""
    player = registry.make(agent)
    player.reset(env.scenarios, np.array(seeds, dtype=np.uint64))
    leader = env.reset(seeds, captures=captures)
    yield leader
    while not leader.done:
        leader = env.follow(player.follow(env.lead(player.lead(leader))))
        yield leader


def played(
    scenario: Scenario, agent: str = "grant", seeds: Sequence[int] = (1,), processes: int = 1
) -> tuple[EpisodeEnd, dict[str, int]]:
    """The end of an agent's episodes, and their counters; dPDUs are conserved in every TTI."""
    totals = np.zeros((len(seeds), len(wire_pb2.Counter.values())), dtype=np.int64)
    leader = None
    with ColumnEnv([scenario] * len(seeds), processes=processes, privileged=True, bound=True) as env:
        for leader in observe(env, agent, seeds):
            totals += leader.counters
            backlog = leader.counters[:, wire_pb2.COUNTER_BACKLOG]
            spent = sum(
                totals[:, counter]
                for counter in (
                    wire_pb2.COUNTER_DELIVERED,
                    wire_pb2.COUNTER_LOST,
                    wire_pb2.COUNTER_DROPPED,
                    wire_pb2.COUNTER_DISCARDED,
                )
            )
            assert np.array_equal(totals[:, wire_pb2.COUNTER_ARRIVED], spent + backlog), f"TTI {leader.tti}"
    assert leader is not None
    assert leader.end is not None
    names = [name.removeprefix("COUNTER_").lower() for name in wire_pb2.Counter.keys()]  # noqa: SIM118
    return leader.end, dict(zip(names, totals.sum(axis=0).tolist(), strict=True))


def uplink_bytes(end: EpisodeEnd) -> int:
    """What FlowMonitor saw arrive at the BS."""
    return int(end.flows.rx_bytes[end.flows.destination == FLOW_BS].sum())


def udp(**fields: Any) -> dict[str, Any]:
    """An application that sends 1000 bytes each 10 TTIs, in 3 dPDUs."""
    attributes = {"PacketSize": 1000, "Interval": "10ms", "MaxPackets": 100000}
    return {"type": "ns3::UdpClient", "attributes": attributes, **fields}


def ip(*applications: dict[str, Any], **overrides: Any) -> Scenario:
    """The scenario `ip` with other applications."""
    return load("ip", {"traffic.applications": list(applications), **overrides})


def test_the_scenario() -> None:
    scenario = load("ip", {"ttis": 1600})
    end, count = played(scenario)
    [flows] = summary.episodes(end.flows)
    assert uplink_bytes(end) == end.flows.reassembled_bytes.sum()
    assert count["delivered"] >= end.flows.reassembled_dpdus.sum()
    assert np.isnan(end.bound).all()
    for ue in range(6):
        video = flows[Key(0, ue, FLOW_BS, UDP)]
        assert video.lost_packets == 0
        assert video.tx_packets - 2 <= video.rx_packets <= video.tx_packets  # the last may be on its way
        assert video.tx_packets == pytest.approx(160, abs=2)
    bulk = [flows[Key(1, ue, FLOW_BS, TCP)] for ue in (6, 7)]
    pages = [flows[Key(2, FLOW_BS, ue, TCP)] for ue in (4, 5)]
    assert [flow.payload_bytes for flow in bulk] == [300_000] * 2  # finished
    assert [flow.payload_bytes for flow in pages] == [200_000] * 2
    for one, other in (bulk, pages):
        assert one.last_rx_s == pytest.approx(other.last_rx_s, rel=0.2)  # and shared
    acks = flows[Key(2, 4, FLOW_BS, TCP)]
    assert acks.payload_bytes == 0
    assert acks.rx_packets > 50


def test_udp_under_capacity_loses_nothing_and_all_accounts_agree() -> None:
    end, count = played(ip(udp(stop_tti=290), ttis=300), seeds=(1, 2, 3))
    flows = end.flows
    assert flows.flow_count.tolist() == [8] * 3
    assert np.array_equal(flows.rx_packets, flows.tx_packets)
    assert not flows.lost_packets.any()
    assert np.array_equal(flows.rx_bytes, flows.rx_packets * (1000 + HEADERS[UDP]))
    assert np.array_equal(flows.payload_bytes, flows.rx_packets * np.uint64(1000))
    packets = int(flows.rx_packets.sum())
    assert flows.reassembled_packets.sum() == packets
    assert count["arrived"] == count["delivered"] == flows.reassembled_dpdus.sum() == 3 * packets
    assert 3 * PAYLOAD > 1000 + HEADERS[UDP] > 2 * PAYLOAD
    # Open loop: there is a bound, and the genie of those arrivals cannot do better.
    assert (end.bound >= flows.reassembled_dpdus).all()


def test_overload_drops_whole_packets() -> None:
    always = {
        "OnTime": "ns3::ConstantRandomVariable[Constant=10]",
        "OffTime": "ns3::ConstantRandomVariable[Constant=0]",
    }
    fast = {"type": "ns3::OnOffApplication", "attributes": {"DataRate": "8Mbps", "PacketSize": 1400, **always}}
    end, count = played(ip(fast, ttis=400, buffer_capacity_dpdus=21))
    flows = end.flows
    assert count["dropped"] > 0
    assert count["dropped"] % 4 == 0  # 1428 bytes are 4 dPDUs
    assert count["dropped"] // 4 == flows.lost_packets.sum()
    on_their_way = flows.tx_packets - flows.rx_packets - flows.lost_packets
    assert on_their_way.sum() > 0
    assert uplink_bytes(end) == flows.reassembled_bytes.sum()


def test_a_deleted_dpdu_costs_its_packet() -> None:
    scenario = ip(udp(), ttis=400, ack_deletes=False)
    end, count = played(scenario, agent="random")
    flows = end.flows
    assert count["lost"] > 0
    assert flows.lost_packets.sum() > 0
    assert (flows.tx_packets >= flows.rx_packets + flows.lost_packets).all()
    assert uplink_bytes(end) == flows.reassembled_bytes.sum()
    assert count["delivered"] > flows.reassembled_dpdus.sum(), "dPDUs of lost packets are delivered in vain"


def test_ues_that_leave_and_join() -> None:
    churn = [{"tti": 100, "join": 2, "leave": [0, 6]}, {"tti": 200, "join": 1, "leave": [8]}]
    down = udp(direction="down")
    bulk = {"type": "ns3::BulkSendApplication"}
    end, _ = played(ip(udp(), down, bulk, ttis=400, churn=churn))
    [flows] = summary.episodes(end.flows)
    assert {key.source for key in flows if key.application == 0} == set(range(11))
    assert flows[Key(0, 0, FLOW_BS, UDP)].tx_packets == 11  # then its interface was down
    assert flows[Key(0, 10, FLOW_BS, UDP)].tx_packets == pytest.approx(20, abs=1)
    to_the_one_that_left = flows[Key(1, FLOW_BS, 0, UDP)]
    assert to_the_one_that_left.rx_packets == pytest.approx(10, abs=1)
    assert to_the_one_that_left.lost_packets == pytest.approx(30, abs=1)
    assert flows[Key(1, FLOW_BS, 1, UDP)].lost_packets == 0
    assert uplink_bytes(end) == end.flows.reassembled_bytes.sum()


RANDOM = {
    "type": "ns3::OnOffApplication",
    "attributes": {
        "OnTime": "ns3::ExponentialRandomVariable[Mean=0.05]",
        "OffTime": "ns3::ExponentialRandomVariable[Mean=0.05]",
        "DataRate": "2Mbps",
    },
    "jitter_ttis": 20,
}


def digest(end: EpisodeEnd, environment: int) -> list[list[Any]]:
    """Flows of one environment."""
    first = int(end.flows.flow_count[:environment].sum())
    rows = slice(first, first + int(end.flows.flow_count[environment]))
    names = ("source", "source_port", "tx_bytes", "rx_bytes", "lost_packets", "delay_sum_s", "first_tx_s", "last_rx_s")
    return [getattr(end.flows, name)[rows].tolist() for name in names]


def test_a_seed_repeats_whoever_else_is_there() -> None:
    scenario = ip(RANDOM, {"type": "ns3::BulkSendApplication", "ues": [0, 3]}, ttis=300)
    alone, _ = played(scenario, seeds=(7,))
    again, _ = played(scenario, seeds=(7,))
    together, _ = played(scenario, seeds=(5, 7, 9))
    apart, _ = played(scenario, seeds=(5, 7, 9), processes=3)
    assert digest(alone, 0) == digest(again, 0) == digest(together, 1) == digest(apart, 1)
    assert digest(together, 0) == digest(apart, 0)
    assert digest(together, 0) != digest(alone, 0)


def test_udp_arrivals_are_the_same_whatever_the_agents_do() -> None:
    scenario = ip(RANDOM, ttis=300)
    sent = {agent: played(scenario, agent)[0].flows.tx_bytes.tolist() for agent in ("grant", "random")}
    assert sent["grant"] == sent["random"]


def test_environments_without_ip_have_no_flows() -> None:
    scenarios = [load("paper", {"ttis": 100}), ip(udp(), ttis=100)]
    for processes in (1, 2):
        with ColumnEnv(scenarios, processes=processes, bound=True, privileged=True) as env:
            *_, last = observe(env, "grant", (1, 2))
        assert last.end is not None
        assert last.end.flows.flow_count.tolist() == [0, 8]
        assert np.isfinite(last.end.bound).all()


def read_pcap(path: Path) -> list[tuple[int, bytes]]:
    """Times in microseconds and raw IP packets of a capture."""
    data = path.read_bytes()
    magic, major, minor, _, _, snap, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 101)  # microseconds, raw IP
    packets: list[tuple[int, bytes]] = []
    at = 24
    while at < len(data):
        seconds, microseconds, captured, length = struct.unpack_from("<IIII", data, at)
        assert captured == min(length, snap)
        packets.append((seconds * 1_000_000 + microseconds, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    assert at == len(data)
    return packets


def test_captures(tmp_path: Path) -> None:
    scenario = ip(udp(stop_tti=90, ues=[0, 1]), udp(direction="down", stop_tti=90, ues=[1]), ttis=100, ues=3)
    with ColumnEnv([scenario] * 2, privileged=True) as env:
        *_, last = observe(env, "grant", (4, 5), tmp_path)
    assert last.end is not None
    [flows, _] = summary.episodes(last.end.flows)
    up = [flows[Key(0, ue, FLOW_BS, UDP)] for ue in (0, 1)]
    down = flows[Key(1, FLOW_BS, 1, UDP)]
    names = [f"seed-{seed}-{node}.pcap" for seed in (4, 5) for node in ("bs", "ue-0", "ue-1", "ue-2")]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    bs, *ues = (read_pcap(tmp_path / name) for name in names[:4])
    assert [len(packets) for packets in ues] == [up[0].tx_packets, up[1].tx_packets + down.rx_packets, 0]
    assert len(bs) == up[0].rx_packets + up[1].rx_packets + down.tx_packets
    assert all(packet[0] == 0x45 and packet[9] == UDP and len(packet) == 1028 for _, packet in bs)
    assert {packet[12:16] for _, packet in ues[0]} == {bytes([10, 0, 0, 2])}
    assert [time for time, _ in bs] == sorted(time for time, _ in bs)
    delays = [arrival - sent for (sent, _), (arrival, packet) in zip(ues[0], _from(bs, 2), strict=True) if packet]
    assert sum(delays) * 1e-6 == pytest.approx(up[0].delay_sum_s, abs=1e-5)


def _from(packets: list[tuple[int, bytes]], host: int) -> list[tuple[int, bytes]]:
    return [(time, packet) for time, packet in packets if packet[15] == host]


def test_captures_that_cannot_be(tmp_path: Path) -> None:
    with ColumnEnv([ip(udp(), ttis=10)], privileged=True) as env:
        with pytest.raises(RequestRefusedError, match="no folder in which the cell can write"):
            env.reset([1], captures=tmp_path / "nowhere")
        env.reset([1])
    with ColumnEnv([load("paper")]) as env, pytest.raises(RequestRefusedError, match="without IP traffic"):
        env.reset([1], captures=tmp_path)
