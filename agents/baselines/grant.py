# SPDX-License-Identifier: MIT
"""Grant-based access, the conventional protocol of cellular systems (3GPP TS 36.321 clauses 5.4.4 and 5.4.5).

UEs report backlog: `sr` for one dPDU, `bsr k` for more. The BS grants the RBGs in the order of a priority among the UEs
that it believes to have undelivered dPDUs, and acknowledges what it decodes. A UE transmits on its grant and deletes on
the acknowledgement. Tuning for a control channel that is late or scarce:

- blind deletion: a UE deletes in the TTI after its transmission, and no acknowledgement is sent;
- merged acknowledgements: `ack grant r` tells the UE to delete now and to transmit on RBG r in the next TTI, so that a
  dPDU costs one message instead of two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, assign_rbgs, dcms, limit_dcms, rank_within
from llmac.agents.baselines.parameters import Choose, blocks_rarely_fail, tunable
from llmac.agents.baselines.priorities import Order, Priority, RoundRobin
from llmac.agents.baselines.reports import Backlogs, report
from llmac.bridge.envs.observations import (
    RBG_IDLE,
    FollowerAction,
    FollowerObservation,
    LeaderAction,
    LeaderObservation,
)
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

_NEVER = np.iinfo(np.int64).max
_LONG_AGO = -(2**40)


@dataclass(frozen=True, slots=True)
class GrantParameters:
    """What is tuned for each scenario."""

    blind: bool = tunable(False, True)
    """A UE deletes after its transmission, whether it was decoded or not."""
    merge_acks: bool = tunable(False, True)
    """An acknowledgement waits for the UE's next grant while messages are scarce."""
    optimistic: bool = tunable(False, True)
    """A report is taken for the most dPDUs that its level can mean, not for the fewest."""
    unused_grants: int = tunable(0, 1, 2)
    """Grants in a row that a UE leaves unused before the BS believes its buffer empty; 0: reports alone count."""
    memory_ttis: float = 1.0
    """Time constant of the mean of past service, for a priority that looks back."""
    speculate_ttis: int = 0
    """An RBG that nobody is known to need is granted to a UE that was heard so many TTIs ago at most; 0: to none."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """See Parameters."""
        control = scenario.control
        scarce = 0 < control.max_dcms_per_tti < 2 * scenario.rbgs
        blind = control.delay_ttis > 0 and blocks_rarely_fail(scenario)
        rare_reports = control.ucm_period_ttis > 1
        return cls(
            blind=blind,
            merge_acks=scarce and not blind,
            optimistic=rare_reports,
            unused_grants=1 + (control.loss_probability > 0) if rare_reports else 0,
        )


@dataclass(frozen=True, slots=True)
class AveragingGrantParameters(GrantParameters):
    """Those of a priority that looks back."""

    memory_ttis: float = tunable(30.0, 10.0, 100.0)


@dataclass(frozen=True, slots=True)
class SpeculativeGrantParameters(GrantParameters):
    """Those of speculative grants, the most recently heard UE first."""

    speculate_ttis: int = tunable(20, 5, 60, 200)


class Grant:
    """Grants in the order of a priority; the default parameters suit a control channel without delay and limits.

    Args:
        choose: the parameters in a scenario.
        priority: whom to serve first.
    """

    def __init__(
        self, choose: Choose[GrantParameters] = lambda _: GrantParameters(), priority: Priority | None = None
    ) -> None:
        self._choose = choose
        self._priority = priority or RoundRobin()

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = self._cells = Cells(scenarios, seeds)
        cells.check_vocabulary("grant-based access")
        chosen = [self._choose(s) for s in scenarios]
        self._blind = np.array([c.blind for c in chosen])
        self._merge_acks = np.array([c.merge_acks for c in chosen])
        self._unused_limit = np.array([c.unused_grants or _NEVER for c in chosen])
        self._speculate_ttis = np.array([c.speculate_ttis for c in chosen])
        self._priority.reset(cells, [c.memory_ttis for c in chosen])
        # Of the BS, per UE: its backlog, whether it waits for an acknowledgement, grants to it whose outcome is not yet
        # known, the TTI before which it gets no other, grants that it left unused, and when it was heard last.
        self._backlogs = Backlogs(cells, np.array([c.optimistic for c in chosen], dtype=np.bool_))
        self._owed = np.zeros(cells.slots, dtype=np.bool_)
        self._under_way = np.zeros(cells.slots, dtype=np.int64)
        self._busy_until = np.zeros(cells.slots, dtype=np.int64)
        self._unused = np.zeros(cells.slots, dtype=np.int64)
        self._heard_at = np.full(cells.slots, _LONG_AGO)
        # Of the BS, per UE: RBG, counted over all environments, that it was granted for each TTI, a ring over TTIs.
        self._granted = np.full((int(cells.delay.max(initial=0)) + 3, cells.slots), -1)
        # Of the BS, per RBG: promised for this TTI's arrivals by a merged acknowledgement.
        self._promised = np.zeros(int(cells.rbgs.sum()), dtype=np.bool_)
        # Of the UEs: RBG to transmit on in the TTI after an `ack grant`.
        self._next_rbg = np.full(cells.slots, -1)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Acknowledge what was decoded; grant the RBGs in the order of the priority."""
        cells = self._cells
        seen = cells.seen(observation)
        environment, slot = seen.environment, seen.slot
        self._believe(observation, seen)
        backlog, owed = self._backlogs.dpdus[slot], self._owed[slot]
        order = self._priority.order(observation, seen, backlog)
        # Without ack_deletes, a UE that is acknowledged deletes first: it can transmit in the next TTI.
        next_tti = owed & ~cells.ack_deletes[environment]
        rank = self._rank(seen, order, backlog, ~next_tti | self._merge_acks[environment])
        rbg = self._assign(environment, rank, next_tti)
        granted = rbg >= 0

        grant = codes_pb2.DCM_GRANT + rbg + np.where(owed, cells.rbgs[environment], 0)
        code = np.where(granted, grant, np.where(owed, codes_pb2.DCM_ACK, codes_pb2.DCM_NULL))
        first = np.select([owed & ~self._merge_acks[environment], granted], [-1, np.maximum(rank, 0)], default=_NEVER)
        limit_dcms(cells, observation, code, first=first, tie=order.turn)
        granted &= code >= codes_pb2.DCM_GRANT

        takes_effect = seen.tti + cells.delay[environment] + next_tti
        self._owed[slot[code != codes_pb2.DCM_NULL]] = False
        # An acknowledgement that found no room comes with the next grant, or with that of what is sent a second time.
        self._owed[slot[~self._merge_acks[environment]]] = False
        self._note_grants(environment, slot, granted, rbg, takes_effect, next_tti)
        in_order = np.flatnonzero(granted)[np.argsort(rank[granted])]
        self._priority.served(environment[in_order], seen.ue_id[in_order])
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Transmit on a grant, delete on an acknowledgement or blindly, report what is left."""
        cells = self._cells
        environment, slot = cells.environment(observation), cells.slot(observation)
        rbgs, dcm = cells.rbgs[environment], observation.dcm.astype(np.int64)
        backlogged = observation.buffer > 0
        ack_grant = dcm >= codes_pb2.DCM_GRANT + rbgs
        acknowledged = (dcm == codes_pb2.DCM_ACK) | ack_grant
        transmitted = observation.last_action >= codes_pb2.ACCESS_TRANSMIT * cells.ucm_codes[environment]
        delete = backlogged & np.where(
            self._blind[environment], transmitted, acknowledged & ~cells.ack_deletes[environment]
        )
        granted_rbg = dcm - codes_pb2.DCM_GRANT - np.where(ack_grant, rbgs, 0)
        rbg = np.where(dcm >= codes_pb2.DCM_GRANT, granted_rbg, self._next_rbg[slot])
        self._next_rbg[slot] = np.where(delete & ack_grant, granted_rbg, -1)
        transmit = backlogged & (rbg >= 0) & ~delete
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        ucm = report(cells, observation, observation.buffer.astype(np.int64) - delete)
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))

    def _believe(self, observation: LeaderObservation, seen: Seen) -> None:
        """Take in the reports and the decodes, and what the grants of the TTI before were used for."""
        environment, slot = seen.environment, seen.slot
        self._backlogs.observe(seen, self._owed[slot])
        self._owed[slot] |= seen.decoded & ~self._blind[environment]
        heard = seen.decoded | (seen.ucm != codes_pb2.UCM_NULL)
        self._heard_at[slot[heard]] = seen.tti

        row = self._granted[(seen.tti - 1) % len(self._granted)]
        rbg = row[slot]
        used = observation.rbg_outcome[rbg] != RBG_IDLE
        self._unused[slot] = np.where(rbg >= 0, np.where(used, 0, self._unused[slot] + 1), self._unused[slot])
        empty = self._unused[slot] >= self._unused_limit[environment]
        self._backlogs.dpdus[slot[empty]] = 0
        self._unused[slot[empty]] = 0
        self._under_way[slot[rbg >= 0]] -= 1
        row[:] = -1

    def _rank(
        self, seen: Seen, order: Order, backlog: NDArray[np.int64], can_transmit: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """[n] Place in the queue for grants, those with backlog before those worth a speculation; -1: not in it."""
        environment = seen.environment
        ready = can_transmit & (self._busy_until[seen.slot] <= seen.tti)
        certain = ready & (backlog > self._under_way[seen.slot])
        silent = seen.tti - self._heard_at[seen.slot]
        maybe = ready & ~certain & (silent < self._speculate_ttis[environment])
        rank = rank_within(environment, order.key, certain, order.turn)
        ahead = np.bincount(environment[certain], minlength=len(self._cells.scenarios))[environment]
        return np.where(maybe, ahead + rank_within(environment, silent, maybe, order.turn), rank)

    def _assign(
        self, environment: NDArray[np.int64], rank: NDArray[np.int64], next_tti: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """[n] RBG of its environment for each UE, in the order of the ranks, -1 for none.

        Those that can transmit in the next TTI only share the RBGs of that one, as long as nobody of a better rank is
        left without an RBG now: in the next TTI it comes first.
        """
        cells = self._cells
        free = np.add.reduceat(~self._promised, cells.rbg_start, dtype=np.int64)[environment]
        place = rank_within(environment, rank, next_tti & (rank >= 0))
        nobody_waits = rank - place <= free
        later_rank = np.where(next_tti & nobody_waits, rank, -1)
        later = assign_rbgs(cells, np.ones_like(self._promised), environment, later_rank)
        now = assign_rbgs(cells, ~self._promised, environment, np.where(next_tti, -1, rank))
        return np.where(next_tti, later, now)

    def _note_grants(
        self,
        environment: NDArray[np.int64],
        slot: NDArray[np.int64],
        granted: NDArray[np.bool_],
        rbg: NDArray[np.int64],
        takes_effect: NDArray[np.int64],
        next_tti: NDArray[np.bool_],
    ) -> None:
        """Remember what was granted, until its outcome is known."""
        index = self._cells.rbg_start[environment] + rbg
        # A UE that deletes blindly can transmit in every second TTI; otherwise the outcome has to be known.
        spacing = np.where(self._blind[environment], 2 - self._cells.delay[environment], 1)
        self._busy_until[slot[granted]] = (takes_effect + spacing)[granted]
        self._under_way[slot[granted]] += 1
        self._granted[takes_effect[granted] % len(self._granted), slot[granted]] = index[granted]
        self._promised[:] = False
        self._promised[index[granted & next_tti]] = True
