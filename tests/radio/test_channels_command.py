# SPDX-License-Identifier: MIT
"""`llmac channels`, and `--channel` of `llmac run`."""

import json

import pytest

from llmac.agents.cli import main
from llmac.bridge.errors import ScenarioError
from llmac.bridge.scenario.channels import PRESETS, parse

RUN = ("run", "near-far", "--agents", "grant", "--seeds", "1", "--ttis", "20", "--json")


def llmac(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line; returns its exit status."""
    monkeypatch.setattr("sys.argv", ["llmac", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_presets_and_models_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert llmac(monkeypatch, "channels") == 0
    out = capsys.readouterr().out
    assert all(preset in out for preset in PRESETS)
    assert "ns3::FriisPropagationLossModel\n  one gain for the whole band; alone or chained\n" in out
    assert "ns3::NakagamiPropagationLossModel\n  one gain for the whole band; chained only\n" in out
    assert "ns3::ItuR1238PropagationLossModel\n  one gain for the whole band; cannot be used: it is abstract\n" in out
    assert "Exponent" in out
    assert "antenna arrays (radio.bs_antenna, radio.ue_antenna)" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["ReferenceDistance", "1", "m", "double"] in [row[:4] for row in rows]
    assert ["ReferenceLoss", "46.6777", "dB", "double"] in [row[:4] for row in rows]
    assert ["Frequency", "the", "carrier's", "Hz", "double"] in [row[:5] for row in rows]


def test_models_can_be_chosen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert llmac(monkeypatch, "channels", "logdistance") == 0
    out = capsys.readouterr().out
    assert "ns3::LogDistancePropagationLossModel" in out
    assert "ns3::ThreeLogDistancePropagationLossModel" in out
    assert "ns3::Friis" not in out
    assert llmac(monkeypatch, "channels", "Marconi") == 2
    assert "no loss model of ns-3 has Marconi in its name" in capsys.readouterr().err


def test_a_channel_is_swapped_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bound(*channel: str) -> float:
        assert llmac(monkeypatch, *RUN, *channel) == 0
        agent = json.loads(capsys.readouterr().out)["agents"]["grant"]
        return agent["bound_dpdu_per_tti"]["mean"]

    usual = bound()
    assert bound("--channel", "log-distance") == usual
    assert bound("--channel", "ns3::LogDistancePropagationLossModel[Exponent=3.76,ReferenceLoss=15.3]") == usual
    lossy = "ns3::LogDistancePropagationLossModel[Exponent=5]"
    assert bound("--channel", lossy, "--channel", "ns3::NakagamiPropagationLossModel") < usual


def test_a_channel_that_cannot_work_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert llmac(monkeypatch, *RUN, "--channel", "ns3::MatrixPropagationLossModel") == 2
    assert "the loss models give a gain of -1.79769e+308 dB" in capsys.readouterr().err
    assert llmac(monkeypatch, *RUN, "--channel", "fog") == 2
    assert "there is no preset 'fog'" in capsys.readouterr().err
    assert llmac(monkeypatch, *RUN, "--channel", "uma", "--channel", "fog") == 2
    assert "--channel uma: write a preset" in capsys.readouterr().err


def test_models_on_the_command_line_hold_objects() -> None:
    text = "ns3::RandomPropagationLossModel[Variable=ns3::NormalRandomVariable[Mean=3|Variance=2]]"
    [model] = parse([text])
    assert model["attributes"] == {"Variable": "ns3::NormalRandomVariable[Mean=3|Variance=2]"}
    with pytest.raises(ScenarioError, match="attributes are written Attribute=value"):
        parse(["ns3::FriisPropagationLossModel[Frequency]"])
