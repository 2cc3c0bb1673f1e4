# SPDX-License-Identifier: MIT
"""Slotted ALOHA over B RBGs with acknowledgements (Roberts, 1975): no grants, no reports.

A UE with something to send transmits with probability p on an RBG drawn uniformly. The BS acknowledges what it
decodes; an acknowledged dPDU is deleted. A UE does not repeat a transmission before its acknowledgement could have
arrived. After a number of transmissions without an acknowledgement the dPDU is given up, which under load is worth it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Self

import numpy as np
import yaml
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, dcms, limit_dcms
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2


@dataclass(frozen=True, slots=True)
class AlohaParameters:
    """What is tuned for each scenario."""

    attempts_per_rbg: float = 1.0
    """Expected transmissions per RBG and TTI if every UE has something to send: p = min(1, attempts_per_rbg B / N)."""
    max_transmissions: int = 0
    """Transmissions of one dPDU after which it is deleted without an acknowledgement; 0: never."""


class Aloha:
    """Slotted ALOHA; `parameters` gives those of each scenario."""

    def __init__(self, parameters: dict[str, AlohaParameters]) -> None:
        self._parameters = parameters

    @classmethod
    def tuned(cls) -> Self:
        """With the parameters that `llmac tune` found for the built-in scenarios."""
        text = resources.files("llmac.agents.baselines").joinpath("tuned.yaml").read_text(encoding="utf-8")
        return cls({name: AlohaParameters(**values) for name, values in yaml.safe_load(text)["aloha"].items()})

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        self._cells = Cells(scenarios, seeds)
        chosen = [self._parameters.get(s.name, AlohaParameters()) for s in scenarios]
        self._attempts = np.array([c.attempts_per_rbg for c in chosen])
        self._max_transmissions = np.array([c.max_transmissions or np.iinfo(np.int64).max for c in chosen])
        # A UCM-free round trip: the transmission in TTI t can be acknowledged in TTI t + 1 + delay.
        self._round_trip = np.array([1 + s.control.delay_ttis for s in scenarios])
        self._ack_deletes = np.array([s.ack_deletes for s in scenarios])
        self._transmissions = np.zeros(self._cells.slots, dtype=np.int64)
        self._wait_until = np.zeros(self._cells.slots, dtype=np.int64)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Acknowledge what was decoded."""
        cells = self._cells
        decoded = np.isin(cells.slot(observation), cells.decoded_slots(observation))
        code = np.where(decoded, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL)
        limit_dcms(cells, observation, code, first=observation.ue_id.astype(np.int64))
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Delete what is acknowledged or given up, else transmit with probability p."""
        cells = self._cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        backlogged = observation.buffer > 0
        acknowledged = observation.dcm == codes_pb2.DCM_ACK
        self._transmissions[slot[acknowledged & self._ack_deletes[environment]]] = 0
        waiting = observation.tti < self._wait_until[slot]
        given_up = (self._transmissions[slot] >= self._max_transmissions[environment]) & ~waiting
        delete = backlogged & ((acknowledged & ~self._ack_deletes[environment]) | given_up)

        seed = cells.seeds[environment]
        rbgs = cells.rbgs[environment]
        p = np.minimum(1.0, self._attempts[environment] * rbgs / observation.ue_count[environment])
        attempt = uniform(seed, observation.tti, Purpose.ACCESS, observation.ue_id) < p
        transmit = backlogged & ~delete & ~waiting & attempt
        rbg = choice(uniform(seed, observation.tti, Purpose.RBG, observation.ue_id), rbgs)

        self._transmissions[slot[delete]] = 0
        self._transmissions[slot[transmit]] += 1
        self._wait_until[slot[delete]] = 0
        self._wait_until[slot[transmit]] = observation.tti + self._round_trip[environment[transmit]]
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        return FollowerAction((access * cells.ucm_codes[environment]).astype(np.uint16))
