# SPDX-License-Identifier: MIT
"""What a BS remembers: from its own observations and its own DCMs, for all environments at once.

Where signalling is free (every UE may report in every TTI, neither messages nor decisions are late, and messages are
not limited) a grant is for one TTI. Elsewhere it is *scheduled*: what a UE did with a grant is remembered by RBG and
phase, since a UE that transmits and then deletes can be back on its RBG two TTIs later. An RBG is *taken* in a phase
while somebody is granted it for a TTI whose outcome is not known yet, or was found on it when that phase was last
observed, unless that UE had told before that this would be its last transmission.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, rank_within
from llmac.agents.baselines.priorities import RoundRobin
from llmac.agents.baselines.reports import Backlogs
from llmac.bridge.envs.observations import RBG_IDLE, RBG_UNDECODABLE, LeaderObservation
from llmac.bridge.pag.codes import bsr_level
from llmac.bridge.scenario import Scenario, Semantic
from llmac.v1 import codes_pb2

PERIOD = 2
"""TTIs from one transmission of a UE to its next: it deletes in between."""

_UNCAPPED_LEVELS = 64
_NEVER = 2**40


def is_scheduled(scenario: Scenario) -> bool:
    """Whether messages or decisions are late, or messages limited or rare: too much so for a grant for each dPDU."""
    control = scenario.control
    return bool(lag(scenario) or control.max_dcms_per_tti or control.ucm_period_ttis > 1)


def decision_lag(scenario: Scenario) -> int:
    """TTIs from an observation until what was decided on it takes effect, rounded where that is left to chance."""
    return round(sum(ttis * probability for ttis, probability in enumerate(scenario.decision_delay)))


def lag(scenario: Scenario) -> int:
    """TTIs from what the BS observes until what a UE does about it: both have to decide, a message is between them."""
    return scenario.control.delay_ttis + 2 * decision_lag(scenario)


def announcement(transmissions: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n] UCM codes by which UEs with leases say how many transmissions, [n], at least 1, will be their last ones."""
    return np.where(transmissions == 1, codes_pb2.UCM_SR, codes_pb2.UCM_BSR + transmissions - 1)


def announced(ucm: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n] transmissions that UCM codes, [n], announce: 1 for `sr`, k + 1 for `bsr k`; without meaning for null."""
    return np.where(ucm == codes_pb2.UCM_SR, 1, ucm - codes_pb2.UCM_BSR + 1)


def fades(scenario: Scenario) -> bool:
    """Whether there is a radio channel, on which failures come in rows."""
    return scenario.error_model.model == "mutual-information"


@dataclass(frozen=True, slots=True)
class Page:
    """The BS's view as a TTI begins; [n] by UE, [B] by RBG.

    A UE belongs to the first of these that holds: it was heard without a lease of its RBG, waits, failed, or is idle.
    """

    seen: Seen
    level: NDArray[np.int64]
    """[n] Level of its backlog as far as is known, not capped; with opaque messages, code of the last one heard."""
    heard: NDArray[np.bool_]
    """[n] It was decoded in the TTI before, and that was no occasion of a lease of its own."""
    turn: NDArray[np.int64]
    """[n] Place in the round of those that are known to need a grant and could use it, from 0; -1 for the others."""
    failed: NDArray[np.int64]
    """[n] RBG of its environment on which its lease was found undecodable in the TTI before, if a message of now
    arrives at its next occasion; -1 for none."""
    idle: NDArray[np.int64]
    """[n] Place among those of which nothing is known, those first of which most is to be hoped; -1 for the others."""
    order: NDArray[np.int64]
    """[n] In which they are shown and named."""
    free: NDArray[np.bool_]
    """[B] Whether it is not taken when a grant of now takes effect."""
    free_next: NDArray[np.bool_]
    """[B] The same one TTI later, when the UE has deleted what an `ack grant` acknowledges."""


class Ledger:
    """Backlog from reports and decodes, grants under way, who uses which RBG, and whose turn it is.

    Made for a batch of episodes.

    Attributes:
        lag: [E] see lag(), in TTIs.
        scheduled: [E] whether grants are leases.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self.cells = cells = Cells(scenarios, seeds)
        self.lag = np.array([lag(s) for s in scenarios], dtype=np.int64)
        self._report_lag = self.cells.delay + np.array([decision_lag(s) for s in scenarios], dtype=np.int64)
        self._semantic = np.array([isinstance(s.vocabulary, Semantic) for s in scenarios], dtype=np.bool_)
        self._period = np.array([s.control.ucm_period_ttis for s in scenarios], dtype=np.int64)
        self.scheduled = np.array([is_scheduled(s) for s in scenarios], dtype=np.bool_) & self._semantic
        self._backlogs = Backlogs(cells, np.zeros(len(scenarios), dtype=np.bool_))
        self._round = RoundRobin()
        self._round.reset(cells, [0.0] * len(scenarios))
        self._last_heard = np.zeros(cells.slots, dtype=np.int64)
        self._rbg_environment = np.repeat(np.arange(cells.rbgs.size), cells.rbgs)
        # Of each UE, and at the end of nobody: the RBG that is leased to it or -1, the first TTI of that, and when it
        # has said to transmit last.
        self._rbg = np.full(cells.slots + 1, -1)
        self._first = np.zeros(cells.slots + 1, dtype=np.int64)
        self._last_at = np.full(cells.slots + 1, _NEVER)
        # Of each UE: since when it is known to need a lease, and when it was last known to be empty.
        self._needs_since = np.full(cells.slots, _NEVER)
        self._empty_at = np.full(cells.slots, -1)

    def observe(self, observation: LeaderObservation) -> Page:
        """Take in an observation."""
        cells = self.cells
        seen = cells.seen(observation)
        environment, slot = seen.environment, seen.slot
        self._backlogs.observe(seen, np.zeros(slot.size, dtype=np.bool_))
        told = seen.ucm != codes_pb2.UCM_NULL
        self._last_heard[slot[told]] = seen.ucm[told]
        backlog = bsr_level(self._backlogs.dpdus[slot], _UNCAPPED_LEVELS)
        level = np.where(self._semantic[environment], backlog, self._last_heard[slot])

        announces = self._note_announcements(seen, told)
        on_lease, failed = self._review(observation, seen)
        # A UE whose lease turns out to have been over asks for a new one.
        announces &= (self._rbg[slot] >= 0) | on_lease
        self._last_heard[slot[announces]] = 0
        heard = seen.decoded & ~on_lease
        self._note_needs(seen, heard, told, announces)
        scheduled, leased = self.scheduled[environment], self._rbg[slot] >= 0
        needs = np.where(scheduled, (self._needs_since[slot] < _NEVER) & ~leased, level > 0)
        # A UE that is acknowledged now deletes in this TTI; only with ack_deletes it can transmit at once.
        able = cells.ack_deletes[environment] | ~seen.decoded | scheduled
        waits = needs & able
        place = self._round.order(observation, seen, level).turn
        first = np.where(scheduled, self._needs_since[slot] - _UNCAPPED_LEVELS * _NEVER * self._report(slot), place)
        unknown = ~needs & able & ~leased & (failed < 0)
        hope = self._hope(seen)
        turn = rank_within(environment, first, waits)
        idle = rank_within(environment, -hope, unknown, place)
        group = np.select([heard, turn >= 0, failed >= 0, idle >= 0], [0, 1, 2, 3], default=4)
        within = np.select([turn >= 0, idle >= 0], [turn, idle], default=0)
        return Page(
            seen=seen,
            level=level,
            heard=heard,
            turn=turn,
            failed=failed,
            idle=idle,
            order=rank_within(environment, group * _NEVER + within, np.ones(slot.size, dtype=np.bool_), place),
            free=self._free(seen.tti, 0),
            free_next=self._free(seen.tti, 1),
        )

    def note(self, page: Page, dcm: NDArray[np.int64]) -> None:
        """Take in the DCMs that were sent in answer to an observation: codes, [n], null where none was."""
        cells, seen = self.cells, page.seen
        granted = self._semantic[seen.environment] & (dcm >= codes_pb2.DCM_GRANT)
        environment, slot, code = seen.environment[granted], seen.slot[granted], dcm[granted]
        in_order = np.flatnonzero(granted)[np.argsort(page.turn[granted], kind="stable")]
        self._round.served(seen.environment[in_order], seen.ue_id[in_order])

        lasting = self.scheduled[environment]
        environment, slot, code = environment[lasting], slot[lasting], code[lasting]
        acknowledged = code >= codes_pb2.DCM_GRANT + cells.rbgs[environment]
        rbg = code - codes_pb2.DCM_GRANT - np.where(acknowledged, cells.rbgs[environment], 0)
        first = seen.tti + self.lag[environment] + (acknowledged & ~cells.ack_deletes[environment])
        self._lease(slot, cells.rbg_start[environment] + rbg, first)
        self._last_at[slot] = _NEVER
        self._empty_at[slot] = np.where(self._needs_since[slot] == _NEVER, first, self._empty_at[slot])
        self._needs_since[slot] = _NEVER

    def _lease(self, slot: NDArray[np.int64], rbg: NDArray[np.int64], first: NDArray[np.int64]) -> None:
        """The newest lease counts, of a UE and of an RBG in a phase; a BS that speaks freely may grant one twice."""
        new = rbg * PERIOD + first % PERIOD
        self._rbg[np.isin(self._rbg * PERIOD + self._first % PERIOD, new)] = -1
        self._rbg[slot] = -1
        _, last = np.unique(new[::-1], return_index=True)
        at = new.size - 1 - last
        self._rbg[slot[at]], self._first[slot[at]] = rbg[at], first[at]

    def _note_announcements(self, seen: Seen, told: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Who says on its lease which transmission will be the last one of it; returns [n] who does."""
        slot = seen.slot
        made = seen.tti - 1 - self.cells.delay[seen.environment]
        announces = told & (self._rbg[slot] >= 0) & (self._first[slot] <= made)
        occasion = made + 1 + (self._first[slot] - made - 1) % PERIOD
        last = occasion + PERIOD * (announced(seen.ucm) - 1)
        self._last_at[slot[announces]] = last[announces]
        return announces

    def _review(self, observation: LeaderObservation, seen: Seen) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """What came of the leases in the TTI before.

        Returns:
            [n] whether a UE was decoded on its lease, and [n] the RBG on which its lease was undecodable, or -1.
        """
        cells, tti = self.cells, seen.tti - 1
        left = np.ones(self._rbg.size, dtype=np.bool_)
        left[seen.slot] = False
        self._rbg[left] = -1
        outcome = observation.rbg_outcome
        found = np.where(outcome >= 0, cells.slot_start[self._rbg_environment] + outcome, -1)
        holder = self._holder(np.full(cells.rbgs.size, tti))
        occasion = (holder >= 0) & (self._first[holder] <= tti)
        kept = occasion & ((found == holder) | (outcome == RBG_UNDECODABLE))
        # A UE that can still be told of a failure waits for the news of its last transmission.
        is_told = self.lag[self._rbg_environment] == PERIOD - 1
        over = kept & (self._last_at[holder] <= tti) & ((found == holder) | ~is_told)
        ended = occasion & ~kept | over
        self._rbg[holder[ended]] = -1
        self._empty_at[holder[ended & (outcome == RBG_IDLE) | over]] = tti
        on_lease = np.isin(seen.slot, holder[occasion & (found == holder)])
        rbg = np.full(cells.slots, -1)
        in_time = np.flatnonzero(kept & (found != holder) & is_told)
        rbg[holder[in_time]] = in_time - cells.rbg_start[self._rbg_environment[in_time]]
        return on_lease, rbg[seen.slot]

    def _note_needs(
        self, seen: Seen, heard: NDArray[np.bool_], told: NDArray[np.bool_], announces: NDArray[np.bool_]
    ) -> None:
        """Who needs a lease: who reports, or sends without one; who could have reported and did not is empty."""
        environment, slot = seen.environment, seen.slot
        leased = self._rbg[slot] >= 0
        new = slot[(heard | told & ~announces) & ~leased]
        self._needs_since[new] = np.minimum(self._needs_since[new], seen.tti)
        made = seen.tti - 1 - self._report_lag[environment]
        silent = (made >= 0) & ((made + seen.ue_id) % self._period[environment] == 0) & ~told
        silent &= ~leased & (self._needs_since[slot] == _NEVER)
        self._empty_at[slot[silent]] = np.maximum(self._empty_at[slot[silent]], made[silent])

    def _report(self, slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """[n] How much each UE reported last, with which it goes before others."""
        return self._last_heard[slot]

    def _hope(self, seen: Seen) -> NDArray[np.int64]:
        """[n] How good it would be to hear a UE: TTIs since it was empty, times TTIs that a grant of now wins.

        It wins them over a grant in answer to the next report, or to one that is under way.
        """
        environment = seen.environment
        period = self._period[environment]
        silent = np.minimum(seen.tti + self.lag[environment] - self._empty_at[seen.slot], 3 * period)
        earlier = (self._report_lag[environment] - seen.tti - seen.ue_id) % period + 1
        return np.where(self.scheduled[environment], silent * earlier, 0)

    def _free(self, tti: int, later: int) -> NDArray[np.bool_]:
        """[B] RBGs that are not taken in the TTI in which a grant of now takes effect, or in a later one."""
        return self._holder(tti + self.lag + later) < 0

    def _holder(self, tti: NDArray[np.int64]) -> NDArray[np.int64]:
        """[B] UE that holds each RBG in the phase of a TTI of each environment, [E]; -1 for none."""
        leased = np.flatnonzero(self._rbg >= 0)
        rbg = self._rbg[leased]
        same_phase = (self._first[leased] - tti[self._rbg_environment[rbg]]) % PERIOD == 0
        holder = np.full(self._rbg_environment.size, -1)
        holder[rbg[same_phase]] = leased[same_phase]
        return holder
