# SPDX-License-Identifier: MIT
"""TDMA by configured grants (3GPP TS 38.321 clause 5.8.2): every UE has slots of its own in a frame that repeats.

A slot is an RBG in one TTI of the frame. The UEs of TTI 0 share the slots evenly by configuration (type 1). From then
on the BS moves slots by messages (type 2) from UEs with more than their share to UEs with less: received in TTI t,
`grant r` gives the slot of RBG r in this TTI of the frame, `ack grant r` takes it away. Each UE is due one slot; the
others are shared in proportion to the load that the BS learned from decodes and reports. Silence acknowledges; `ack`,
which thus is free, tells a UE that its last transmission failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, assign_rbgs, dcms, limit_dcms, rank_within
from llmac.agents.baselines.parameters import Choose, blocks_rarely_fail, peak_population, tunable
from llmac.agents.baselines.reports import Backlogs, report
from llmac.agents.baselines.silence import Silence
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

_NOBODY = -1
_LEAST_LOAD = 1e-6  # so that UEs without any share alike

# What messages are for, the most urgent first.
_FAILED, _REPEAT, _TAKE, _GIVE = range(4)


@dataclass(frozen=True, slots=True)
class TdmaParameters:
    """What is tuned for each scenario."""

    slots_per_ue: int = tunable(2, 1, 3, 4)
    """Slots of the frame for each UE, on average; with 1 there is nothing to move while all are connected."""
    memory_ttis: float = tunable(30.0, 10.0, 100.0)
    """Time constant of the learned load."""
    blind: bool = tunable(False, True)
    """A UE deletes in the TTI after its transmission and does not wait for the news that it failed."""

    @classmethod
    def guess(cls, scenario: Scenario) -> Self:
        """See Parameters."""
        return cls(blind=scenario.control.delay_ttis > 0 and blocks_rarely_fail(scenario))


class Tdma:
    """Configured grants, weighted by load."""

    def __init__(self, choose: Choose[TdmaParameters]) -> None:
        self._choose = choose

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        cells = Cells(scenarios, seeds)
        cells.check_vocabulary("TDMA")
        chosen = [self._choose(s) for s in scenarios]
        frames = _Frames(cells, chosen)
        self._leader = _Leader(cells, frames, chosen)
        self._follower = _Follower(cells, frames)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Tell of failures; move slots."""
        return self._leader.act(observation)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Use the own slots; delete; report."""
        return self._follower.act(observation)


class _Frames:
    """What BS and UEs know by configuration.

    A round of the frame has a slot for each UE, and so many that a UE's slots are at least a period apart, the TTIs
    that one dPDU takes; it fills whole TTIs. The frame is `slots_per_ue` rounds.

    Attributes:
        blind: [E] whether a failed transmission is deleted, too.
        silence: of the UEs.
        period: [E]
        ttis: [E] length of the frame.
        owner: [TTI of the frame, B] initial owner of each slot as a place in per-UE memory, -1 for nobody.
    """

    def __init__(self, cells: Cells, chosen: Sequence[TdmaParameters]) -> None:
        self.blind = np.array([c.blind for c in chosen], dtype=np.bool_)
        self.silence = Silence(cells, self.blind)
        self.period = 1 + self.silence.answer
        peak = np.array([peak_population(s) for s in cells.scenarios], dtype=np.int64)
        round_ttis = np.maximum(-(-peak // cells.rbgs), self.period)
        self.ttis = round_ttis * np.array([c.slots_per_ue for c in chosen], dtype=np.int64)
        self.owner = np.full((int(self.ttis.max(initial=1)), int(cells.rbgs.sum())), _NOBODY)
        for e, scenario in enumerate(cells.scenarios):
            turn = np.arange(self.ttis[e] * cells.rbgs[e]) % (round_ttis[e] * cells.rbgs[e])
            place = np.where(turn < scenario.ues, cells.slot_start[e] + turn, _NOBODY)
            of_cell = slice(cells.rbg_start[e], cells.rbg_start[e] + cells.rbgs[e])
            self.owner[: self.ttis[e], of_cell] = place.reshape(-1, cells.rbgs[e])


class _Leader:
    """The BS of each environment; its tables of slots are [TTI of the frame, B]."""

    def __init__(self, cells: Cells, frames: _Frames, chosen: Sequence[TdmaParameters]) -> None:
        self._cells, self._frames = cells, frames
        self._rbg_environment = np.repeat(np.arange(cells.rbgs.size), cells.rbgs)
        self._index = np.arange(self._rbg_environment.size)
        self._rbg = self._index - cells.rbg_start[self._rbg_environment]
        # Of each slot: its owner, who had it before, who seems to use it wrongly, and whether its owner seems not to
        # know of it. The last two arise when messages are lost.
        self._owner = frames.owner.copy()
        self._previous = np.full_like(self._owner, _NOBODY)
        self._intruder = np.full_like(self._owner, _NOBODY)
        self._unknown = np.zeros(self._owner.shape, dtype=np.bool_)
        self._lossy = np.array(
            [s.control.loss_probability > 0 or s.control.sinr_loss is not None for s in cells.scenarios], dtype=np.bool_
        )
        # Of each UE: decodes per TTI, and backlog.
        self._memory = np.array([c.memory_ttis for c in chosen])
        self._rate = np.zeros(cells.slots)
        self._backlogs = Backlogs(cells, np.ones(len(chosen), dtype=np.bool_))

    def act(self, observation: LeaderObservation) -> LeaderAction:
        cells, index = self._cells, self._index
        seen = cells.seen(observation)
        failed = self._review(observation, seen)
        surplus = self._surplus(seen)

        # The slots of the TTI in which a message of now arrives, one for each RBG.
        row = self._row(seen.tti + cells.delay)
        owner, intruder, unknown = self._owner[row, index], self._intruder[row, index], self._unknown[row, index]
        give, take = (
            codes_pb2.DCM_GRANT + self._rbg,
            codes_pb2.DCM_GRANT + cells.rbgs[self._rbg_environment] + self._rbg,
        )
        heir = self._heirs(seen, owner, surplus)
        post = _Post(cells.slots)
        post.add(_GIVE, heir, give, heir != _NOBODY)
        post.add(_TAKE, owner, take, heir != _NOBODY)
        post.add(_REPEAT, owner, give, unknown)
        post.add(_REPEAT, intruder, take, intruder != _NOBODY)
        post.add(_FAILED, failed, np.full(failed.size, codes_pb2.DCM_ACK), failed != _NOBODY)

        code = post.code[seen.slot]
        limit_dcms(cells, observation, code, first=post.urgency[seen.slot], tie=surplus[seen.slot])
        post.code[seen.slot] = code
        # A slot changes hands only when its owner is told to leave it.
        taken = (heir != _NOBODY) & post.carries(owner, take)
        given = (heir != _NOBODY) & post.carries(heir, give)
        too_early = given & ~taken & (owner != _NOBODY)
        post.code[heir[too_early]] = codes_pb2.DCM_NULL
        given &= ~too_early
        self._owner[row, index] = np.select([given, taken], [heir, _NOBODY], owner)
        self._previous[row, index] = np.where(taken, owner, self._previous[row, index])
        self._intruder[row, index] = np.where(post.carries(intruder, take), _NOBODY, intruder)
        self._unknown[row, index] = unknown & ~post.carries(owner, give)
        return dcms(cells, observation, post.code[seen.slot])

    def _row(self, tti: NDArray[np.int64]) -> NDArray[np.int64]:
        """[B] TTI of the frame for the TTI of each environment, [E]."""
        return (tti % self._frames.ttis)[self._rbg_environment]

    def _review(self, observation: LeaderObservation, seen: Seen) -> NDArray[np.int64]:
        """Learn from the slots of the TTI before; returns [B], owners who are to hear that they failed, or nobody."""
        connected = np.zeros(self._cells.slots + 1, dtype=np.bool_)  # the last one stands for nobody, -1
        connected[seen.slot] = True
        for table in (self._owner, self._previous, self._intruder):
            table[~connected[table]] = _NOBODY

        index, outcome, lossy = self._index, observation.rbg_outcome, self._lossy[self._rbg_environment]
        row = self._row(np.full(self._cells.rbgs.size, seen.tti - 1))
        owner, previous = self._owner[row, index], self._previous[row, index]
        decoded = np.where(outcome >= 0, self._cells.slot_start[self._rbg_environment] + outcome, _NOBODY)
        undecodable = outcome == RBG_UNDECODABLE
        wrong = np.select([(decoded != owner) & connected[decoded], undecodable], [decoded, previous], _NOBODY)
        self._intruder[row, index] = np.where(lossy & (wrong != _NOBODY), wrong, self._intruder[row, index])

        self._backlogs.observe(seen, np.zeros_like(seen.decoded))
        self._rate[seen.slot] += (seen.decoded - self._rate[seen.slot]) / self._memory[seen.environment]
        idle = (owner != _NOBODY) & (outcome == RBG_IDLE) & lossy
        idle[idle] = self._backlogs.dpdus[owner[idle]] > 0
        self._unknown[row, index] = idle
        return np.where(undecodable & ~self._frames.blind[self._rbg_environment], owner, _NOBODY)

    def _surplus(self, seen: Seen) -> NDArray[np.float64]:
        """By place in per-UE memory: slots that a UE has above its share."""
        environment, slot = seen.environment, seen.slot
        environments = self._cells.rbgs.size
        period = self._frames.period[environment]
        backlog = self._backlogs.dpdus[slot]
        load = np.minimum(self._rate[slot] + backlog / self._memory[environment], 1 / period) + _LEAST_LOAD
        total = np.bincount(environment, load, minlength=environments)
        slots = self._frames.ttis * self._cells.rbgs
        shared = np.maximum(slots - np.bincount(environment, minlength=environments), 0)
        # More slots than one in a period are of no use to anybody.
        useful = (self._frames.ttis[environment] // period).astype(np.float64)
        due = np.minimum(1 + shared[environment] * load / total[environment], useful)
        has = np.bincount(self._owner[self._owner != _NOBODY], minlength=self._cells.slots)
        surplus = np.zeros(self._cells.slots)
        surplus[slot] = has[slot] - due
        return surplus

    def _heirs(self, seen: Seen, owner: NDArray[np.int64], surplus: NDArray[np.float64]) -> NDArray[np.int64]:
        """[B] UE that is to get each slot, or nobody: slots of nobody go to the neediest, then those of the richest."""
        cells = self._cells
        free = owner == _NOBODY
        too_many = ~free
        too_many[too_many] = surplus[owner[too_many]] >= 1
        # A slot within a period of one that a UE has is of no use to it.
        useless = np.zeros(cells.slots + 1, dtype=np.bool_)
        period = self._frames.period
        for offset in range(1 - int(period.max(initial=1)), int(period.max(initial=1))):
            near = abs(offset) < period[self._rbg_environment]
            useless[self._owner[self._row(seen.tti + cells.delay + offset), self._index][near]] = True
        heir = np.full(self._index.size, _NOBODY)
        for slots, most in ((free, 0), (too_many, -1)):
            wants = (surplus[seen.slot] <= most) & ~useless[seen.slot]
            rbg = assign_rbgs(cells, slots, seen.environment, rank_within(seen.environment, surplus[seen.slot], wants))
            gets = rbg >= 0
            heir[cells.rbg_start[seen.environment[gets]] + rbg[gets]] = seen.slot[gets]
            useless[seen.slot[gets]] = True
        return heir


class _Post:
    """At most one message for each UE, the most urgent one."""

    def __init__(self, slots: int) -> None:
        self.code = np.zeros(slots, dtype=np.int64)
        self.urgency = np.full(slots, _GIVE)

    def add(self, urgency: int, receiver: NDArray[np.int64], code: NDArray[np.int64], where: NDArray[np.bool_]) -> None:
        """Send codes, in place of less urgent ones, to UEs where there are any."""
        where = where & (receiver != _NOBODY)
        self.code[receiver[where]] = code[where]
        self.urgency[receiver[where]] = urgency

    def carries(self, receiver: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether these UEs get these codes."""
        result = receiver != _NOBODY
        result[result] = self.code[receiver[result]] == code[result]
        return result


class _Follower:
    """The UEs of each environment."""

    def __init__(self, cells: Cells, frames: _Frames) -> None:
        self._cells, self._frames = cells, frames
        # RBG of the UE in each TTI of the frame, -1 for none.
        self._rbg = np.full((len(frames.owner), cells.slots), -1)
        tti, index = np.nonzero(frames.owner != _NOBODY)
        rbg_environment = np.repeat(np.arange(cells.rbgs.size), cells.rbgs)
        self._rbg[tti, frames.owner[tti, index]] = index - cells.rbg_start[rbg_environment[index]]

    def act(self, observation: FollowerObservation) -> FollowerAction:
        cells, silence, tti = self._cells, self._frames.silence, observation.tti
        environment, slot = cells.environment(observation), cells.slot(observation)
        rbgs, dcm = cells.rbgs[environment], observation.dcm.astype(np.int64)
        row = tti % self._frames.ttis[environment]
        given = (dcm >= codes_pb2.DCM_GRANT) & (dcm < codes_pb2.DCM_GRANT + rbgs)
        taken = dcm >= codes_pb2.DCM_GRANT + rbgs
        rbg = np.select([given, taken], [dcm - codes_pb2.DCM_GRANT, -1], self._rbg[row, slot])
        self._rbg[row, slot] = rbg

        silence.failed(slot[dcm == codes_pb2.DCM_ACK])
        delete = silence.delete(tti, slot)
        settled = delete | silence.waiting(slot)
        transmit = (rbg >= 0) & (observation.buffer > 0) & ~settled
        silence.sent(tti, environment[transmit], slot[transmit])
        access = np.select([delete, transmit], [codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT + rbg], 0)
        ucm = report(cells, observation, observation.buffer.astype(np.int64) - settled)
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))
