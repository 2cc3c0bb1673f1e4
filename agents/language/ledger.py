# SPDX-License-Identifier: MIT
"""What a BS remembers: from its own observations and its own DCMs, for all environments at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, rank_within
from llmac.agents.baselines.priorities import RoundRobin
from llmac.agents.baselines.reports import Backlogs
from llmac.bridge.envs.observations import LeaderObservation
from llmac.bridge.pag.codes import bsr_level
from llmac.bridge.scenario import Scenario, Semantic
from llmac.v1 import codes_pb2

_UNCAPPED_LEVELS = 64


@dataclass(frozen=True, slots=True)
class Page:
    """The BS's view of each connected UE as a TTI begins; all [n]."""

    seen: Seen
    level: NDArray[np.int64]
    """Level of its backlog as far as is known, not capped; with opaque messages, code of the last one heard."""
    turn: NDArray[np.int64]
    """Place in the round of those that could use a grant now, from 0; -1 for the others."""
    order: NDArray[np.int64]
    """Smallest first: the decoded ones, those that could use a grant, the others; each by their place in the round."""


class Ledger:
    """Backlog from reports and decodes, grants under way, and whose turn it is.

    Made for a batch of episodes.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self.cells = cells = Cells(scenarios, seeds)
        self._semantic = np.array([isinstance(s.vocabulary, Semantic) for s in scenarios], dtype=np.bool_)
        self._backlogs = Backlogs(cells, np.zeros(len(scenarios), dtype=np.bool_))
        self._round = RoundRobin()
        self._round.reset(cells, [0.0] * len(scenarios))
        self._last_heard = np.zeros(cells.slots, dtype=np.int64)
        self._busy_until = np.zeros(cells.slots, dtype=np.int64)

    def observe(self, observation: LeaderObservation) -> Page:
        """Take in an observation."""
        seen = self.cells.seen(observation)
        self._backlogs.observe(seen, np.zeros(seen.slot.size, dtype=np.bool_))
        heard = seen.ucm != codes_pb2.UCM_NULL
        self._last_heard[seen.slot[heard]] = seen.ucm[heard]
        backlog = bsr_level(self._backlogs.dpdus[seen.slot], _UNCAPPED_LEVELS)
        level = np.where(self._semantic[seen.environment], backlog, self._last_heard[seen.slot])
        # A UE that is acknowledged now deletes in this TTI; only with ack_deletes it can transmit at once.
        ready = self.cells.ack_deletes[seen.environment] | ~seen.decoded
        ready &= (level > 0) & (self._busy_until[seen.slot] <= seen.tti)
        place = self._round.order(observation, seen, level).turn
        group = np.select([seen.decoded, ready], [0, 1], default=2)
        everybody = np.ones(seen.slot.size, dtype=np.bool_)
        return Page(
            seen=seen,
            level=level,
            turn=rank_within(seen.environment, place, ready),
            order=rank_within(seen.environment, group, everybody, place),
        )

    def note(self, page: Page, dcm: NDArray[np.int64]) -> None:
        """Take in the DCMs that were sent in answer to an observation: codes, [n], null where none was."""
        seen = page.seen
        granted = self._semantic[seen.environment] & (dcm >= codes_pb2.DCM_GRANT)
        self._busy_until[seen.slot[granted]] = seen.tti + 1 + self.cells.delay[seen.environment[granted]]
        in_order = np.flatnonzero(granted)[np.argsort(page.turn[granted], kind="stable")]
        self._round.served(seen.environment[in_order], seen.ue_id[in_order])
