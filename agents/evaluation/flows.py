# SPDX-License-Identifier: MIT
"""The IP flows of an agent's episodes: for summary.json flow by flow, for the table by application."""

import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from llmac.bridge.envs.observations import FLOW_BS, Flows
from llmac.bridge.scenario import Scenario
from llmac.bridge.scenario.sections import Application, Ip

_PROTOCOLS = {6: "tcp", 17: "udp"}


@dataclass(slots=True)
class Counters:
    """What was counted of one flow, or of several together; see `Flows`."""

    tx_packets: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    rx_bytes: int = 0
    lost_packets: int = 0
    payload_bytes: int = 0
    delay_sum_s: float = 0.0
    jitter_sum_s: float = 0.0
    first_tx_s: float = math.inf
    last_rx_s: float = 0.0

    def metrics(self) -> dict[str, float]:
        """Counts, and what follows from them; NaN where nothing was received."""
        active_s = self.last_rx_s - self.first_tx_s
        return {
            "tx_packets": self.tx_packets,
            "tx_bytes": self.tx_bytes,
            "rx_packets": self.rx_packets,
            "rx_bytes": self.rx_bytes,
            "lost_packets": self.lost_packets,
            "payload_bytes": self.payload_bytes,
            "loss_rate": self.lost_packets / self.tx_packets if self.tx_packets else math.nan,
            "mean_delay_s": self.delay_sum_s / self.rx_packets if self.rx_packets else math.nan,
            "mean_jitter_s": self.jitter_sum_s / (self.rx_packets - 1) if self.rx_packets > 1 else math.nan,
            "throughput_mbps": 8e-6 * self.rx_bytes / active_s if self.rx_packets and active_s > 0 else math.nan,
        }


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What tells flows apart, at any seed; without the port of the sender, since TCP may connect anew."""

    application: int
    source: int
    destination: int
    protocol: int


Episodes = list[dict[Key, Counters]]
"""Flows by key, for each episode."""


def episodes(flows: Flows) -> Episodes:
    """Split columns into episodes; flows with the same key are added up."""
    result: Episodes = []
    rows = iter(range(flows.application.size))
    names = [field.name for field in fields(Counters)]
    for count in flows.flow_count.tolist():
        episode: dict[Key, Counters] = {}
        for row in (next(rows) for _ in range(count)):
            key = Key(
                int(flows.application[row]),
                int(flows.source[row]),
                int(flows.destination[row]),
                int(flows.protocol[row]),
            )
            _add(episode.setdefault(key, Counters()), {name: getattr(flows, name)[row].item() for name in names})
        result.append(episode)
    return result


def _add(sum_: Counters, values: dict[str, Any]) -> None:
    for name, value in values.items():
        combine = {"first_tx_s": min, "last_rx_s": max}.get(name, operator.add)
        setattr(sum_, name, combine(getattr(sum_, name), value))


def document(scenario: Scenario, played: Episodes) -> list[dict[str, Any]]:
    """Flows of one agent for summary.json: each metric's mean over the seeds and its values; null: no number."""
    applications = _applications(scenario)
    result: list[dict[str, Any]] = []
    for key in sorted({key for episode in played for key in episode}):
        values = [episode[key].metrics() if key in episode else Counters().metrics() for episode in played]
        result.append(
            {
                "application": key.application,
                "type": applications[key.application].type,
                "source": _end(key.source),
                "destination": _end(key.destination),
                "protocol": _PROTOCOLS.get(key.protocol, str(key.protocol)),
                **{name: _over_seeds([metrics[name] for metrics in values]) for name in values[0]},
            }
        )
    return result


def _over_seeds(values: Sequence[float]) -> dict[str, Any]:
    known = [value for value in values if not math.isnan(value)]
    return {
        "mean": float(np.mean(known)) if known else None,
        "seeds": [None if math.isnan(value) else value for value in values],
    }


def table(scenario: Scenario, agents: dict[str, Episodes]) -> Table:
    """One row per agent and application: means over the UEs and the seeds; acknowledgements are left out."""
    result = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), caption_justify="left")
    for heading in ("agent\n", "application\n"):
        result.add_column(heading, no_wrap=True)
    for heading in ("flows\n", "packets\nsent", "lost\n", "delay\nms", "jitter\nms", "Mb/s\neach"):
        result.add_column(heading, justify="right", no_wrap=True)
    for agent, played in agents.items():
        for application, name, flows in _by_application(scenario, played):
            metrics = [flow.metrics() for flow in flows]
            result.add_row(
                agent,
                f"{name} {application.direction}",
                f"{len(flows) / len(played):.3g}",
                f"{_mean(metrics, 'tx_packets'):.0f}",
                f"{sum(f.lost_packets for f in flows) / max(1, sum(f.tx_packets for f in flows)):.3f}",
                _text(1e3 * _mean(metrics, "mean_delay_s"), 1),
                _text(1e3 * _mean(metrics, "mean_jitter_s"), 1),
                _text(_mean(metrics, "throughput_mbps"), 3),
            )
    result.caption = "IP flows, means over UEs and seeds; packets and bytes with their headers"
    return result


def _by_application(scenario: Scenario, played: Episodes) -> Iterator[tuple[Application, str, list[Counters]]]:
    for index, application in enumerate(_applications(scenario)):
        receiver_is_bs = application.direction == "up"
        flows = [
            counters
            for episode in played
            for key, counters in episode.items()
            if key.application == index and (key.destination == FLOW_BS) == receiver_is_bs
        ]
        yield application, f"{index} {application.type.removeprefix('ns3::').removesuffix('Application')}", flows


def _applications(scenario: Scenario) -> tuple[Application, ...]:
    return scenario.traffic.applications if isinstance(scenario.traffic, Ip) else ()


def _end(ue: int) -> str:
    return "bs" if ue == FLOW_BS else f"ue_{ue}"


def _mean(metrics: Sequence[dict[str, float]], name: str) -> float:
    known = [m[name] for m in metrics if not math.isnan(m[name])]
    return float(np.mean(known)) if known else math.nan


def _text(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
