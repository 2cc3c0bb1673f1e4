# SPDX-License-Identifier: MIT
"""Whom a scheduler serves first: round robin, proportional fair, longest queue first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen
from llmac.bridge.envs.observations import LeaderObservation

_NEXT_ROUND = 2**32  # above every UE id


@dataclass(frozen=True, slots=True)
class Order:
    """Smallest `key` first, among equals smallest `turn` first; both [n]."""

    key: NDArray[np.float64]
    turn: NDArray[np.int64]


class Priority(Protocol):
    """Orders the UEs of all environments; asked once in every TTI."""

    def reset(self, cells: Cells, memory_ttis: Sequence[float]) -> None:
        """Begin episodes; `memory_ttis`, [E], is the time constant of what is averaged."""
        ...

    def order(self, observation: LeaderObservation, seen: Seen, backlog: NDArray[np.int64]) -> Order:
        """The order of service, for the dPDUs that each UE is believed to have, [n]."""
        ...

    def served(self, environment: NDArray[np.int64], ue_id: NDArray[np.int64]) -> None:
        """These UEs were granted something, in this order."""
        ...


class RoundRobin:
    """By turns: the round goes on after the UE that was served last."""

    def reset(self, cells: Cells, memory_ttis: Sequence[float]) -> None:
        """See Priority."""
        del memory_ttis
        self._last_served = np.full(len(cells.scenarios), -1)

    def order(self, observation: LeaderObservation, seen: Seen, backlog: NDArray[np.int64]) -> Order:
        """See Priority."""
        del observation, backlog
        later = seen.ue_id > self._last_served[seen.environment]
        return Order(np.zeros(seen.ue_id.size), np.where(later, seen.ue_id, seen.ue_id + _NEXT_ROUND))

    def served(self, environment: NDArray[np.int64], ue_id: NDArray[np.int64]) -> None:
        """See Priority."""
        self._last_served[environment] = ue_id  # of several the last one stays


class LongestQueue(RoundRobin):
    """The most dPDUs first (Tassiulas and Ephremides, 1993), equals by turns."""

    def order(self, observation: LeaderObservation, seen: Seen, backlog: NDArray[np.int64]) -> Order:
        """See Priority."""
        return Order(-backlog.astype(np.float64), super().order(observation, seen, backlog).turn)


class ProportionalFair(RoundRobin):
    """The largest ratio of rate to past service first (Jalali, Padovani and Pankaj, 2000), equals by turns.

    The rate is the capacity of the link at its mean SNR, log2(1 + SNR); past service is the exponentially weighted mean
    of the dPDUs decoded per TTI. Without a radio model all rates are the same.
    """

    def reset(self, cells: Cells, memory_ttis: Sequence[float]) -> None:
        """See Priority."""
        super().reset(cells, memory_ttis)
        self._forget = 1 / np.maximum(np.array(memory_ttis), 1.0)
        self._service = np.zeros(cells.slots)

    def order(self, observation: LeaderObservation, seen: Seen, backlog: NDArray[np.int64]) -> Order:
        """See Priority."""
        forget = self._forget[seen.environment]
        self._service[seen.slot] += forget * (seen.decoded - self._service[seen.slot])
        snr_db = observation.mean_snr_db.astype(np.float64)
        rate = np.where(np.isnan(snr_db), 1.0, np.log2(1 + 10 ** (snr_db / 10)))
        # Less than one dPDU in the memory counts as none, so that a UE never served does not divide by zero.
        ratio = rate / np.maximum(self._service[seen.slot], forget / 2)
        return Order(-ratio, super().order(observation, seen, backlog).turn)
