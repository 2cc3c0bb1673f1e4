# SPDX-License-Identifier: MIT
"""The sections and fields of a scenario, with what is allowed in each."""

import math
from collections.abc import Iterator
from itertools import accumulate
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def _with_text(data: Any) -> Any:
    """The values of an ns-3 object's attributes as text."""
    attributes: object = cast("dict[str, Any]", data).get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        return data
    pairs = cast("dict[object, object]", attributes).items()
    return {**data, "attributes": {str(name): _ns3_text(value) for name, value in pairs}}


def _ns3_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


MAX_DECISION_DELAY_TTIS = 1024
"""Of the cell."""

_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


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


class _Traffic(_Section):
    weights: tuple[Annotated[float, Field(ge=0, le=1000)], ...] = ()
    """Of UE 0, 1, ..., repeated in turn: each multiplies the load of its UEs; none: all 1."""


class Bernoulli(_Traffic):
    """At most one arrival per UE and TTI."""

    model: Literal["bernoulli"] = "bernoulli"
    load: float = Field(default=0.5, ge=0, le=1)
    """Probability of an arrival, per UE and TTI."""


class Poisson(_Traffic):
    """A Poisson number of arrivals per UE and TTI."""

    model: Literal["poisson"]
    load: float = Field(default=0.5, ge=0, le=1000)
    """Mean arrivals, per UE and TTI."""


class Periodic(_Traffic):
    """One arrival in each period; each UE has a phase of its own."""

    model: Literal["periodic"]
    period_ttis: int = Field(ge=1, le=1_000_000)
    """TTIs from one arrival to the next."""
    jitter_ttis: int = Field(default=0, ge=0, le=1_000_000)
    """Each arrival is late by 0 to this many TTIs, uniformly."""


class OnOff(_Traffic):
    """Bursts: arrivals while on, silence while off; both times are geometric."""

    model: Literal["on-off"]
    mean_on_ttis: float = Field(ge=1, le=1e6)
    """Mean length of a burst, in TTIs."""
    mean_off_ttis: float = Field(ge=1, le=1e6)
    """Mean silence between two bursts, in TTIs."""
    load: float = Field(default=0.5, ge=0, le=1)
    """Probability of an arrival, per UE and TTI, while on."""


class Trace(_Section):
    """Arrivals from a file."""

    model: Literal["trace"]
    arrivals: tuple[tuple[_Count, _Count, _Count], ...]
    """(tti, ue, dpdus), in order of TTI; or the path of a CSV file with that header, relative to the scenario file."""


class Application(_Section):
    """An ns-3 application that sends, one for each of some UEs, and a ns3::PacketSink at the other end."""

    type: str = Field(pattern=r"^ns3::\w+$")
    """Name of the TypeId: ns3::UdpClient, ns3::OnOffApplication, ns3::BulkSendApplication, ..."""
    attributes: dict[str, str] = {}
    """Values by attribute name."""
    ues: tuple[_Count, ...] = ()
    """Ids of the UEs; none: all."""
    direction: Literal["up", "down"] = "up"
    """From the UE to the BS, or from the BS to the UE."""
    start_tti: int = Field(default=0, ge=0, le=1_000_000)
    """The earliest TTI at which it starts; a UE that joins later starts it when it joins."""
    stop_tti: int = Field(default=0, ge=0, le=1_000_000)
    """TTI at which it stops; 0: never."""
    jitter_ttis: int = Field(default=0, ge=0, le=1_000_000)
    """Starts later by 0 to this many TTIs, uniformly, drawn for each UE."""

    @model_validator(mode="before")
    @classmethod
    def _attributes_as_text(cls, data: Any) -> Any:
        return _with_text(data)


class Ip(_Section):
    """IP packets of ns-3 applications, segmented into dPDUs; docs/ip.md."""

    model: Literal["ip"]
    applications: tuple[Application, ...] = Field(max_length=256)
    """What sends; application i uses port 5000 + i."""
    downlink_delay_ttis: int = Field(default=4, ge=0, le=1_000_000)
    """Of the ideal bearer from the BS to a UE, in TTIs."""


class ChurnEvent(_Section):
    """UEs that leave and join at the boundary before a TTI, leaves first."""

    tti: int = Field(ge=1)
    """The TTI whose boundary it takes place at."""
    join: int = Field(default=0, ge=0, le=1024)
    """Number of UEs that join; they get the next unused ids."""
    leave: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Ids of the UEs that leave."""


class PoissonChurn(_Section):
    """UEs join as a Poisson process and stay for a geometric time."""

    join_per_tti: float = Field(ge=0, le=100)
    """Mean joins per TTI."""
    mean_stay_ttis: float = Field(ge=1, le=1e9)
    """Mean time that a UE stays, in TTIs; of those connected at TTI 0, too."""
    min_ues: int = Field(default=0, ge=0, le=1024)
    """A UE whose time is over stays as long as no more than these are connected."""
    max_ues: int = Field(default=1024, ge=1, le=1024)
    """A UE that would exceed these does not join."""


class ControlSinr(_Section):
    """Loss of control messages by the SNR of the UE's link: 1 / (1 + exp((SNR - midpoint) / slope))."""

    midpoint_db: float = Field(default=-2.0, ge=-50, le=50)
    """SNR at which half of the messages are lost, in dB."""
    slope_db: float = Field(default=0.5, gt=0, le=50)
    """How gently the curve falls, in dB."""
    bs_tx_power_dbm: float = Field(default=46.0, ge=-50, le=80)
    """Of the BS, over as many RBs as an RBG has."""
    ue_noise_figure_db: float = Field(default=9.0, ge=0, le=50)
    """Of a UE's receiver (3GPP TR 38.901 table 7.8-1)."""


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
    sinr_loss: ControlSinr | None = None
    """Loss by SNR, besides the probability."""


class PowerControl(_Section):
    """Open loop: min(tx_power_dbm, P0 + 10 log10(RBs) + alpha * path loss), 3GPP TS 36.213 clause 5.1.1.1."""

    p0_dbm: float = Field(default=-80.0, ge=-200, le=50)
    """Target at the BS per RB, in dBm, at alpha = 1."""
    alpha: float = Field(default=1.0, ge=0, le=1)
    """Share of the path loss that is made up for."""


class LinkAdaptation(_Section):
    """MCS by ns3::LteAmc from the SNR that the BS measured; how it ages is told in docs/phy.md."""

    period_ttis: int = Field(default=10, ge=1, le=100_000)
    """From one measurement to the next, in TTIs."""
    delay_ttis: int = Field(default=4, ge=0, le=1000)
    """From the measurement to its use, in TTIs."""
    target_bler: float = Field(default=0.1, gt=0, lt=1)
    """BLER that the chosen MCS may have."""


class Model(_Section):
    """An ns-3 object: the name of its TypeId and its attributes as ns-3 writes them."""

    type: str = Field(pattern=r"^ns3::\w+$")
    """Name of the TypeId."""
    attributes: dict[str, str] = {}
    """Values by attribute name."""

    @model_validator(mode="before")
    @classmethod
    def _attributes_as_text(cls, data: Any) -> Any:
        return _with_text(data)


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
    power_control: PowerControl | None = None
    """Instead of full power."""
    link_adaptation: LinkAdaptation | None = None
    """Instead of a fixed MCS."""
    bs_antenna: Model | None = None
    """ns3::AntennaModel of the BS, or a ns3::UniformPlanarArray; none: isotropic."""
    ue_antenna: Model | None = None
    """The same of the UEs."""


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
    mobility: Model = Model(type="ns3::ConstantPositionMobilityModel")
    """ns3::MobilityModel of the UEs, from the place where they join."""

    @model_validator(mode="after")
    def _ring_is_not_empty(self) -> "Placement":
        if self.min_distance_m >= self.radius_m:
            raise ValueError("min_distance_m must be less than radius_m")
        return self


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


class ProportionalFair(_Section):
    """The leader's utility: a UE's k-th first decode is worth rho ln((k + 1) / k)."""

    signalling_cost_per_bit: float = Field(default=0.0, ge=0, le=1000)
    """Of the control messages that are sent, in both directions."""


class OwnUtility(_Section):
    """Each follower's utility: rho for a first decode of its own."""

    transmission_cost: float = Field(default=0.0, ge=0, le=1000)
    """Of each transmission, whatever comes of it: its energy."""


class Utility(_Section):
    """Reward of a TTI, shared by all unless they have another: +rho, -rho and -1 as docs/game.md tells."""

    rho: float = Field(default=3.0, ge=0, le=1000)
    """Worth of a first decode."""
    leader: ProportionalFair | None = None
    """Of the leader, instead of the shared one."""
    followers: OwnUtility | None = None
    """Of the followers, instead of the shared one."""


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
    traffic: Annotated[Bernoulli | Poisson | Periodic | OnOff | Trace | Ip, Field(discriminator="model")] = Bernoulli()
    """How dPDUs arrive."""
    churn: tuple[ChurnEvent, ...] = ()
    """When UEs join and leave, in order of TTI; or the path of a CSV file with the header `tti,join,leave` (ids
    separated by spaces), relative to the scenario file."""
    poisson_churn: PoissonChurn | None = None
    """UEs that join and leave at random, instead of at given TTIs."""
    decision_delay: tuple[Annotated[float, Field(ge=0, le=1)], ...] = ()
    """Probabilities that an action takes effect 0, 1, ... TTIs after its observation, or a file; none: no delay."""
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
    history_ttis: int = Field(default=0, ge=0, le=64)
    """TTIs before the present one that the prompts of language agents tell of."""

    @model_validator(mode="before")
    @classmethod
    def _usual_kinds(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Traffic and vocabulary need not say their kind when it is the usual one."""
        result = dict(data)
        for field, usual in (("vocabulary", {"kind": "semantic"}), ("traffic", {"model": "bernoulli"})):
            if isinstance(section := result.get(field), dict):
                result[field] = {**usual, **cast("dict[str, Any]", section)}
        return result

    @model_validator(mode="after")
    def _churn_is_possible(self) -> "Scenario":
        if self.churn and self.poisson_churn is not None:
            raise ValueError("churn and poisson_churn exclude each other; give one of them")
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

    @model_validator(mode="after")
    def _decision_delay_is_a_distribution(self) -> "Scenario":
        if self.decision_delay and not math.isclose(sum(self.decision_delay), 1.0, abs_tol=1e-9):
            raise ValueError(f"decision_delay: the probabilities must add up to 1, not {sum(self.decision_delay):g}")
        return self

    @property
    def tti_s(self) -> float:
        """Duration of a TTI in seconds."""
        return 1e-3 / 2**self.radio.numerology

    @property
    def ue_total(self) -> int:
        """UEs that are ever connected in an episode; their ids are 0 .. ue_total - 1."""
        return self.ues + sum(event.join for event in self.churn) + self.max_poisson_joins

    @property
    def most_connected(self) -> int:
        """UEs that can be connected at one time."""
        if self.poisson_churn is not None:
            return max(self.ues, min(self.poisson_churn.max_ues, self.ue_total))
        changes = [event.join - len(event.leave) for event in self.churn]
        return self.ues + max(accumulate(changes, initial=0))

    @property
    def max_poisson_joins(self) -> int:
        """Joins of `poisson_churn` after which nobody joins: six standard deviations above their mean."""
        if self.poisson_churn is None:
            return 0
        mean = self.poisson_churn.join_per_tti * self.ttis
        return math.ceil(mean + 6 * math.sqrt(mean))


def tag(section: type[BaseModel]) -> str:
    """The value of `kind` or `model` by which a section is chosen; empty if it is not one of several."""
    for name in TAG_FIELDS:
        if name in section.model_fields:
            return str(get_args(section.model_fields[name].annotation)[0])
    return ""


def sections_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """All sections that a field with this annotation may hold, or hold a list of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for part in get_args(annotation):
            yield from sections_of(part)


TAG_FIELDS = ("kind", "model")
TAGS = frozenset(
    tag(section) for field in Scenario.model_fields.values() for section in sections_of(field.annotation)
) - {""}
