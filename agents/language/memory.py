# SPDX-License-Identifier: MIT
"""What a UE remembers: from its own observations and decisions, for all UEs of all environments at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells
from llmac.agents.language.ledger import PERIOD, announced, decision_lag, is_scheduled
from llmac.bridge.envs.observations import FollowerObservation
from llmac.bridge.scenario import Scenario, Semantic
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
    tried: NDArray[np.bool_]
    """It had no grant for that transmission, neither a new one nor a lease."""
    deleted: NDArray[np.bool_]
    """It has deleted since its last transmission."""
    report_age: NDArray[np.int64]
    """Since its last UCM; at least 1."""
    left: NDArray[np.int64]
    """How many transmissions are left of those that it has said to be the last ones of its lease; -1: it has not."""
    quiet: NDArray[np.bool_]
    """No dPDU has come for `OLDEST` TTIs, and it has transmitted in that time."""
    buffer: NDArray[np.int64]
    """dPDUs in its buffer when what it decides now takes effect, but for those that come until then."""
    odd: NDArray[np.bool_]
    """Whether that is in an odd TTI."""


class Memory:
    """Remembers for the UEs of E environments, for a batch of episodes.

    A UE whose grants are for one TTI each (ledger.py) is shown of it only whether it transmitted in the last one.

    Attributes:
        scheduled: [E] whether messages or decisions are late, or messages limited or rare.
        decision_lag: [E] in TTIs, see ledger.py.
    """

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.cells = cells = Cells(scenarios, np.zeros(len(scenarios), dtype=np.uint64))
        self.scheduled = np.array([is_scheduled(s) for s in scenarios], dtype=np.bool_)
        self._semantic = np.array([isinstance(s.vocabulary, Semantic) for s in scenarios], dtype=np.bool_)
        self.decision_lag = np.array([decision_lag(s) for s in scenarios], dtype=np.int64)
        # What was decided lately, by TTI.
        self._decided = np.zeros((int(self.decision_lag.max(initial=0)) + 1, cells.slots), dtype=np.int64)
        long_ago = -OLDEST - PERIOD
        self._dcm = np.zeros(cells.slots, dtype=np.int64)
        self._dcm_at = np.full(cells.slots, long_ago)
        self._rbg = np.full(cells.slots, -1)
        self._sent_at = np.full(cells.slots, long_ago)
        self._again = np.zeros(cells.slots, dtype=np.bool_)
        self._tried = np.zeros(cells.slots, dtype=np.bool_)
        self._deleted = np.zeros(cells.slots, dtype=np.bool_)
        self._report_at = np.full(cells.slots, long_ago)
        self._left = np.full(cells.slots, -1)
        self._buffer = np.zeros(cells.slots, dtype=np.int64)
        self._arrival_at = np.full(cells.slots, long_ago)

    def observe(self, observation: FollowerObservation) -> Recollection:
        """Take in an observation."""
        slot, environment, tti = self.cells.slot(observation), self.cells.environment(observation), observation.tti
        ucm_codes, lag = self.cells.ucm_codes[environment], self.decision_lag[environment]
        took_effect = observation.last_action.astype(np.int64)
        self._note_arrivals(observation, slot, took_effect // ucm_codes == codes_pb2.ACCESS_DELETE)
        decided = self._decided[(tti - 1) % len(self._decided), slot]
        access, ucm = np.divmod(np.where(lag > 0, decided, took_effect), ucm_codes)
        dcm = observation.dcm.astype(np.int64)
        sent = access >= codes_pb2.ACCESS_TRANSMIT
        self._note_transmissions(slot[sent], environment[sent], tti - 1, access[sent] - codes_pb2.ACCESS_TRANSMIT)
        self._note_left(slot, environment, tti, sent, ucm, dcm >= codes_pb2.DCM_GRANT)
        told = slot[dcm > 0]
        self._dcm[told], self._dcm_at[told] = dcm[dcm > 0], tti
        self._deleted[slot[access == codes_pb2.ACCESS_DELETE]] = True
        self._report_at[slot[ucm > 0]] = tti - 1

        dcm_age, sent_age, report_age, arrival_age = (
            np.minimum(tti - at[slot], OLDEST)
            for at in (self._dcm_at, self._sent_at, self._report_at, self._arrival_at)
        )
        return Recollection(
            dcm=np.where(dcm_age < OLDEST, self._dcm[slot], 0),
            dcm_age=dcm_age,
            rbg=np.where(sent_age < OLDEST, self._rbg[slot], -1),
            sent_age=sent_age,
            again=self._again[slot],
            tried=self._tried[slot],
            deleted=self._deleted[slot],
            report_age=report_age,
            left=self._left[slot],
            quiet=(arrival_age == OLDEST) & (sent_age < OLDEST),
            buffer=self._buffer[slot] - self._pending_deletes(slot, tti, ucm_codes, lag),
            odd=(tti + lag) % PERIOD == 1,
        )

    def note(self, observation: FollowerObservation, action: NDArray[np.uint16]) -> None:
        """Take in the action codes, [n], decided on an observation; without a delay the next observation tells them."""
        now = self._decided[observation.tti % len(self._decided)]
        now[:] = 0
        now[self.cells.slot(observation)] = action

    def _note_arrivals(
        self, observation: FollowerObservation, slot: NDArray[np.int64], deleted: NDArray[np.bool_]
    ) -> None:
        buffer = observation.buffer.astype(np.int64)
        self._arrival_at[slot[buffer > self._buffer[slot] - deleted]] = observation.tti
        self._buffer[slot] = buffer

    def _note_transmissions(
        self, sender: NDArray[np.int64], environment: NDArray[np.int64], tti: int, rbg: NDArray[np.int64]
    ) -> None:
        grant = self._dcm[sender] - codes_pb2.DCM_GRANT
        with_ack, granted_rbg = np.divmod(grant, self.cells.rbgs[environment])
        # When the UE has deleted what is acknowledged.
        age = (with_ack > 0) & ~self.cells.ack_deletes[environment]
        granted = (grant >= 0) & (granted_rbg == rbg) & (tti - self._dcm_at[sender] == age)
        again = tti - self._sent_at[sender] == PERIOD
        leased = again & ~self._tried[sender] & (self._rbg[sender] == rbg)
        self._again[sender], self._tried[sender] = again, ~(granted | leased) & self._semantic[environment]
        self._rbg[sender], self._sent_at[sender] = rbg, tti
        self._deleted[sender] = False

    def _note_left(
        self,
        slot: NDArray[np.int64],
        environment: NDArray[np.int64],
        tti: int,
        sent: NDArray[np.bool_],
        ucm: NDArray[np.int64],
        granted: NDArray[np.bool_],
    ) -> None:
        """Count down what is left; to report while on a lease is to announce, and a grant begins anew."""
        left = self._left[slot]
        left = np.where(sent & (left > 0), left - 1, left)
        on_lease = ~self._tried[slot] & (tti - self._sent_at[slot] <= PERIOD) & self._semantic[environment]
        left = np.where((ucm > 0) & on_lease, announced(ucm), left)
        self._left[slot] = np.where(granted | ~on_lease, -1, left)

    def _pending_deletes(
        self, slot: NDArray[np.int64], tti: int, ucm_codes: NDArray[np.int64], lag: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """[n] dPDUs that are to be deleted by what was decided and has not taken effect."""
        deletes = np.zeros(slot.size, dtype=np.int64)
        for age in range(1, len(self._decided)):
            access = self._decided[(tti - age) % len(self._decided), slot] // ucm_codes
            deletes += (access == codes_pb2.ACCESS_DELETE) & (age <= lag)
        return np.minimum(deletes, self._buffer[slot])
