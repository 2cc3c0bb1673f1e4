# SPDX-License-Identifier: MIT
"""Scenarios: what is good reaches the cell; what is bad is told in one sentence: file, field, value, allowed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from llmac.bridge.errors import ScenarioError
from llmac.bridge.scenario import Scenario, builtin_names, load, to_proto
from llmac.bridge.scenario.sections import Bernoulli
from llmac.v1 import scenario_pb2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ues: -1", "ues: input should be greater than or equal to 0 (it is -1)"),
        ("ues: many", "ues: input should be a valid integer, unable to parse string as an integer (it is 'many')"),
        ("rbgs: 129", "rbgs: input should be less than or equal to 128 (it is 129)"),
        ("uess: 4", "uess: there is no such field; the fields here are name, ttis, train_ttis, ues, rbgs, "),
        ("radio: {mcs: 29}", "radio.mcs: input should be less than or equal to 28 (it is 29)"),
        (
            "radio: {msc: 9}",
            "radio.msc: there is no such field; the fields here are carrier_frequency_hz, rbs_per_rbg, ",
        ),
        ("radio: {capture: all}", "radio.capture: input should be 'none' or 'strongest' (it is 'all')"),
        ("radio: 3", "radio: input should be a valid dictionary"),
        ("traffic: {load: 1.5}", "traffic.load: input should be less than or equal to 1 (it is 1.5)"),
        ("traffic: {lod: 0.5}", "traffic.lod: there is no such field; the fields here are weights, model, load"),
        (
            "error_model: {model: magic}",
            "error_model.model: input should be one of 'ideal-collision', 'fixed-tbler', 'sinr-threshold', 'mutual-",
        ),
        ("error_model: {tbler: 0.1}", "error_model.model: field required"),
        ("error_model: {model: fixed-tbler, tbler: 2}", "error_model.tbler: input should be less than or equal to 1"),
        ("error_model: {model: sinr-threshold}", "error_model.threshold_db: field required"),
        (
            "vocabulary: {kind: klingon}",
            "vocabulary.kind: input should be one of 'semantic', 'opaque' (it is 'klingon')",
        ),
        ("vocabulary: {kind: opaque}", "vocabulary.symbols: field required"),
        ("channel: [{type: Friis}]", r"channel.0.type: string should match pattern '^ns3::\w+$' (it is 'Friis')"),
        ("placement: {radius_m: 10}", "placement: min_distance_m must be less than radius_m (it is {'radius_m': 10})"),
        ("control: {loss_probability: .nan}", "control.loss_probability: input should be a finite number (it is nan)"),
        ("churn: [{tti: 0, join: 1}]", "churn.0.tti: input should be greater than or equal to 1 (it is 0)"),
        ("churn: [{tti: 3, jion: 1}]", "churn.0.jion: there is no such field; the fields here are tti, join, leave"),
        (
            "churn: [{tti: 3, leave: [9]}]",
            "scenario: churn at TTI 3: UEs 9 are to leave, and not all of them are connected",
        ),
        ("churn: [{tti: 3, leave: [0, 0]}]", "scenario: churn at TTI 3: UEs 0, 0 are to leave, and not all"),
        ("churn: [{tti: 3, join: 1}, {tti: 2, join: 1}]", "in the order of its TTIs; 2 comes after 3"),
        ("churn: [{tti: 3, join: 1}, {tti: 3, join: 1}]", "churn has two events at TTI 3; make one of them"),
        ("- ues", "a scenario is a mapping of fields, for instance `ues: 4`"),
        ("ues: [", "this is not YAML: while parsing a flow node"),
    ],
)
def test_one_sentence_tells_what_is_wrong(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert sentence in message
    assert "\n" not in message


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(
        ScenarioError, match=r"^nope: there is no such scenario; give a path .*, or one of .*near-far, paper"
    ):
        load("nope")
    with pytest.raises(ScenarioError, match=r"^nope\.yaml: there is no such file$"):
        load("nope.yaml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"\xff\xfe\x00ues")
    with pytest.raises(ScenarioError, match="the scenario cannot be read"):
        load(file)


@pytest.mark.parametrize("name", builtin_names())
def test_the_built_in_ones_load_and_survive_a_round_trip(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert Scenario.model_validate(yaml.safe_load(yaml.safe_dump(scenario.model_dump(mode="json")))) == scenario


def test_overrides_set_fields_by_their_dotted_names() -> None:
    scenario = load("paper", {"ues": "6", "radio.mcs": 4, "traffic.load": 0.25})
    assert (scenario.ues, scenario.radio.mcs, scenario.traffic) == (6, 4, Bernoulli(load=0.25))
    with pytest.raises(ScenarioError, match=r"ues has no fields of its own"):
        load("paper", {"ues.x": 1})


def test_every_field_reaches_the_cell() -> None:
    """Two scenarios that differ in every field make two messages that differ in every field."""
    values: dict[str, Any] = {
        "name": "other",
        "ues": 3,
        "rbgs": 7,
        "buffer_capacity_dpdus": 9,
        "ack_deletes": True,
        "vocabulary": {"kind": "opaque", "symbols": 5},
        "traffic": {"load": 0.25},
        "churn": [{"tti": 2, "join": 1, "leave": [0]}],
        "decision_delay": [0.25, 0.75],
        "control": {
            "loss_probability": 0.1,
            "delay_ttis": 1,
            "max_dcms_per_tti": 2,
            "ucm_period_ttis": 3,
            "sinr_loss": {"midpoint_db": 1.0},
        },
        "radio": {
            "carrier_frequency_hz": 3.5e9,
            "rbs_per_rbg": 2,
            "numerology": 1,
            "tx_power_dbm": 10,
            "noise_figure_db": 7,
            "mcs": 4,
            "capture": "none",
            "power_control": {"alpha": 0.8},
            "link_adaptation": {"period_ttis": 5},
            "bs_antenna": {"type": "ns3::CosineAntennaModel"},
            "ue_antenna": {"type": "ns3::IsotropicAntennaModel"},
        },
        "placement": {
            "radius_m": 90,
            "min_distance_m": 3,
            "bs_height_m": 10,
            "ue_height_m": 2,
            "positions_m": [[1, 2, 3]],
            "mobility": {"type": "ns3::RandomWalk2dMobilityModel"},
        },
        "channel": [{"type": "ns3::FriisPropagationLossModel", "attributes": {"MinLoss": 1.5, "Flag": True}}],
        "error_model": {"model": "sinr-threshold", "threshold_db": 4},
        "utility": {
            "rho": 2,
            "leader": {"signalling_cost_per_bit": 0.5},
            "followers": {"transmission_cost": 0.25},
        },
    }
    assert set(values) == set(Scenario.model_fields) - {"ttis", "train_ttis", "poisson_churn", "history_ttis"}
    usual, other = to_proto(Scenario(name="usual"), 24), to_proto(Scenario.model_validate(values), 25)
    for field in scenario_pb2.Scenario.DESCRIPTOR.fields:
        if field.name == "poisson_churn":  # which excludes churn
            continue
        assert getattr(usual, field.name) != getattr(other, field.name), field.name
    for section in ("control", "radio", "placement", "utility"):
        for field in getattr(usual, section).DESCRIPTOR.fields:
            assert getattr(getattr(usual, section), field.name) != getattr(getattr(other, section), field.name), (
                field.name
            )
    assert dict(other.channel[0].attributes) == {"MinLoss": "1.5", "Flag": "true"}
    assert other.churn[0] == scenario_pb2.ChurnEvent(tti=2, join=1, leave=[0])
    assert other.error_model.sinr_threshold.threshold_db == 4
    assert other.vocabulary.opaque.symbols == 5
    assert usual.error_model.fixed_tbler.tbler == 0.001
    assert usual.vocabulary.semantic.bsr_levels == 6


@pytest.mark.parametrize(
    ("model", "field"),
    [("ideal-collision", "ideal_collision"), ("mutual-information", "mutual_information")],
)
def test_error_models_without_fields_reach_the_cell(model: str, field: str) -> None:
    scenario = load("paper", {"error_model": {"model": model}})
    assert to_proto(scenario, 1).error_model.WhichOneof("model") == field


def test_measured_decision_delays_become_a_distribution(tmp_path: Path) -> None:
    (tmp_path / "delays.csv").write_text("delay_ms\n0\n0.2\n0.5\n1.4\n")

    def distribution(numerology: int) -> tuple[float, ...]:
        file = str(tmp_path / "delays.csv")
        return load("near-far", {"decision_delay": file, "radio.numerology": numerology}).decision_delay

    assert distribution(0) == (0.25, 0.5, 0.25)
    assert distribution(1) == (0.25, 0.5, 0, 0.25)
    for text, sentence in (
        ("delay_ms\n", "there has to be a delay"),
        ("delay_ms\n-1.5\n", "each lie between 0 and 1024 ms"),
        ("delay_ms\n1025\n", "each lie between 0 and 1024 ms"),
        ("delay_ms\nnan\n", "a number of milliseconds"),
        ("delay_ms\nsoon\n", "a number of milliseconds"),
        ("ms\n1\n", "the first line must be `delay_ms`"),
    ):
        (tmp_path / "delays.csv").write_text(text)
        with pytest.raises(ScenarioError, match=sentence):
            distribution(0)
