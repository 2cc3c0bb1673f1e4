# SPDX-License-Identifier: MIT
"""The teacher of the shipped policy: a protocol over exactly what the prompts tell (ledger.py, memory.py).

Where signalling is free it grants RBGs by turns and acknowledges, as `grant` does. Elsewhere a grant is a lease, as in
semi-persistent scheduling (baselines/persistent.py): a UE transmits in every second TTI as long as it has something to
send, and deletes in between without waiting. It differs from `sps` and `hybrid` in this:

- The longer UEs have to wait for their turn to report, and the more RBGs there are, the more of the last one is left
  for contention: all of it, every second TTI, or none. A UE that failed there takes each opportunity with probability
  one half, until it forgets about it.
- A UE whose transmission failed is granted its RBG again; it then does not delete before it has transmitted twice: on a
  fading channel failures come in rows. One that has a single dPDU left does not delete it before the next occasion,
  which it would not need otherwise, in case it has failed.
- A UE with a lease and few dPDUs left, to which none has come for a while, says in its report how many transmissions
  will be its last ones, and its RBG is granted on at once.
- An RBG that nobody needs goes to the UE of which most is to be hoped: time since it was empty, times the time that is
  won over its next report, or over one that is under way.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import assign_rbgs, dcms, limit_dcms
from llmac.agents.baselines.reports import report
from llmac.agents.chance import Purpose, uniform
from llmac.agents.language.ledger import PERIOD, Ledger, Page, announcement, fades, lag
from llmac.agents.language.memory import OLDEST, Memory, Recollection
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

_SETTLED = 4
"""TTIs after a report in which a UE waits for a grant instead of contending, at least."""


_FEW_DPDUS = 3
"""Transmissions that a UE announces to be its last ones; more may come before many of them are over."""

_RARE_REPORTS, _SELDOM_REPORTS = 16, 10
"""TTIs from one opportunity to report to the next."""
_MANY_RBGS = 4
"""With fewer, a whole RBG is too much to leave for contention."""


def contention_gap(scenario: Scenario) -> int:
    """TTIs from one opportunity for contention to the next; 0: there is none."""
    period = scenario.control.ucm_period_ttis
    # A UE that has forgotten what it tried when the answer comes would send it again.
    forgets = lag(scenario) >= OLDEST
    if scenario.rbgs == 1 or period < _SELDOM_REPORTS or forgets:
        return 0
    return 1 if period >= _RARE_REPORTS and scenario.rbgs >= _MANY_RBGS else 2


class Teacher:
    """Plays both roles; see llmac.agents.agent.Agent.

    Args:
        speculate: probability that, where signalling is free, an RBG that nobody is known to need is granted.
    """

    def __init__(self, speculate: float = 0.0) -> None:
        self._speculate = speculate

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        self._ledger, self._memory = Ledger(scenarios, seeds), Memory(scenarios)
        cells = self._cells = self._ledger.cells
        cells.check_vocabulary("the teacher")
        self._gap = np.array([contention_gap(s) for s in scenarios], dtype=np.int64)
        self._fades = np.array([fades(s) for s in scenarios], dtype=np.bool_)
        self._rbg_environment = np.repeat(np.arange(cells.rbgs.size), cells.rbgs)
        self._last_rbg = np.zeros(int(cells.rbgs.sum()), dtype=np.bool_)
        self._last_rbg[cells.rbg_start + cells.rbgs - 1] = True

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Acknowledge what was heard; grant to those that wait, to those that failed, and what is left to others."""
        page = self._ledger.observe(observation)
        code = np.where(self._ledger.scheduled[page.seen.environment], self._lease(page), self._grant(page))
        limit_dcms(self._cells, observation, code, first=page.order)
        self._ledger.note(page, code)
        return dcms(self._cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Use the grant or the lease, or contend; delete; report."""
        known = self._memory.observe(observation)
        scheduled = self._memory.scheduled[self._cells.environment(observation)]
        action = np.where(scheduled, self._use_lease(observation, known), self._use_grant(observation))
        action = action.astype(np.uint16)
        self._memory.note(observation, action)
        return FollowerAction(action)

    def _grant(self, page: Page) -> NDArray[np.int64]:
        """[n] DCM codes where signalling is free."""
        cells, environment = self._cells, page.seen.environment
        # With ack_deletes a UE can be acknowledged and granted at once.
        waits = page.turn >= 0
        ahead = np.bincount(environment[waits], minlength=cells.rbgs.size)[environment]
        dares = uniform(cells.seeds[environment], page.seen.tti, Purpose.DCM, page.seen.ue_id.astype(np.uint32))
        # Those that the prompt shows.
        hopes = (page.idle >= 0) & (page.idle < cells.rbgs[environment] - ahead) & (dares < self._speculate)
        rank = np.where(waits, page.turn, np.where(hopes, ahead + page.idle, -1))
        rbg = assign_rbgs(cells, np.ones_like(self._last_rbg), environment, rank)
        grant = codes_pb2.DCM_GRANT + rbg + np.where(page.heard, cells.rbgs[environment], 0)
        return np.where(rbg >= 0, grant, np.where(page.heard, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL))

    def _lease(self, page: Page) -> NDArray[np.int64]:
        """[n] DCM codes where it is not."""
        cells, environment = self._cells, page.seen.environment
        takes_effect = page.seen.tti + self._ledger.lag
        free = page.free & ~self._for_contention(takes_effect)
        free_next = page.free_next & ~self._for_contention(takes_effect + 1)
        deletes_first = page.heard & ~cells.ack_deletes[environment]
        wanted = (page.turn >= 0) | (page.idle >= 0)
        # A sentence names an RBG once.
        rbg = page.failed
        for choosers, rbgs in ((deletes_first & (page.turn >= 0), free_next), (~deletes_first & wanted, free)):
            rbgs[(cells.rbg_start[environment] + rbg)[rbg >= 0]] = False
            rbg = np.maximum(rbg, assign_rbgs(cells, rbgs, environment, np.where(choosers, page.order, -1)))
        grant = codes_pb2.DCM_GRANT + rbg + np.where(page.heard, cells.rbgs[environment], 0)
        return np.where(rbg >= 0, grant, np.where(page.heard, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL))

    def _for_contention(self, tti: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[B] RBGs that are left for contention in a TTI of each environment, [E]."""
        environment = self._rbg_environment
        return self._last_rbg & self._is_open(tti, self._gap)[environment]

    @staticmethod
    def _is_open(tti: NDArray[np.int64], gap: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether TTIs are opportunities for contention."""
        return (gap > 0) & (tti % np.maximum(gap, 1) == gap - 1)

    def _use_grant(self, observation: FollowerObservation) -> NDArray[np.int64]:
        cells, environment = self._cells, self._cells.environment(observation)
        buffer, dcm, rbgs = (
            observation.buffer.astype(np.int64),
            observation.dcm.astype(np.int64),
            cells.rbgs[environment],
        )
        with_ack = dcm >= codes_pb2.DCM_GRANT + rbgs
        delete = (buffer > 0) & ((dcm == codes_pb2.DCM_ACK) | with_ack) & ~cells.ack_deletes[environment]
        granted = dcm >= codes_pb2.DCM_GRANT
        rbg = dcm - codes_pb2.DCM_GRANT - np.where(with_ack, rbgs, 0)
        transmit = (buffer > 0) & granted & ~delete
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        return access * cells.ucm_codes[environment] + report(cells, observation, buffer - delete)

    def _use_lease(self, observation: FollowerObservation, known: Recollection) -> NDArray[np.int64]:
        cells, environment = self._cells, self._cells.environment(observation)
        takes_effect = observation.tti + self._memory.decision_lag[environment]
        buffer, rbgs, lag = known.buffer, cells.rbgs[environment], self._ledger.lag[environment]
        backlogged = buffer > 0
        frees = cells.ack_deletes[environment]

        granted = known.dcm >= codes_pb2.DCM_GRANT
        with_ack = known.dcm >= codes_pb2.DCM_GRANT + rbgs
        granted_rbg = known.dcm - codes_pb2.DCM_GRANT - np.where(with_ack, rbgs, 0)
        begins = granted & (known.dcm_age == (with_ack & ~frees))
        acknowledged = ((known.dcm == codes_pb2.DCM_ACK) | with_ack) & (known.dcm_age == 0) & ~frees

        # Whether the last transmission was one of a lease, and what became of it.
        leased = (known.rbg >= 0) & ~known.tried
        renewed = granted & (known.dcm_age == 1) & known.again & self._fades[environment]
        ends = leased & (known.left == 0)
        wary = (lag == PERIOD - 1) & ((buffer == 1) | renewed | ends)
        just_sent = leased & (known.sent_age == 1)
        occasion = leased & (known.sent_age == PERIOD)
        waited = occasion & ~known.deleted
        delete = acknowledged | (just_sent & ~wary) | (waited & ((buffer == 1) | ends) & ~begins)
        delete &= backlogged

        use = backlogged & ~delete & (begins | (occasion & ~ends)) & ~just_sent
        open_now = self._is_open(takes_effect, self._gap[environment])
        answered = known.deleted | (known.rbg < 0) | leased
        too_early = known.sent_age <= lag
        probability = np.where(answered, 1.0, np.where(too_early, 0.0, 0.5))
        settled = np.minimum(np.maximum(_SETTLED, lag + 3), OLDEST)
        contend = backlogged & ~delete & ~use & ~just_sent & open_now & (known.report_age >= settled)
        contend &= uniform(cells.seeds[environment], observation.tti, Purpose.ACCESS, observation.ue_id) < probability

        rbg = np.where(use, np.where(begins, granted_rbg, known.rbg), rbgs - 1)
        access = np.select([delete, use | contend], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        on_lease = just_sent | use | (granted & (known.dcm_age <= 1))
        left = np.where(on_lease, 0, buffer - delete)
        few = np.minimum(_FEW_DPDUS, cells.bsr_levels[environment])
        more = buffer - 1
        announces = (use | (just_sent & delete)) & known.quiet & (known.left < 0) & (more > 0) & (more <= few) & ~frees
        announces &= observation.ucm_opportunity > 0
        ucm = np.where(announces, announcement(more), report(cells, observation, left))
        return access * cells.ucm_codes[environment] + ucm
