# SPDX-License-Identifier: MIT
"""The metrics of an episode, always under these names; docs/metrics.md defines them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import EpisodeEnd, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import wire_pb2

NAMES = (
    "goodput_dpdu_per_tti",
    "goodput_mbps",
    "jain_index",
    "mean_delay_tti",
    "p95_delay_tti",
    "collision_rate",
    "duplicate_rate",
    "loss_rate",
    "drop_rate",
    "signalling_bits_per_tti",
    "invalid_action_rate",
    "utility",
    "normalised_utility",
    "bound_dpdu_per_tti",
)


@dataclass(slots=True)
class Tally:
    """Adds up the observations of one batch of episodes, from the first to the last."""

    scenarios: tuple[Scenario, ...]
    counters: NDArray[np.int64] = field(init=False)
    utility: NDArray[np.float64] = field(init=False)
    leader_unparsed: NDArray[np.int64] = field(init=False)
    follower_unparsed: NDArray[np.int64] = field(init=False)
    end: EpisodeEnd | None = field(init=False, default=None)
    ttis: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.counters = np.zeros((len(self.scenarios), len(wire_pb2.Counter.values())), dtype=np.int64)
        self.utility = np.zeros(len(self.scenarios))
        self.leader_unparsed = np.zeros(len(self.scenarios), dtype=np.int64)
        self.follower_unparsed = np.zeros(len(self.scenarios), dtype=np.int64)

    def add(self, observation: LeaderObservation) -> None:
        """Count the TTI that `observation` tells of."""
        self.counters += observation.counters
        self.utility += observation.leader_utility
        self.ttis = observation.tti
        if observation.end is not None:
            self.end = observation.end

    def reject(self, leader_unparsed: NDArray[np.int64], follower_unparsed: NDArray[np.int64]) -> None:
        """Count sentences of a TTI, [E] each, that meant nothing: a BS then sent no DCM, and a UE held."""
        self.leader_unparsed += leader_unparsed
        self.follower_unparsed += follower_unparsed

    def metrics(self) -> list[dict[str, float]]:
        """Metrics of each environment, all of NAMES but `normalised_utility`; NaN where nothing happened to measure.

        Raises:
            ValueError: the episodes have not ended, or their bounds were not asked for.
        """
        end = self.end
        if end is None or not end.bound.size:
            raise ValueError("metrics need a whole episode of an environment with bound=True")
        first_ue = np.concatenate([[0], np.cumsum(end.ue_total)])
        return [self._of(e, end, slice(int(first_ue[e]), int(first_ue[e + 1]))) for e in range(len(self.scenarios))]

    def _of(self, environment: int, end: EpisodeEnd, ues: slice) -> dict[str, float]:
        count = dict(zip(wire_pb2.Counter.keys(), self.counters[environment].tolist(), strict=True))
        delivered, arrived = count["COUNTER_DELIVERED"], count["COUNTER_ARRIVED"]
        scenario = self.scenarios[environment]
        # A UE that held because its sentence meant nothing is among the cell's decisions; a silent BS is not.
        silent = int(self.leader_unparsed[environment])
        invalid = count["COUNTER_INVALID"] + silent + int(self.follower_unparsed[environment])
        histogram = end.delay_histogram[environment]
        return {
            "goodput_dpdu_per_tti": delivered / self.ttis,
            "goodput_mbps": count["COUNTER_DELIVERED_BIT"] / (self.ttis * scenario.tti_s) / 1e6,
            "jain_index": jain_index(end.ue_arrived[ues], end.ue_delivered[ues]),
            "mean_delay_tti": mean(histogram),
            "p95_delay_tti": percentile(histogram, 0.95),
            "collision_rate": count["COUNTER_COLLISION"] / (self.ttis * scenario.rbgs),
            "duplicate_rate": _ratio(count["COUNTER_DUPLICATE"], count["COUNTER_DUPLICATE"] + delivered),
            "loss_rate": _ratio(count["COUNTER_LOST"], arrived),
            "drop_rate": _ratio(count["COUNTER_DROPPED"], arrived),
            "signalling_bits_per_tti": (count["COUNTER_UCM_BITS"] + count["COUNTER_DCM_BITS"]) / self.ttis,
            "invalid_action_rate": _ratio(invalid, count["COUNTER_DECISION"] + silent),
            "utility": float(self.utility[environment]) / self.ttis,
            "bound_dpdu_per_tti": float(end.bound[environment]) / self.ttis,
        }


def jain_index(arrived: NDArray[np.uint32], delivered: NDArray[np.uint32]) -> float:
    """Jain's fairness index (Jain et al., DEC-TR-301, 1984) over delivered/arrived of the UEs that had arrivals.

    NaN if none had; 1 if none was served, since all were treated alike.
    """
    had_arrivals = arrived > 0
    share = delivered[had_arrivals] / arrived[had_arrivals]
    if not share.size:
        return float("nan")
    if not share.any():
        return 1.0
    return float(share.sum() ** 2 / (share.size * (share**2).sum()))


def mean(histogram: NDArray[np.uint32]) -> float:
    """Mean of the values 0, 1, ... counted by a histogram; NaN without counts."""
    total = int(histogram.sum())
    return float(histogram @ np.arange(histogram.size)) / total if total else float("nan")


def percentile(histogram: NDArray[np.uint32], probability: float) -> float:
    """Smallest value that at least this share of the counts does not exceed; NaN without counts."""
    total = int(histogram.sum())
    if not total:
        return float("nan")
    return float(np.searchsorted(np.cumsum(histogram.astype(np.int64)), probability * total))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
