# SPDX-License-Identifier: MIT
"""Parameters of the conventional agents: what may be tried, what `llmac tune` found, and a guess for the rest.

An agent's parameters are a frozen dataclass; the fields that `tunable` makes are tuned, others keep their defaults.
tuned.yaml holds, by agent and scenario name, the values for one or several populations and loads; a scenario that has
none that is near gets the dataclass's own guess.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import yaml

from llmac.bridge.scenario import Scenario

_RARE = 0.05
_FARTHEST = 2.0  # doublings


class Parameters(Protocol):
    """A dataclass of tunable fields."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """Values that should do in a scenario that was never tuned."""
        ...


P = TypeVar("P", bound=Parameters)

Choose = Callable[[Scenario], P]
"""The parameters of an agent in a scenario; asked once for each environment, in their order."""


def tunable(default: Any, *others: Any) -> Any:
    """A dataclass field with its default and the other values that `llmac tune` tries."""
    return field(default=default, metadata={"grid": (default, *others)})


def grid(kind: type[P]) -> list[P]:
    """Every combination of the values to try, the defaults first."""
    names = [f.name for f in _tunable_fields(kind)]
    points = product(*(f.metadata["grid"] for f in _tunable_fields(kind)))
    return [kind(**dict(zip(names, point, strict=True))) for point in points]


def tuned(agent: str, kind: type[P]) -> Choose[P]:
    """Parameters from tuned.yaml, at the nearest population and load; a guess where it has none that is near."""
    entries = {name: [_Entry.of(e) for e in found] for name, found in read_tuned().get(agent, {}).items()}

    def choose(scenario: Scenario) -> P:
        near = [e for e in entries.get(scenario.name, []) if e.distance(scenario) <= _FARTHEST]
        if not near:
            return kind.guess(scenario)
        return kind(**min(near, key=lambda entry: entry.distance(scenario)).values)

    return choose


def entry(scenario: Scenario, parameters: Parameters) -> dict[str, Any]:
    """What tuned.yaml holds of one scenario."""
    values = {f.name: getattr(parameters, f.name) for f in _tunable_fields(type(parameters))}
    return {"ues": scenario.ues, "rbgs": scenario.rbgs, "load": round(offered_load(scenario), 6), **values}


def offered_load(scenario: Scenario) -> float:
    """Mean dPDUs per UE and TTI."""
    traffic = scenario.traffic
    match traffic.model:
        case "bernoulli" | "poisson":
            load = traffic.load
        case "periodic":
            load = 1 / traffic.period_ttis
        case "on-off":
            load = traffic.load * duty(scenario)
        case "trace":
            return sum(row[2] for row in traffic.arrivals) / (scenario.ttis * max(scenario.ues, 1))
        case "ip":  # what applications send is known only when they ran: taken as half of what the RBGs can carry
            return 0.5 * scenario.rbgs / max(scenario.ues, 1)
    return load * (float(np.mean(traffic.weights)) if traffic.weights else 1.0)


def duty(scenario: Scenario) -> float:
    """Share of the time in which a UE has arrivals."""
    traffic = scenario.traffic
    if traffic.model != "on-off":
        return 1.0
    return traffic.mean_on_ttis / (traffic.mean_on_ttis + traffic.mean_off_ttis)


def peak_population(scenario: Scenario) -> int:
    """The most UEs that are connected at once: by the schedule exactly, by a Poisson process with a margin."""
    now = peak = scenario.ues
    for event in scenario.churn:
        now += event.join - len(event.leave)
        peak = max(peak, now)
    if scenario.poisson_churn is not None:
        mean = scenario.poisson_churn.join_per_tti * scenario.poisson_churn.mean_stay_ttis
        peak = max(peak, min(scenario.poisson_churn.max_ues, int(mean + 2 * mean**0.5)))
    return max(peak, 1)


def blocks_rarely_fail(scenario: Scenario) -> bool:
    """Transmissions without interference fail seldom, as far as the scenario says."""
    model = scenario.error_model
    return model.model == "ideal-collision" or (model.model == "fixed-tbler" and model.tbler <= _RARE)


@dataclass(frozen=True, slots=True)
class _Entry:
    ues: int
    rbgs: int
    load: float
    values: Mapping[str, Any]

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        values = dict(item)
        return cls(values.pop("ues"), values.pop("rbgs"), values.pop("load"), values)

    def distance(self, scenario: Scenario) -> float:
        """In doublings of the population, of the RBGs and of the load, added up."""
        ratios = (
            max(scenario.ues, 1) / max(self.ues, 1),
            scenario.rbgs / self.rbgs,
            (offered_load(scenario) + 1e-9) / (self.load + 1e-9),
        )
        return float(np.abs(np.log2(ratios)).sum())


def _tunable_fields(kind: type[Parameters]) -> list[Field[Any]]:
    # A protocol cannot say that its classes are dataclasses.
    return [f for f in fields(kind) if "grid" in f.metadata]  # pyright: ignore[reportArgumentType]


@cache
def read_tuned() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The content of tuned.yaml, by agent and scenario name."""
    text = resources.files("llmac.agents.baselines").joinpath("tuned.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text) or {}
