# SPDX-License-Identifier: MIT
"""Scenarios: the typed form of a YAML file, validated, with every bad field told in one sentence.

The command line sets the same fields (`--set radio.mcs=9`). `docs/scenarios.md` explains them one by one.
"""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from llmac.bridge.errors import ScenarioError
from llmac.v1 import scenario_pb2


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Semantic(_Section):
    """Messages with the usual meanings: `sr`, `bsr <k>`; `grant <rbg>`, `ack`, `ack grant <rbg>`."""

    kind: Literal["semantic"] = "semantic"
    bsr_levels: int = Field(default=6, ge=2, le=64)
    """Levels of the quantised buffer status."""


class Opaque(_Section):
    """Symbols `m0`.. in both directions, whose meaning is left for the agents to invent."""

    kind: Literal["opaque"]
    symbols: int = Field(ge=1, le=64)
    """Symbols of each direction, besides null."""


class Bernoulli(_Section):
    """At most one arrival per UE and TTI."""

    model: Literal["bernoulli"] = "bernoulli"
    load: float = Field(default=0.5, ge=0, le=1)
    """Probability of an arrival, per UE and TTI."""


class ChurnEvent(_Section):
    """UEs that leave and join at the boundary before a TTI, leaves first."""

    tti: int = Field(ge=1)
    """The TTI whose boundary it takes place at."""
    join: int = Field(default=0, ge=0, le=1024)
    """Number of UEs that join; they get the next unused ids."""
    leave: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Ids of the UEs that leave."""


class Control(_Section):
    """The control channel."""

    loss_probability: float = Field(default=0.0, ge=0, le=1)
    """Of each UCM and each DCM."""
    delay_ttis: int = Field(default=0, ge=0, le=64)
    """Added to the delivery of each UCM and each DCM, in TTIs."""
    max_dcms_per_tti: int = Field(default=0, ge=0, le=1024)
    """Limit K on the DCMs of a TTI; 0: none."""
    ucm_period_ttis: int = Field(default=1, ge=1, le=1024)
    """P: UE i has a UCM opportunity in TTIs with (tti + i) mod P = 0."""


class Radio(_Section):
    """Carrier, grid, powers and coding; used by the error models that look at the SINR."""

    carrier_frequency_hz: float = Field(default=2.0e9, ge=1e8, le=1e11)
    """Centre of the carrier, in Hz."""
    rbs_per_rbg: int = Field(default=4, ge=1, le=32)
    """Resource blocks of 12 subcarriers in an RBG."""
    numerology: int = Field(default=0, ge=0, le=3)
    """mu: TTI of 1 ms / 2^mu, subcarrier spacing of 15 kHz * 2^mu (3GPP TS 38.211 clause 4.2)."""
    tx_power_dbm: float = Field(default=23.0, ge=-50, le=50)
    """Of a UE, over the RBs it transmits on (3GPP power class 3)."""
    noise_figure_db: float = Field(default=5.0, ge=0, le=50)
    """Of the BS's receiver."""
    mcs: int = Field(default=9, ge=0, le=28)
    """Index of modulation and coding scheme, 3GPP TS 36.213 table 8.6.1-1."""
    capture: Literal["none", "strongest"] = "strongest"
    """Whether the strongest of several transmissions on one RBG can be decoded."""


class Placement(_Section):
    """Where the nodes stand: the given positions first, the other UEs uniformly over a ring around the BS."""

    radius_m: float = Field(default=500.0, gt=0, le=1e5)
    """Outer radius of the ring, in m."""
    min_distance_m: float = Field(default=35.0, ge=0)
    """Inner radius of the ring, in m (3GPP TR 38.901 table 7.2-1, urban macro)."""
    bs_height_m: float = Field(default=25.0, ge=0, le=1000)
    """Height of the BS antenna, in m."""
    ue_height_m: float = Field(default=1.5, ge=0, le=1000)
    """Height of the UE antennas, in m."""
    positions_m: tuple[tuple[float, float, float], ...] = ()
    """(x, y, z) of UE 0, 1, ... with the BS at (0, 0, bs_height_m)."""

    @model_validator(mode="after")
    def _ring_is_not_empty(self) -> "Placement":
        if self.min_distance_m >= self.radius_m:
            raise ValueError("min_distance_m must be less than radius_m")
        return self


class Model(_Section):
    """An ns-3 object: the name of its TypeId and its attributes as ns-3 writes them."""

    type: str = Field(pattern=r"^ns3::\w+$")
    """Name of the TypeId."""
    attributes: dict[str, str] = {}
    """Values by attribute name."""

    @model_validator(mode="before")
    @classmethod
    def _attributes_as_text(cls, data: dict[str, Any]) -> dict[str, Any]:
        attributes = data.get("attributes", {})
        if not isinstance(attributes, dict):
            return data
        pairs = cast("dict[object, object]", attributes).items()
        return {**data, "attributes": {str(name): _ns3_text(value) for name, value in pairs}}


class IdealCollision(_Section):
    """Two or more on one RBG: none decodes; one alone decodes."""

    model: Literal["ideal-collision"]


class FixedTbler(_Section):
    """Ideal collisions, and a fixed transport-block error rate."""

    model: Literal["fixed-tbler"]
    tbler: float = Field(default=0.001, ge=0, le=1)
    """Share of the transport blocks that fail without a collision."""


class SinrThreshold(_Section):
    """A transmission decodes when its SINR reaches a threshold."""

    model: Literal["sinr-threshold"]
    threshold_db: float = Field(ge=-30, le=60)
    """Least SINR that decodes, in dB."""


class MutualInformation(_Section):
    """ns3::LteMiErrorModel at the radio's MCS."""

    model: Literal["mutual-information"]


class Utility(_Section):
    """Reward of a TTI, shared by all: +rho, -rho and -1 as docs/scenarios.md tells."""

    rho: float = Field(default=3.0, ge=0, le=1000)
    """Worth of a first decode."""


class Scenario(_Section):
    """One environment. `name` is for tables and files; the rest is physics."""

    name: str = Field(min_length=1)
    """For tables and files."""
    ttis: int = Field(default=200, ge=1, le=1_000_000)
    """T: length of an episode in evaluation."""
    train_ttis: int = Field(default=24, ge=1, le=1_000_000)
    """Length of an episode in training."""
    ues: int = Field(default=4, ge=0, le=1024)
    """UEs connected at TTI 0."""
    rbgs: int = Field(default=2, ge=1, le=128)
    """B: resource-block groups."""
    buffer_capacity_dpdus: int = Field(default=20, ge=1, le=65_535)
    """Capacity of a UE buffer."""
    ack_deletes: bool = False
    """A received `ack` removes the acknowledged dPDU by itself."""
    vocabulary: Annotated[Semantic | Opaque, Field(discriminator="kind")] = Semantic()
    """Of the control messages."""
    traffic: Bernoulli = Bernoulli()
    """How dPDUs arrive."""
    churn: tuple[ChurnEvent, ...] = ()
    """When UEs join and leave, in order of TTI."""
    control: Control = Control()
    """The control channel."""
    radio: Radio = Radio()
    """Carrier, grid, powers, coding."""
    placement: Placement = Placement()
    """Where the nodes stand."""
    channel: tuple[Model, ...] = ()
    """Loss models, applied in this order."""
    error_model: Annotated[
        IdealCollision | FixedTbler | SinrThreshold | MutualInformation, Field(discriminator="model")
    ] = FixedTbler(model="fixed-tbler")
    """How a transmission fails."""
    utility: Utility = Utility()
    """The reward."""

    @model_validator(mode="after")
    def _churn_is_possible(self) -> "Scenario":
        connected, tti = set(range(self.ues)), 0
        next_id = self.ues
        for event in self.churn:
            if event.tti < tti:
                raise ValueError(f"churn has to be in the order of its TTIs; {event.tti} comes after {tti}")
            if event.tti == tti:
                raise ValueError(f"churn has two events at TTI {tti}; make one of them")
            gone = set(event.leave) - connected
            if gone or len(set(event.leave)) < len(event.leave):
                left = ", ".join(map(str, event.leave))
                raise ValueError(
                    f"churn at TTI {event.tti}: UEs {left} are to leave, and not all of them are connected"
                )
            connected -= set(event.leave)
            connected |= set(range(next_id, next_id + event.join))
            next_id, tti = next_id + event.join, event.tti
        return self

    @property
    def tti_s(self) -> float:
        """Duration of a TTI in seconds."""
        return 1e-3 / 2**self.radio.numerology

    @property
    def ue_total(self) -> int:
        """UEs that are ever connected in an episode; their ids are 0 .. ue_total - 1."""
        return self.ues + sum(event.join for event in self.churn)


def load(name_or_path: str | Path, overrides: dict[str, Any] | None = None) -> Scenario:
    """Read a built-in scenario by name, or a YAML file by path.

    Args:
        name_or_path: "paper", or a path that ends in .yaml or .yml.
        overrides: values by dotted field, as `--set` gives them: {"radio.mcs": 9}.

    Raises:
        ScenarioError: the file cannot be read, or a field is unknown or out of range.
    """
    path = _find(name_or_path)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: the scenario cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping of fields, for instance `ues: 4`")
    values = cast("dict[str, Any]", data)
    values.setdefault("name", path.stem)
    for field, value in (overrides or {}).items():
        _set(values, field, value)
    try:
        return Scenario.model_validate(values)
    except ValidationError as error:
        raise ScenarioError(_sentence(str(path), error)) from error


def builtin_names() -> list[str]:
    """Names of the scenarios that come with llmac."""
    entries = resources.files("llmac.scenarios").iterdir()
    return sorted(Path(entry.name).stem for entry in entries if entry.name.endswith(".yaml"))


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise ScenarioError(f"{path}: there is no such file")
        return path
    if str(name_or_path) in builtin_names():
        return Path(str(resources.files("llmac.scenarios").joinpath(f"{name_or_path}.yaml")))
    raise ScenarioError(
        f"{name_or_path}: there is no such scenario; give a path that ends in .yaml, or one of "
        f"{', '.join(builtin_names())}"
    )


def _set(data: dict[str, Any], field: str, value: Any) -> None:
    *sections, last = field.split(".")
    section = data
    for name in sections:
        inner: object = section.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ScenarioError(f"--set {field}: {name} has no fields of its own")
        section = cast("dict[str, Any]", inner)
    section[last] = value


def _sentence(file: str, error: ValidationError) -> str:
    first = error.errors()[0]
    # A discriminated union puts the chosen tag into the location; it is no field.
    field = ".".join(str(part) for part in first["loc"] if not (isinstance(part, str) and part in _TAGS)) or "scenario"
    if first["type"] == "extra_forbidden":
        return f"{file}: {field}: there is no such field; {_allowed_fields(first['loc'])}"
    context = first.get("ctx", {})
    if first["type"].startswith(
        "union_tag"
    ):  # the field that says which kind, `model` or `kind`, is missing or unknown
        discriminator = context["discriminator"].strip("'")
        field = f"{field}.{discriminator}"
        if "tag" not in context:
            return f"{file}: {field}: field required"
        return f"{file}: {field}: input should be one of {context['expected_tags']} (it is {context['tag']!r})"
    value = first.get("input")
    shown = "" if first["type"] == "missing" or not first["loc"] else f" (it is {value!r})"
    message = first["msg"].removeprefix("Value error, ")
    return f"{file}: {field}: {message[0].lower()}{message[1:]}{shown}"


_TAGS = {"semantic", "opaque", "ideal-collision", "fixed-tbler", "sinr-threshold", "mutual-information"}


def _allowed_fields(location: tuple[int | str, ...]) -> str:
    section: Any = Scenario
    for part in location[:-1]:
        if isinstance(part, int) or part in _TAGS:
            continue
        annotation = section.model_fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            break
        section = models[0]
    return "the fields here are " + ", ".join(section.model_fields)


def _ns3_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_proto(scenario: Scenario, ttis: int) -> scenario_pb2.Scenario:
    """The message that the cell gets, for an episode of `ttis` TTIs."""
    s = scenario
    message = scenario_pb2.Scenario(
        name=s.name,
        ttis=ttis,
        ues=s.ues,
        rbgs=s.rbgs,
        buffer_capacity=s.buffer_capacity_dpdus,
        ack_deletes=s.ack_deletes,
        traffic=scenario_pb2.Traffic(bernoulli=scenario_pb2.Traffic.Bernoulli(probability=s.traffic.load)),
        churn=[scenario_pb2.ChurnEvent(tti=e.tti, join=e.join, leave=e.leave) for e in s.churn],
        control=scenario_pb2.Control(**s.control.model_dump()),
        radio=scenario_pb2.Radio(
            **s.radio.model_dump(exclude={"capture"}),
            capture=f"CAPTURE_{s.radio.capture.upper()}",
        ),
        placement=scenario_pb2.Placement(
            **s.placement.model_dump(exclude={"positions_m"}),
            positions=[scenario_pb2.Position(x_m=x, y_m=y, z_m=z) for x, y, z in s.placement.positions_m],
        ),
        channel=[scenario_pb2.ModelSpec(type_id=m.type, attributes=m.attributes) for m in s.channel],
        utility=scenario_pb2.Utility(rho=s.utility.rho),
    )
    match s.vocabulary:
        case Semantic(bsr_levels=levels):
            message.vocabulary.semantic.bsr_levels = levels
        case Opaque(symbols=symbols):
            message.vocabulary.opaque.symbols = symbols
    match s.error_model:
        case IdealCollision():
            message.error_model.ideal_collision.SetInParent()
        case FixedTbler(tbler=tbler):
            message.error_model.fixed_tbler.tbler = tbler
        case SinrThreshold(threshold_db=threshold_db):
            message.error_model.sinr_threshold.threshold_db = threshold_db
        case MutualInformation():
            message.error_model.mutual_information.SetInParent()
    return message
