# SPDX-License-Identifier: MIT
"""What a BS remembers: from its own observations and its own DCMs, for all environments at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, rank_within
from llmac.bridge.envs.observations import LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

_NEXT_ROUND = 2**32


@dataclass(frozen=True, slots=True)
class Page:
    """The BS's view of each connected UE as a TTI begins; all [n]."""

    decoded: NDArray[np.bool_]
    """It was decoded in the TTI before."""
    backlog: NDArray[np.int64]
    """dPDUs that it is believed to have undelivered, at least."""
    turn: NDArray[np.int64]
    """Place in the round of those that could use a grant now, from 0; -1 for the others."""


class Ledger:
    """Backlog from reports and decodes, grants under way, and whose turn it is.

    Made for a batch of episodes.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self.cells = cells = Cells(scenarios, seeds)
        self._delay = np.array([s.control.delay_ttis for s in scenarios])
        self._ack_deletes = np.array([s.ack_deletes for s in scenarios])
        self._semantic = np.array([c.bsr_levels > 0 for c in cells.codes])
        self._backlog = np.zeros(cells.slots, dtype=np.int64)
        self._busy_until = np.zeros(cells.slots, dtype=np.int64)
        # How often each UE was decoded by each of the last TTIs, as far back as a report can be old.
        self._decodes = np.zeros((self._delay.max(initial=0) + 2, cells.slots), dtype=np.int64)
        self._last_granted = np.full(len(cells.scenarios), -1)

    def observe(self, observation: LeaderObservation) -> Page:
        """Take in an observation."""
        cells = self.cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        decoded = np.isin(slot, cells.decoded_slots(observation))
        self._take_reports(observation, environment, slot, decoded)
        backlog = self._backlog[slot]
        # A UE that is acknowledged now deletes in this TTI; only with ack_deletes it can transmit at once.
        ready = (self._ack_deletes[environment] | ~decoded) & (self._busy_until[slot] <= observation.tti)
        ue_id = observation.ue_id.astype(np.int64)
        order = np.where(ue_id > self._last_granted[environment], ue_id, ue_id + _NEXT_ROUND)
        return Page(decoded, backlog, rank_within(environment, order, (backlog > 0) & ready))

    def note(self, observation: LeaderObservation, page: Page, dcm: NDArray[np.int64]) -> None:
        """Take in the DCMs that were sent in answer to an observation: codes, [n], null where none was."""
        cells = self.cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        granted = self._semantic[environment] & (dcm >= codes_pb2.DCM_GRANT)
        self._busy_until[slot[granted]] = observation.tti + 1 + self._delay[environment[granted]]
        in_order = np.flatnonzero(granted)[np.argsort(page.turn[granted], kind="stable")]
        self._last_granted[environment[in_order]] = observation.ue_id[in_order]  # of several the last one stays

    def _take_reports(
        self,
        observation: LeaderObservation,
        environment: NDArray[np.int64],
        slot: NDArray[np.int64],
        decoded: NDArray[np.bool_],
    ) -> None:
        """Believe the reports, less what was decoded since they were made."""
        now = observation.tti % len(self._decodes)
        self._decodes[now] = self._decodes[now - 1]
        self._decodes[now, slot] += decoded
        made = (observation.tti - 1 - self._delay[environment]) % len(self._decodes)
        since = self._decodes[now, slot] - self._decodes[made, slot]
        ucm = observation.ucm.astype(np.int64)
        level = np.where(ucm == codes_pb2.UCM_SR, 1, np.maximum(ucm - codes_pb2.UCM_BSR, 0))
        reported = (ucm != codes_pb2.UCM_NULL) & self._semantic[environment]
        at_least = np.where(level > 0, 1 << np.maximum(level - 1, 0), 0)
        believed = np.where(reported, at_least - since, self._backlog[slot] - decoded)
        self._backlog[slot] = np.maximum(believed, 0)
