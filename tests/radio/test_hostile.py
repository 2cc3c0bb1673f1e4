# SPDX-License-Identifier: MIT
"""Whatever a user writes in a scenario: it runs, or one sentence says why not."""

from collections.abc import Iterator
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
from llmac.bridge.scenario import Scenario
from llmac.bridge.scenario.channels import PRESETS

DOUBLES = ["0", "-1", "1", "0.5", "25", "1e-308", "1e9", "3.5e9", "1e308", "-1e308", "nan", "inf", "1e400"]
COUNTS = ["0", "1", "2", "9", "255", "100000", "4294967295", "4294967296", "-1"]
TIMES = ["0s", "1ns", "1ms", "0.3ms", "10s", "-5s", "1e30s", "1"]
BOXES = [
    "-2000|2000|-2000|2000",
    "-2000|2000|-2000|2000|0|100",
    "0|0|0|0",
    "1|-1|1|-1",
    "-9e9|9e9|-9e9|9e9",
    "nan|1|2|3",
]
VARIABLES = [
    "ns3::ConstantRandomVariable[Constant=0]",
    "ns3::ConstantRandomVariable[Constant=3]",
    "ns3::ConstantRandomVariable[Constant=-1]",
    "ns3::ConstantRandomVariable[Constant=1e308]",
    "ns3::ConstantRandomVariable[Constant=inf]",
    "ns3::UniformRandomVariable[Min=5|Max=1]",
    "ns3::NormalRandomVariable[Mean=1|Variance=2]",
    "ns3::NormalRandomVariable[Variance=-1]",
    "ns3::ZetaRandomVariable[Alpha=0.5]",
    "ns3::DeterministicRandomVariable",
    "ns3::EmpiricalRandomVariable",
    "ns3::SequentialRandomVariable[Min=0|Max=9]",
]
OBJECTS = [
    "ns3::AlwaysLosChannelConditionModel",
    "ns3::NeverLosVehicleChannelConditionModel",
    "ns3::BuildingsChannelConditionModel",
    "ns3::ThreeGppV2vUrbanChannelConditionModel",
    "ns3::ThreeGppUmaChannelConditionModel[UpdatePeriod=0.1ms]",
    "ns3::ThreeGppUmaChannelConditionModel[UpdatePeriod=0.1ms|O2iThreshold=1]",
    "ns3::ThreeGppRmaChannelConditionModel[O2iThreshold=0.5|LinkO2iConditionToAntennaHeight=true]",
    "ns3::ThreeGppChannelModel[UpdatePeriod=1ms]",
    "ns3::ThreeGppChannelModel[Scenario=Mars]",
    "ns3::ThreeGppChannelModel[Frequency=0]",
    "ns3::ThreeGppChannelModel[Blockage=true|NumNonselfBlocking=9]",
    "ns3::ConstantVelocityMobilityModel",
    "ns3::RandomWalk2dMobilityModel",
    "ns3::ListPositionAllocator",
    "ns3::UniformDiscPositionAllocator[rho=1e308]",
    "ns3::ThreeGppAntennaModel",
    "ns3::IsotropicAntennaModel[Gain=inf]",
]
RUBBISH = [
    *("", "soon", "ns3::", "ns3::Node", "ns3::Nothing", "ns3::Node[", "ns3::Node[]", "[", "]", "[[", "|", "=", "\x00"),
    *("a\nb", "true", "false", "0:0:0", "nan:nan:nan", "1e308:0:0", "0$1:2:3", "/", "/dev/zero", "/dev/null"),
]
VALUES = {
    "double": DOUBLES,
    "uint": COUNTS,
    "Time": TIMES,
    "Box": BOXES,
    "Rectangle": BOXES,
    "bool": ["true", "false"],
    "RandomVariable": VARIABLES,
    "Ptr": OBJECTS,
}
"""What an attribute may be given, by a word in its type."""

Types = dict[str, dict[str, str]]
"""Types of attributes, by type of model and name."""

LOSSES: Types = {m.type_id: {a.name: a.type for a in m.attributes} for m in loss_models()}
ANTENNAS: Types = {
    "ns3::CosineAntennaModel": dict.fromkeys(("VerticalBeamwidth", "HorizontalBeamwidth", "MaxGain"), "double"),
    "ns3::IsotropicAntennaModel": {"Gain": "double"},
    "ns3::ParabolicAntennaModel": dict.fromkeys(("Beamwidth", "Orientation", "MaxAttenuation"), "double"),
    "ns3::ThreeGppAntennaModel": {},
    "ns3::UniformPlanarArray": {
        "NumColumns": "uint",
        "NumRows": "uint",
        "AntennaHorizontalSpacing": "double",
        "BearingAngle": "double",
        "AntennaElement": "Ptr",
    },
}
MOBILITY: Types = {
    "ns3::ConstantPositionMobilityModel": {"Position": "Vector"},
    "ns3::GaussMarkovMobilityModel": {
        "Bounds": "Box",
        "TimeStep": "Time",
        "Alpha": "double",
        "MeanVelocity": "RandomVariable",
        "NormalPitch": "RandomVariable",
    },
    "ns3::HierarchicalMobilityModel": {"Child": "Ptr", "Parent": "Ptr"},
    "ns3::RandomDirection2dMobilityModel": {"Bounds": "Box", "Speed": "RandomVariable", "Pause": "RandomVariable"},
    "ns3::RandomWalk2dMobilityModel": {
        "Bounds": "Box",
        "Time": "Time",
        "Distance": "double",
        "Mode": "Time|Distance",
        "Speed": "RandomVariable",
    },
    "ns3::RandomWaypointMobilityModel": {
        "Speed": "RandomVariable",
        "Pause": "RandomVariable",
        "PositionAllocator": "Ptr",
    },
    "ns3::SteadyStateRandomWaypointMobilityModel": dict.fromkeys(
        ("MinSpeed", "MaxSpeed", "MinX", "MaxX", "MinPause", "MaxPause"), "double"
    ),
    "ns3::WaypointMobilityModel": {"NextWaypoint": "Waypoint", "InitialPositionIsWaypoint": "bool"},
}


def values(type_: str) -> st.SearchStrategy[str]:
    """Texts for an attribute: mostly of its type, good and bad, or anything."""
    fitting = [text for word, texts in VALUES.items() if word in type_ for text in texts]
    choices = type_.split("|") if "|" in type_ else []
    return st.one_of(*[st.sampled_from(fitting + choices)] * bool(fitting + choices) * 4, st.sampled_from(RUBBISH))


def models(types: Types) -> st.SearchStrategy[dict[str, Any]]:
    """A model of these, with up to two attributes."""

    def of(type_: str) -> st.SearchStrategy[dict[str, Any]]:
        attributes = {name: values(kind) for name, kind in types[type_].items()}
        chosen = st.lists(st.sampled_from(sorted(attributes)), max_size=2, unique=True) if attributes else st.just([])
        return chosen.flatmap(
            lambda names: st.fixed_dictionaries(
                {"type": st.just(type_), "attributes": st.fixed_dictionaries({n: attributes[n] for n in names})}
            )
        )

    return st.sampled_from(sorted(types)).flatmap(of)


def number(*usual: float) -> st.SearchStrategy[float]:
    """Mostly what is allowed, now and then anything."""
    return st.one_of(*[st.sampled_from(usual)] * 9, st.floats())


def followed_by(preset: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    """The models of a preset, and one more."""
    return [*PRESETS[preset].channel, more]


HEIGHTS = number(0.0, 1.0, 1.5, 25.0, 1000.0)
CHANNELS = st.one_of(
    st.sampled_from(sorted(PRESETS)),
    st.lists(models(LOSSES), min_size=1, max_size=3),
    st.builds(followed_by, st.sampled_from(sorted(PRESETS)), models(LOSSES)),
)
COORDINATES = number(0.0, 1.0, 25.0, -300.0, 1e6, 1e-300)
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "ues": st.sampled_from([0, 1, 3]),
    "rbgs": st.sampled_from([1, 2, 128]),
    "radio.rbs_per_rbg": st.sampled_from([1, 4, 32]),
    "radio.numerology": st.integers(0, 3),
    "radio.carrier_frequency_hz": number(1e8, 5e8, 2e9, 3e10, 1e11),
    "radio.tx_power_dbm": number(-50.0, 0.0, 50.0),
    "radio.noise_figure_db": number(0.0, 50.0),
    "radio.power_control": st.fixed_dictionaries(
        {"p0_dbm": number(-200.0, -80.0, 50.0), "alpha": number(0.0, 0.7, 1.0)}
    ),
    "radio.link_adaptation": st.fixed_dictionaries(
        {
            "period_ttis": st.sampled_from([1, 3, 100_000]),
            "delay_ttis": st.sampled_from([0, 1, 1000]),
            "target_bler": number(1e-6, 0.1, 0.999),
        }
    ),
    "radio.bs_antenna": models(ANTENNAS),
    "radio.ue_antenna": models(ANTENNAS),
    "placement.mobility": models(MOBILITY),
    "placement.positions_m": st.lists(st.tuples(COORDINATES, COORDINATES, HEIGHTS), max_size=3),
    "placement.radius_m": number(36.0, 500.0, 1e5),
    "placement.bs_height_m": HEIGHTS,
    "placement.ue_height_m": HEIGHTS,
}


SCHEMA = Scenario.model_json_schema()
JUNK = st.one_of(
    st.sampled_from([None, True, -1, 0, 2**64, 1e308, float("nan"), float("inf"), [], {}, [[]], {"": 0}, [None]]),
    st.sampled_from(RUBBISH),
)
"""Values for any field."""


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly what a field allows, its limits above all; now and then anything."""
    return st.one_of(*[_allowed(schema)] * 6, JUNK)


def _allowed(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return models(LOSSES | ANTENNAS | MOBILITY) if name == "Model" else _allowed(SCHEMA["$defs"][name])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return st.one_of(*map(_allowed, schema[key]))
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return _of_type(schema)


def _of_type(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema["type"] == "array":
        if "prefixItems" in schema:
            return st.tuples(*map(of_schema, schema["prefixItems"]))
        return st.lists(of_schema(schema["items"]), max_size=3)
    if schema["type"] == "object":
        inner = {name: of_schema(each) for name, each in schema.get("properties", {}).items()}
        required = {name: inner.pop(name) for name in schema.get("required", [])}
        return st.fixed_dictionaries(required, optional=inner)
    if schema["type"] in ("integer", "number"):
        return _numbers(schema)
    return {"boolean": st.booleans(), "null": st.none()}.get(schema["type"], st.sampled_from(RUBBISH))


def _numbers(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e9))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 1e9))
    if schema["type"] == "number":
        return st.one_of(st.sampled_from([low, high, (low + high) / 2]), st.floats(low, high))
    return st.sampled_from([int(low), int(low) + 1, int(low) + 7, int(high)])


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    """Schemas of all fields, of a section its fields by their dotted names."""
    for name, schema in SCHEMA["properties"].items():
        section = SCHEMA["$defs"].get(schema.get("$ref", "").rpartition("/")[2])
        if section is None:
            yield name, schema
        else:
            yield from ((f"{name}.{field}", inner) for field, inner in section["properties"].items())


STRATEGIES = {name: of_schema(schema) for name, schema in properties()} | OTHERS
"""By dotted name, of every field that a scenario has."""
STRATEGIES.pop("channel")


def fields_of(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A channel, and these fields."""
    return st.fixed_dictionaries({"channel": CHANNELS, **{name: STRATEGIES[name] for name in names}})


FIELDS = st.lists(st.sampled_from(sorted(STRATEGIES)), max_size=4, unique=True).flatmap(fields_of)


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
        except ScenarioError as error:
            return str(error)
        except RequestRefusedError as error:
            return error.cause
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
    assert "\n" not in cell.try_(fields)


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
@pytest.mark.timeout(1800)
@given(FIELDS)
@settings(_USUAL, max_examples=2000)
def test_nothing_of_2000_crashes_or_hangs_the_cell(cell: Cell, fields: dict[str, Any]) -> None:
    check(cell, fields)
