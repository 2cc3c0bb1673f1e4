# SPDX-License-Identifier: MIT
"""What a UE remembers: from its own observations, for all UEs of all environments at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells
from llmac.agents.language.ledger import PERIOD, is_scheduled
from llmac.bridge.envs.observations import FollowerObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

OLDEST = 6
"""TTIs; what is longer ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What each UE knows of the last TTIs; all [n]. Ages are in TTIs, `OLDEST` for what is longer ago or never was."""

    dcm: NDArray[np.int64]
    """Code of the last DCM that reached it, 0 where that is forgotten."""
    dcm_age: NDArray[np.int64]
    """0: it came in this TTI."""
    rbg: NDArray[np.int64]
    """RBG on which it transmitted last, -1 where that is forgotten."""
    sent_age: NDArray[np.int64]
    """At least 1."""
    again: NDArray[np.bool_]
    """The transmission before that one was `PERIOD` TTIs earlier."""
    deleted: NDArray[np.bool_]
    """It has deleted since its last transmission."""
    report_age: NDArray[np.int64]
    """Since its last UCM; at least 1."""


class Memory:
    """Remembers for the UEs of E environments, for a batch of episodes.

    A UE whose grants are for one TTI each (ledger.py) is shown of it only whether it transmitted in the last one.
    """

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.cells = cells = Cells(scenarios, np.zeros(len(scenarios), dtype=np.uint64))
        self.scheduled = np.array([is_scheduled(s) for s in scenarios], dtype=np.bool_)
        long_ago = -OLDEST - PERIOD
        self._dcm = np.zeros(cells.slots, dtype=np.int64)
        self._dcm_at = np.full(cells.slots, long_ago)
        self._rbg = np.full(cells.slots, -1)
        self._sent_at = np.full(cells.slots, long_ago)
        self._again = np.zeros(cells.slots, dtype=np.bool_)
        self._deleted = np.zeros(cells.slots, dtype=np.bool_)
        self._report_at = np.full(cells.slots, long_ago)

    def observe(self, observation: FollowerObservation) -> Recollection:
        """Take in an observation."""
        slot, tti = self.cells.slot(observation), observation.tti
        last = observation.last_action.astype(np.int64)
        access, ucm = np.divmod(last, self.cells.ucm_codes[self.cells.environment(observation)])
        dcm = observation.dcm.astype(np.int64)
        told = slot[dcm > 0]
        self._dcm[told], self._dcm_at[told] = dcm[dcm > 0], tti
        sent = access >= codes_pb2.ACCESS_TRANSMIT
        sender = slot[sent]
        self._again[sender] = tti - 1 - self._sent_at[sender] == PERIOD
        self._rbg[sender], self._sent_at[sender] = access[sent] - codes_pb2.ACCESS_TRANSMIT, tti - 1
        self._deleted[sender] = False
        self._deleted[slot[access == codes_pb2.ACCESS_DELETE]] = True
        self._report_at[slot[ucm > 0]] = tti - 1

        dcm_age, sent_age, report_age = (
            np.minimum(tti - at[slot], OLDEST) for at in (self._dcm_at, self._sent_at, self._report_at)
        )
        return Recollection(
            dcm=np.where(dcm_age < OLDEST, self._dcm[slot], 0),
            dcm_age=dcm_age,
            rbg=np.where(sent_age < OLDEST, self._rbg[slot], -1),
            sent_age=sent_age,
            again=self._again[slot],
            deleted=self._deleted[slot],
            report_age=report_age,
        )
