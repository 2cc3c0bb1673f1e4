# SPDX-License-Identifier: MIT
"""Buffer-status reports (3GPP TS 36.321 clause 5.4.5): what a UE says, and what a BS makes of it."""

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen
from llmac.bridge.envs.observations import FollowerObservation
from llmac.bridge.pag.codes import bsr_level
from llmac.v1 import codes_pb2


def report(cells: Cells, observation: FollowerObservation, left: NDArray[np.int64]) -> NDArray[np.int64]:
    """UCM code of each UE, [n]: `sr` for one dPDU, `bsr k` for more, null for none or without an opportunity.

    Args:
        cells: the environments.
        observation: of the UEs.
        left: [n] dPDUs that the UE has to tell of.
    """
    levels = cells.bsr_levels[cells.environment(observation)]
    code = np.where(left == 1, codes_pb2.UCM_SR, codes_pb2.UCM_BSR + bsr_level(left, levels))
    return np.where((left > 0) & (observation.ucm_opportunity > 0), code, codes_pb2.UCM_NULL)


class Backlogs:
    """The undelivered dPDUs that the BS of each environment believes its UEs to have.

    A report tells of the time when it was made, `control.delay_ttis` + 1 TTIs ago; what was decoded since is taken off.

    Args:
        cells: the environments.
        optimistic: [E] take a report for the most dPDUs that its level can mean; otherwise for the fewest.

    Attributes:
        dpdus: by place in per-UE memory.
    """

    def __init__(self, cells: Cells, optimistic: NDArray[np.bool_]) -> None:
        self._delay = cells.delay
        levels = np.minimum(np.arange(cells.bsr_levels.max(initial=2)), 62)
        fewest = np.where(levels > 0, 1 << np.maximum(levels - 1, 0), 0)
        capacity = np.array([s.buffer_capacity_dpdus for s in cells.scenarios], dtype=np.int64)
        most = np.where(levels < cells.bsr_levels[:, None] - 1, (1 << levels) - 1, capacity[:, None])
        # By environment and level.
        self._meaning = np.where(optimistic[:, None], np.minimum(most, capacity[:, None]), fewest)
        self.dpdus = np.zeros(cells.slots, dtype=np.int64)
        # Decodes of each UE up to each of the last TTIs, as far back as a report can be old.
        self._decodes = np.zeros((int(cells.delay.max(initial=0)) + 2, cells.slots), dtype=np.int64)

    def observe(self, seen: Seen, unacknowledged: NDArray[np.bool_]) -> None:
        """Take in what a TTI brought.

        Args:
            seen: by the BS.
            unacknowledged: [n] the UE keeps a delivered dPDU, which its report counts, for want of an acknowledgement.
        """
        now = seen.tti % len(self._decodes)
        self._decodes[now] = self._decodes[now - 1]
        self._decodes[now, seen.slot] += seen.decoded
        made = (seen.tti - 1 - self._delay[seen.environment]) % len(self._decodes)
        since = self._decodes[now, seen.slot] - self._decodes[made, seen.slot]
        level = np.where(seen.ucm == codes_pb2.UCM_SR, 1, np.maximum(seen.ucm - codes_pb2.UCM_BSR, 0))
        reported = np.where(seen.ucm == codes_pb2.UCM_SR, 1, self._meaning[seen.environment, level]) - np.maximum(
            since, unacknowledged
        )
        believed = np.where(seen.ucm != codes_pb2.UCM_NULL, reported, self.dpdus[seen.slot] - seen.decoded)
        self.dpdus[seen.slot] = np.maximum(believed, 0)
