# SPDX-License-Identifier: MIT
"""Slotted ALOHA over B RBGs with acknowledgements: no grants, no reports.

A UE with something to send transmits on an RBG drawn uniformly, now and then: `Aloha` with a fixed probability
(Roberts, 1975), `BackoffAloha` after a wait drawn from a window that doubles with every failure (Metcalfe and Boggs,
1976). The BS acknowledges what it decodes; an acknowledged dPDU is deleted. A UE does not repeat a transmission before
its acknowledgement could have arrived. After a number of transmissions without one the dPDU is given up, which under
load is worth it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, dcms, limit_dcms
from llmac.agents.baselines.parameters import Choose, duty, offered_load, peak_population, tunable
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2


@dataclass(frozen=True, slots=True)
class AlohaParameters:
    """What is tuned for each scenario."""

    attempts_per_rbg: float = tunable(1.0, 0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 4.0)
    """Expected transmissions per RBG and TTI if every UE has something to send: p = min(1, attempts_per_rbg B / N)."""
    max_transmissions: int = tunable(0, 1, 2, 3, 5)
    """Transmissions of one dPDU after which it is deleted without an acknowledgement; 0: never."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """See Parameters."""
        population = peak_population(scenario)
        if offered_load(scenario) * population < scenario.rbgs / math.e:  # the capacity of slotted ALOHA
            return cls(attempts_per_rbg=0.3 * population / scenario.rbgs)
        # Beyond it, UEs are backlogged while they have arrivals, and it pays to give up early.
        return cls(attempts_per_rbg=1.5 / duty(scenario), max_transmissions=2)


@dataclass(frozen=True, slots=True)
class BackoffParameters:
    """What is tuned for each scenario."""

    first_window: int = tunable(1, 2, 4, 8)
    """Window of the first transmission of a dPDU, in TTIs."""
    max_doublings: int = tunable(5, 3, 7)
    """The window grows to this power of two times the first one."""
    max_transmissions: int = tunable(0, 1, 2, 3, 5)
    """Transmissions of one dPDU after which it is deleted without an acknowledgement; 0: never."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """See Parameters."""
        del scenario
        return cls()


P = TypeVar("P", AlohaParameters, BackoffParameters)


class _RandomAccess(ABC, Generic[P]):
    """What both have in common."""

    def __init__(self, choose: Choose[P]) -> None:
        self._choose = choose

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = self._cells = Cells(scenarios, seeds)
        chosen = [self._choose(s) for s in scenarios]
        self._configure(chosen)
        self._max_transmissions = np.array([c.max_transmissions or np.iinfo(np.int64).max for c in chosen])
        # Of the BS, per UE: when it was acknowledged last.
        self._acknowledged_at = np.full(cells.slots, -1)
        # Of the UEs: transmissions of the head-of-line dPDU, when an acknowledgement of the last one would come, and
        # until when the UE does not transmit.
        self._transmissions = np.zeros(cells.slots, dtype=np.int64)
        self._answer_at = np.zeros(cells.slots, dtype=np.int64)
        self._wait_until = np.zeros(cells.slots, dtype=np.int64)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Acknowledge what was decoded, if messages are limited those first who waited longest for one."""
        cells = self._cells
        seen = cells.seen(observation)
        code = np.where(seen.decoded, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL)
        limit_dcms(cells, observation, code, first=self._acknowledged_at[seen.slot])
        self._acknowledged_at[seen.slot[code > 0]] = seen.tti
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Delete what is acknowledged or given up, else transmit when it is time."""
        cells = self._cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        backlogged = observation.buffer > 0
        acknowledged = observation.dcm == codes_pb2.DCM_ACK
        self._settle(slot[acknowledged & cells.ack_deletes[environment]])
        spent = self._transmissions[slot] >= self._max_transmissions[environment]
        given_up = spent & (observation.tti >= self._answer_at[slot])
        delete = backlogged & ((acknowledged & ~cells.ack_deletes[environment]) | given_up)
        self._settle(slot[delete])

        due = observation.tti >= self._wait_until[slot]
        transmit = backlogged & ~delete & ~spent & due & self._dares(observation, environment)
        rbgs = cells.rbgs[environment]
        rbg = choice(uniform(cells.seeds[environment], observation.tti, Purpose.RBG, observation.ue_id), rbgs)
        self._transmissions[slot[transmit]] += 1
        # What is sent in TTI t can be acknowledged in TTI t + 1 + delay.
        self._answer_at[slot[transmit]] = observation.tti + 1 + cells.delay[environment[transmit]]
        wait = self._backoff(observation, environment, self._transmissions[slot])
        self._wait_until[slot[transmit]] = (self._answer_at[slot] + wait)[transmit]
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        return FollowerAction((access * cells.ucm_codes[environment]).astype(np.uint16))

    def _settle(self, slot: NDArray[np.int64]) -> None:
        """Begin with the next dPDU of these UEs."""
        self._transmissions[slot] = 0
        self._wait_until[slot] = 0

    @abstractmethod
    def _configure(self, chosen: list[P]) -> None:
        """Take the parameters, [E]."""

    @abstractmethod
    def _dares(self, observation: FollowerObservation, environment: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[n] whether a UE that may transmit does."""

    @abstractmethod
    def _backoff(
        self, observation: FollowerObservation, environment: NDArray[np.int64], transmissions: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """[n] TTIs that a UE waits beyond its acknowledgement, which did not come, after so many transmissions."""


class Aloha(_RandomAccess[AlohaParameters]):
    """Transmits with a probability of p."""

    def _configure(self, chosen: list[AlohaParameters]) -> None:
        self._attempts = np.array([c.attempts_per_rbg for c in chosen])

    def _dares(self, observation: FollowerObservation, environment: NDArray[np.int64]) -> NDArray[np.bool_]:
        cells = self._cells
        p = np.minimum(1.0, self._attempts[environment] * cells.rbgs[environment] / observation.ue_count[environment])
        return uniform(cells.seeds[environment], observation.tti, Purpose.ACCESS, observation.ue_id) < p

    def _backoff(
        self, observation: FollowerObservation, environment: NDArray[np.int64], transmissions: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        del observation, environment
        return np.zeros_like(transmissions)


class BackoffAloha(_RandomAccess[BackoffParameters]):
    """Transmits when its backoff is over."""

    def _configure(self, chosen: list[BackoffParameters]) -> None:
        self._first_window = np.array([c.first_window for c in chosen], dtype=np.int64)
        self._max_doublings = np.array([c.max_doublings for c in chosen], dtype=np.int64)

    def _dares(self, observation: FollowerObservation, environment: NDArray[np.int64]) -> NDArray[np.bool_]:
        """A first transmission has a window, too; later ones have waited already."""
        cells = self._cells
        first = self._transmissions[cells.slot(observation)] == 0
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.ACCESS, observation.ue_id)
        return ~first | (draw < 1 / self._first_window[environment])

    def _backoff(
        self, observation: FollowerObservation, environment: NDArray[np.int64], transmissions: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        cells = self._cells
        doublings = np.minimum(transmissions, self._max_doublings[environment])
        window = self._first_window[environment] << doublings
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.BACKOFF, observation.ue_id)
        return choice(draw, window)
