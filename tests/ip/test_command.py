# SPDX-License-Identifier: MIT
"""`llmac run` of IP traffic: the flows in summary.json and on the terminal, and captures."""

import json
from pathlib import Path

import pytest
from pettingzoo.test import parallel_api_test

from llmac.agents.cli import main
from llmac.bridge.envs.parallel import parallel_env
from llmac.bridge.scenario import load


def llmac(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line; returns its exit status."""
    monkeypatch.setattr("sys.argv", ["llmac", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_flows_and_captures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out, pcap = tmp_path / "out", tmp_path / "pcap"
    options = ("--agents", "random,grant", "--seeds", "2", "--ttis", "200", "--out", str(out), "--pcap", str(pcap))
    assert llmac(monkeypatch, "run", "ip", *options) == 0
    printed = capsys.readouterr().out
    assert "nothing bounds the goodput here" in " ".join(printed.split())
    rows = [line.split() for line in printed.splitlines() if "UdpClient" in line]
    assert [row[:5] for row in rows] == [[agent, "0", "UdpClient", "up", "6"] for agent in ("random", "grant")]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["agents"]["grant"]["bound_dpdu_per_tti"]["mean"] is None
    assert set(summary["flows"]) == {"random", "grant"}
    first = summary["flows"]["grant"][0]
    assert (first["type"], first["source"], first["destination"]) == ("ns3::UdpClient", "ue_0", "bs")
    assert first["protocol"] == "udp"
    sent, received = first["tx_packets"], first["rx_packets"]
    assert sent["seeds"] == [20, 20]
    assert sent["mean"] == 20
    assert all(19 <= packets <= 20 for packets in received["seeds"])
    assert 0.003 < first["mean_delay_s"]["mean"] < 0.02
    assert first["throughput_mbps"]["mean"] == pytest.approx(0.82, abs=0.05)
    captures = sorted(path.name for path in (pcap / "grant").iterdir())
    nodes = ("bs", *(f"ue-{ue}" for ue in range(8)))
    assert captures == [f"seed-{seed}-{node}.pcap" for seed in (2_000_000, 2_000_001) for node in nodes]
    assert sorted(path.name for path in pcap.iterdir()) == ["grant", "random"]


def test_what_has_no_packets_is_not_captured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert llmac(monkeypatch, "run", "paper", "--agents", "grant", "--pcap", str(tmp_path)) == 2
    assert "--pcap: paper has no IP packets to capture" in capsys.readouterr().err


def test_the_parallel_environment() -> None:
    env = parallel_env(load("ip", {"ttis": 30, "ues": 3}))
    try:
        parallel_api_test(env, num_cycles=80)
    finally:
        env.close()
