# SPDX-License-Identifier: MIT
"""Semi-persistent scheduling (3GPP TS 36.321 clause 5.10): a grant is the lease of an RBG until the UE goes idle.

A UE that is granted RBG r in TTI t may transmit on r in TTIs t, t + period, t + 2 period, ... The lease ends on both
sides, without a message, when the UE left a number of these occasions in a row unused (the standard's
implicitReleaseAfter), or after a maximum number of them. The period is what one dPDU takes: transmit, then delete.
Silence acknowledges; `ack`, which thus is free, tells a UE with a lease that its last transmission failed. Nobody with
a lease reports; others report what they have, and the BS grants leases in the order in which it learned of a need. With
polling, a lease that nobody is known to need goes to the UE that was found empty the longest time ago.

`hybrid` keeps the last RBG for contention, as a random-access channel does: a UE without a lease that has something to
send transmits there with a probability, which every failure halves, five times at most. What is decoded is
acknowledged, if possible by `ack grant r`, a lease from the next TTI on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, assign_rbgs, dcms, limit_dcms, rank_within
from llmac.agents.baselines.parameters import Choose, blocks_rarely_fail, tunable
from llmac.agents.baselines.reports import report
from llmac.agents.baselines.silence import Silence
from llmac.agents.chance import Purpose, uniform
from llmac.bridge.envs.observations import (
    RBG_IDLE,
    RBG_UNDECODABLE,
    FollowerAction,
    FollowerObservation,
    LeaderAction,
    LeaderObservation,
)
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

_NEVER = 2**40
_MAX_BACKOFF = 5


@dataclass(frozen=True, slots=True)
class SpsParameters:
    """What is tuned for each scenario."""

    max_occasions: int = tunable(99, 7, 15, 30)
    """Occasions after which a lease ends in any case."""
    release_after: int = tunable(1, 2, 3)
    """Unused occasions in a row after which it ends."""
    polling: bool = tunable(True, False)
    """A lease that nobody is known to need goes to somebody all the same."""
    blind: bool = tunable(False, True)
    """A UE deletes in the TTI after its transmission and does not wait for the news that it failed."""
    contention_probability: float = 0.0
    """Probability of a first transmission on the RBG for contention; 0: there is none."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """See Parameters."""
        return cls(blind=scenario.control.delay_ttis > 0 and blocks_rarely_fail(scenario))


@dataclass(frozen=True, slots=True)
class HybridParameters(SpsParameters):
    """Those of an RBG for contention, too."""

    contention_probability: float = tunable(0.7, 0.35, 0.5, 1.0)


class Persistent:
    """Leases, and contention where the parameters say so."""

    def __init__(self, choose: Choose[SpsParameters]) -> None:
        self._choose = choose

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = Cells(scenarios, seeds)
        cells.check_vocabulary("semi-persistent scheduling")
        rules = _Rules(cells, [self._choose(s) for s in scenarios])
        self._leader = _Leader(cells, rules)
        self._follower = _Follower(cells, rules)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """End leases; acknowledge; grant leases."""
        return self._leader.act(observation)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Use the lease or contend; delete; report."""
        return self._follower.act(observation)


class _Rules:
    """What BS and UEs agree upon; all [E].

    Attributes:
        period: TTIs from one occasion of a lease to the next.
        max_occasions: of a lease.
        release_after: unused occasions that end a lease.
        blind: whether a failed transmission is deleted, too.
        silence: of the UEs.
        polling: whether idle UEs are granted leases.
        probability: of contention, 0 where there is none.
    """

    def __init__(self, cells: Cells, chosen: Sequence[SpsParameters]) -> None:
        self.max_occasions = np.array([c.max_occasions for c in chosen], dtype=np.int64)
        self.release_after = np.array([c.release_after for c in chosen], dtype=np.int64)
        self.polling = np.array([c.polling for c in chosen], dtype=np.bool_)
        self.blind = np.array([c.blind for c in chosen], dtype=np.bool_)
        self.silence = Silence(cells, self.blind)
        self.period = 1 + self.silence.answer
        # With a single RBG there is none to spare.
        self.probability = np.array([c.contention_probability for c in chosen]) * (cells.rbgs > 1)


class _Leader:
    """The BS of each environment.

    It keeps the leases by RBG and phase, which is the TTI modulo the period: a row of RBGs, counted over all
    environments, for each phase.
    """

    def __init__(self, cells: Cells, rules: _Rules) -> None:
        self._cells, self._rules = cells, rules
        rbgs = int(cells.rbgs.sum())
        self._rbg = np.arange(rbgs)
        self._rbg_environment = np.repeat(np.arange(cells.rbgs.size), cells.rbgs)
        last = self._rbg == (cells.rbg_start + cells.rbgs - 1)[self._rbg_environment]
        self._contention = last & (rules.probability[self._rbg_environment] > 0)
        phases = int(rules.period.max(initial=2))
        # Of each lease: who holds it, its first occasion, and unused occasions in a row.
        self._holder = np.full((phases, rbgs), -1)
        self._first = np.zeros((phases, rbgs), dtype=np.int64)
        self._unused = np.zeros((phases, rbgs), dtype=np.int64)
        # Of each UE: whether it has a lease, since when it is known to need one, when it was last taken for empty, and
        # the first TTI in which it can transmit again.
        self._leased = np.zeros(cells.slots, dtype=np.bool_)
        self._needs_since = np.full(cells.slots, _NEVER)
        self._empty_at = np.full(cells.slots, -1)
        self._free_at = np.zeros(cells.slots, dtype=np.int64)

    def act(self, observation: LeaderObservation) -> LeaderAction:
        cells, rules = self._cells, self._rules
        seen = cells.seen(observation)
        environment, slot = seen.environment, seen.slot
        failed = self._review(observation, seen)
        contended = self._take_requests(observation, seen)

        # What is granted now begins when the message arrives; together with an acknowledgement one TTI later, since the
        # UE deletes first unless the acknowledgement does.
        later = contended & ~cells.ack_deletes[environment]
        arrival = seen.tti + cells.delay[environment]
        ready = ~self._leased[slot] & (self._free_at[slot] <= arrival)
        needs = ready & (self._needs_since[slot] < _NEVER)
        poll = ready & ~needs & rules.polling[environment]
        rank = rank_within(environment, self._needs_since[slot], needs)
        ahead = np.bincount(environment[needs], minlength=cells.rbgs.size)[environment]
        rank = np.where(poll, ahead + rank_within(environment, self._empty_at[slot], poll), rank)
        rbg = np.where(
            later,
            assign_rbgs(cells, self._free(seen.tti, 1), environment, np.where(later, rank, -1)),
            assign_rbgs(cells, self._free(seen.tti, 0), environment, np.where(later, -1, rank)),
        )

        grant = codes_pb2.DCM_GRANT + rbg + np.where(contended, cells.rbgs[environment], 0)
        code = np.where(rbg >= 0, grant, np.where(contended | failed, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL))
        urgency = np.select([contended, needs, failed], [0, 1, 2], default=3)
        limit_dcms(cells, observation, code, first=urgency, tie=rank)
        granted = code >= codes_pb2.DCM_GRANT
        self._lease(environment[granted], slot[granted], rbg[granted], (arrival + later)[granted])
        polled = granted & poll
        self._empty_at[slot[polled]] = seen.tti
        return dcms(cells, observation, code)

    def _review(self, observation: LeaderObservation, seen: Seen) -> NDArray[np.bool_]:
        """Look at the occasions of the TTI before and end leases; returns [n], who is to hear that it failed."""
        cells, rules, environment = self._cells, self._rules, self._rbg_environment
        connected = np.zeros(cells.slots + 1, dtype=np.bool_)  # the last one stands for nobody, -1
        connected[seen.slot] = True
        self._holder[~connected[self._holder]] = -1

        tti = seen.tti - 1
        at = (tti % rules.period[environment], self._rbg)
        holder, first = self._holder[at], self._first[at]
        occasion = (holder >= 0) & (first <= tti)
        used = occasion & (observation.rbg_outcome != RBG_IDLE)
        self._unused[at] = np.where(used, 0, self._unused[at] + occasion)
        self._free_at[holder[used]] = tti + rules.period[environment[used]]
        idle = occasion & (self._unused[at] >= rules.release_after[environment])
        expired = occasion & (tti >= first + (rules.max_occasions - 1)[environment] * rules.period[environment])
        over = idle | expired
        self._leased[holder[over]] = False
        self._needs_since[holder[over & used]] = seen.tti  # cut off while it sent
        self._empty_at[holder[over & ~used]] = seen.tti
        self._holder[at] = np.where(over, -1, holder)

        failed = np.zeros(cells.slots, dtype=np.bool_)
        undecodable = occasion & (observation.rbg_outcome == RBG_UNDECODABLE)
        failed[holder[undecodable & ~rules.blind[environment]]] = True
        return failed[seen.slot]

    def _take_requests(self, observation: LeaderObservation, seen: Seen) -> NDArray[np.bool_]:
        """Note who needs a lease, by its report or by contention; returns [n], who contended with success."""
        cells = self._cells
        contended = np.zeros(cells.slots, dtype=np.bool_)
        decoded = np.flatnonzero(observation.rbg_outcome >= 0)
        contended[cells.decoded_slots(observation)[self._contention[decoded]]] = True
        asks = contended[seen.slot] | (seen.ucm != codes_pb2.UCM_NULL)
        new = seen.slot[asks & ~self._leased[seen.slot]]
        self._needs_since[new] = np.minimum(self._needs_since[new], seen.tti)
        return contended[seen.slot]

    def _free(self, tti: int, later: int) -> NDArray[np.bool_]:
        """[B] RBGs without a lease in the TTI in which a grant of now begins, or in a later one."""
        cells, environment = self._cells, self._rbg_environment
        phase = (tti + cells.delay + later)[environment] % self._rules.period[environment]
        return (self._holder[phase, self._rbg] < 0) & ~self._contention

    def _lease(
        self,
        environment: NDArray[np.int64],
        slot: NDArray[np.int64],
        rbg: NDArray[np.int64],
        first: NDArray[np.int64],
    ) -> None:
        at = (first % self._rules.period[environment], self._cells.rbg_start[environment] + rbg)
        self._holder[at] = slot
        self._first[at] = first
        self._unused[at] = 0
        self._leased[slot] = True
        self._needs_since[slot] = _NEVER


class _Follower:
    """The UEs of each environment."""

    def __init__(self, cells: Cells, rules: _Rules) -> None:
        self._cells, self._rules = cells, rules
        # The lease: RBG or -1, first occasion, unused occasions in a row.
        self._rbg = np.full(cells.slots, -1)
        self._first = np.zeros(cells.slots, dtype=np.int64)
        self._unused = np.zeros(cells.slots, dtype=np.int64)
        # When the answer to the last transmission on the RBG for contention is due, and how many had none in a row.
        self._answer_at = np.full(cells.slots, -1)
        self._failures = np.zeros(cells.slots, dtype=np.int64)

    def act(self, observation: FollowerObservation) -> FollowerAction:
        cells, rules, tti = self._cells, self._rules, observation.tti
        environment, slot = cells.environment(observation), cells.slot(observation)
        backlogged = observation.buffer > 0
        acknowledged = self._hear(observation, environment, slot)
        delete = rules.silence.delete(tti, slot) | (acknowledged & ~cells.ack_deletes[environment])
        delete &= backlogged
        clear = backlogged & ~delete & ~rules.silence.waiting(slot)
        leased_rbg = self._use_lease(tti, environment, slot, clear)
        on_lease = leased_rbg >= 0
        rules.silence.sent(tti, environment[on_lease], slot[on_lease])

        leaseless = self._rbg[slot] < 0
        probability = rules.probability[environment] * 0.5 ** np.minimum(self._failures[slot], _MAX_BACKOFF)
        dares = uniform(cells.seeds[environment], tti, Purpose.ACCESS, observation.ue_id) < probability
        contend = clear & leaseless & ~on_lease & dares & (self._answer_at[slot] <= tti)
        self._answer_at[slot[contend]] = tti + 1 + cells.delay[environment[contend]]
        self._failures[slot[contend]] += 1

        rbg = np.where(on_lease, leased_rbg, cells.rbgs[environment] - 1)
        access = np.select([delete, on_lease | contend], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        settled = delete | rules.silence.waiting(slot)
        ucm = report(cells, observation, np.where(leaseless, observation.buffer.astype(np.int64) - settled, 0))
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))

    def _hear(
        self, observation: FollowerObservation, environment: NDArray[np.int64], slot: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Take in the DCMs; returns [n], whose transmission on the RBG for contention is acknowledged."""
        rbgs, dcm = self._cells.rbgs[environment], observation.dcm.astype(np.int64)
        granted = dcm >= codes_pb2.DCM_GRANT
        ack_grant = dcm >= codes_pb2.DCM_GRANT + rbgs
        ack = (dcm == codes_pb2.DCM_ACK) | ack_grant
        waiting = self._answer_at[slot] == observation.tti
        self._rules.silence.failed(slot[ack & ~waiting])
        rbg = dcm - codes_pb2.DCM_GRANT - np.where(ack_grant, rbgs, 0)
        first = observation.tti + (ack_grant & ~self._cells.ack_deletes[environment])
        self._rbg[slot[granted]] = rbg[granted]
        self._first[slot[granted]] = first[granted]
        self._unused[slot[granted]] = 0
        self._failures[slot[(ack & waiting) | granted]] = 0
        return ack & waiting

    def _use_lease(
        self, tti: int, environment: NDArray[np.int64], slot: NDArray[np.int64], clear: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """[n] RBG on which a UE transmits by its lease, -1 if it does not; ends leases."""
        rules = self._rules
        period = rules.period[environment]
        since = tti - self._first[slot]
        occasion = (self._rbg[slot] >= 0) & (since >= 0) & (since % period == 0)
        used = occasion & clear
        rbg = np.where(used, self._rbg[slot], -1)
        self._unused[slot] = np.where(used, 0, self._unused[slot] + occasion)
        last = since >= (rules.max_occasions[environment] - 1) * period
        over = occasion & (last | (self._unused[slot] >= rules.release_after[environment]))
        self._rbg[slot[over]] = -1
        return rbg
