# SPDX-License-Identifier: MIT
"""What the conventional agents share: per-UE memory and the numbering of RBGs over concatenated environments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.errors import ScenarioError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Opaque, Scenario
from llmac.v1 import codes_pb2

Key = NDArray[np.int64] | NDArray[np.float64]


class Cells:
    """E environments and where their UEs and RBGs stand in the columns.

    Attributes:
        codes: [E] code table of each environment.
        rbgs: [E] number of RBGs.
        rbg_start: [E] index of the first RBG in the RBG columns.
        ucm_codes: [E] number of UCM codes.
        bsr_levels: [E] levels of the buffer-status report.
        delay: [E] control delay in TTIs.
        dcm_limit: [E] most DCMs in a TTI.
        ack_deletes: [E] whether a received `ack` deletes by itself.
        slots: number of UEs that are ever connected, over all environments; per-UE memory has this length.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        self.scenarios = tuple(scenarios)
        self.seeds = seeds
        self.codes = [Codes(s.rbgs, s.vocabulary) for s in scenarios]
        self.rbgs = np.array([s.rbgs for s in scenarios], dtype=np.int64)
        self.rbg_start = np.concatenate([[0], np.cumsum(self.rbgs)[:-1]])
        self.ucm_codes = np.array([c.ucm_codes for c in self.codes], dtype=np.int64)
        self.bsr_levels = self.ucm_codes - codes_pb2.UCM_BSR
        self.delay = np.array([s.control.delay_ttis for s in scenarios], dtype=np.int64)
        self.dcm_limit = np.array(
            [s.control.max_dcms_per_tti or np.iinfo(np.int64).max for s in scenarios], dtype=np.int64
        )
        self.ack_deletes = np.array([s.ack_deletes for s in scenarios], dtype=np.bool_)
        totals = np.array([s.ue_total for s in scenarios], dtype=np.int64)
        self.slots = int(totals.sum())
        self.slot_start = np.concatenate([[0], np.cumsum(totals)[:-1]])

    def environment(self, observation: LeaderObservation | FollowerObservation) -> NDArray[np.int64]:
        """[n] environment of each connected UE."""
        return np.repeat(np.arange(len(self.scenarios)), observation.ue_count)

    def slot(self, observation: LeaderObservation | FollowerObservation) -> NDArray[np.int64]:
        """[n] place of each connected UE in per-UE memory."""
        return self.slot_start[self.environment(observation)] + observation.ue_id.astype(np.int64)

    def decoded_slots(self, observation: LeaderObservation) -> NDArray[np.int64]:
        """Places in per-UE memory of the UEs that were decoded in the TTI before, connected still or not."""
        rbg = np.flatnonzero(observation.rbg_outcome >= 0)
        environment = np.searchsorted(self.rbg_start, rbg, side="right") - 1
        return self.slot_start[environment] + observation.rbg_outcome[rbg].astype(np.int64)

    def seen(self, observation: LeaderObservation) -> "Seen":
        """What the BS sees of each connected UE."""
        slot = self.slot(observation)
        return Seen(
            tti=observation.tti,
            environment=self.environment(observation),
            slot=slot,
            ue_id=observation.ue_id.astype(np.int64),
            decoded=np.isin(slot, self.decoded_slots(observation)),
            ucm=observation.ucm.astype(np.int64),
        )

    def check_vocabulary(self, agent: str) -> None:
        """Make sure that the messages can carry grants and reports; opaque symbols do if there are enough of them.

        Raises:
            ScenarioError: there are too few.
        """
        for scenario in self.scenarios:
            needed = 2 * scenario.rbgs + 1
            if isinstance(scenario.vocabulary, Opaque) and scenario.vocabulary.symbols < needed:
                raise ScenarioError(
                    f"{scenario.name}: {agent} needs `vocabulary.symbols` of at least {needed} with {scenario.rbgs} "
                    f"RBGs, or the semantic vocabulary (it is {scenario.vocabulary.symbols})"
                )


@dataclass(frozen=True, slots=True)
class Seen:
    """A leader observation by UE."""

    tti: int
    environment: NDArray[np.int64]
    """[n] environment of each connected UE."""
    slot: NDArray[np.int64]
    """[n] its place in per-UE memory."""
    ue_id: NDArray[np.int64]
    """[n]"""
    decoded: NDArray[np.bool_]
    """[n] it was decoded in the TTI before."""
    ucm: NDArray[np.int64]
    """[n] code of the UCM that arrived from it."""


def rank_within(
    environment: NDArray[np.int64], key: Key, candidate: NDArray[np.bool_], tie: Key | None = None
) -> NDArray[np.int64]:
    """Rank of each candidate within its environment by ascending key, from 0; -1 for the others.

    Args:
        environment: [n] ascending.
        key: [n] smallest first.
        candidate: [n].
        tie: [n] smallest first among equal keys; by default the order of the columns.
    """
    rank = np.full(environment.size, -1)
    index = np.flatnonzero(candidate)
    keys = (key[index], environment[index]) if tie is None else (tie[index], key[index], environment[index])
    order = index[np.lexsort(keys)]
    owner = environment[order]
    rank[order] = np.arange(order.size) - np.searchsorted(owner, owner, side="left")
    return rank


def assign_rbgs(
    cells: Cells, free: NDArray[np.bool_], environment: NDArray[np.int64], rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Hand out the free RBGs of each environment in the order of the ranks.

    Args:
        cells: the environments.
        free: [B] RBGs of all environments.
        environment: [n] of each UE.
        rank: [n] smallest first; a UE with -1 gets none.

    Returns:
        [n] RBG within its environment, -1 for none.
    """
    index = np.flatnonzero(free)
    start = np.searchsorted(index, cells.rbg_start)
    count = np.searchsorted(index, cells.rbg_start + cells.rbgs) - start
    place = rank_within(environment, rank, rank >= 0)
    served = (place >= 0) & (place < count[environment])
    own = environment[served]
    rbg = np.full(rank.size, -1)
    rbg[served] = index[start[own] + place[served]] - cells.rbg_start[own]
    return rbg


def dcms(cells: Cells, observation: LeaderObservation, code: NDArray[np.int64]) -> LeaderAction:
    """The sparse action from one DCM code per connected UE, [n], null where nothing is sent."""
    sent = code != 0
    count = np.bincount(cells.environment(observation)[sent], minlength=len(cells.scenarios))
    return LeaderAction(
        dcm_count=count.astype(np.uint32),
        dcm_ue=observation.ue_id[sent],
        dcm_code=code[sent].astype(np.uint16),
    )


def limit_dcms(
    cells: Cells, observation: LeaderObservation, code: NDArray[np.int64], first: Key, tie: Key | None = None
) -> None:
    """Set to null what exceeds the limit of DCMs per TTI, in place; the smallest `first`, [n], are kept."""
    environment = cells.environment(observation)
    rank = rank_within(environment, first, code != 0, tie)
    code[rank >= cells.dcm_limit[environment]] = 0


def per_ue(observation: LeaderObservation, action: LeaderAction) -> NDArray[np.int64]:
    """DCM code of each connected UE, [n], null where none is sent."""
    code = np.zeros(len(observation.ue_id), dtype=np.int64)
    code[np.searchsorted(_keys(observation.ue_count, observation.ue_id), _keys(action.dcm_count, action.dcm_ue))] = (
        action.dcm_code
    )
    return code


def _keys(count: NDArray[np.uint32], ue: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Numbers that ascend over all environments."""
    return (np.repeat(np.arange(len(count)), count) << 32) + ue
