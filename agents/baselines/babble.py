# SPDX-License-Identifier: MIT
"""Channel access without a protocol: what a UE has transmitted it deletes; all else is drawn.

The teacher of `llmac clone --teacher access`: who has learned from it can access the channel and say every message. To
whom the BS says one is chance, and what a UE leaves undone that hears it is a lot, drawn once: without such an accident
nobody would have a reason to begin to listen, since it does not pay to listen alone.
"""

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import dcms, limit_dcms, rank_within
from llmac.agents.baselines.random import Random
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.v1 import codes_pb2


class Babble(Random):
    """A UE gives every dPDU one transmission, at a random time on a random RBG, and says any UCM.

    Which of the accesses (hold, and transmit on each RBG) it does not choose is drawn for each DCM that it may hear.
    The BS says every DCM to one UE, drawn anew in every TTI, as far as there are UEs; the others get none.

    Args:
        seed: of what UEs leave undone.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Deal out the messages."""
        cells = self._cells
        environment = cells.environment(observation)
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.DCM, observation.ue_id)
        place = rank_within(environment, draw, np.ones(draw.size, dtype=np.bool_))
        messages = np.array([codes.dcm_codes - 1 for codes in cells.codes], dtype=np.int64)[environment]
        code = np.where(place < messages, place + 1, codes_pb2.DCM_NULL)
        limit_dcms(cells, observation, code, first=place)
        return dcms(cells, observation, code)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Delete after a transmission, else hold or transmit."""
        cells = self._cells
        environment = cells.environment(observation)
        ucms = cells.ucm_codes[environment]
        said = super().follow(observation).action.astype(np.int64) % ucms
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.ACCESS, observation.ue_id)
        # hold and one of the RBGs: B + 1 accesses, of which one is left out
        count = cells.rbgs[environment] + 1
        drawn = (1 + self._left_out(observation.dcm, count) + choice(draw, count - 1)) % count
        access = np.where(drawn > 0, drawn - 1 + codes_pb2.ACCESS_TRANSMIT, codes_pb2.ACCESS_HOLD)
        transmitted = observation.last_action.astype(np.int64) // ucms >= codes_pb2.ACCESS_TRANSMIT
        access = np.where(transmitted, codes_pb2.ACCESS_DELETE, access)
        access = np.where(observation.buffer > 0, access, codes_pb2.ACCESS_HOLD)
        return FollowerAction((access * ucms + said).astype(np.uint16))

    def _left_out(self, dcm: NDArray[np.uint16], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """[n] of `count` accesses, another one for each DCM as far as there are so many."""
        offset = int(np.random.default_rng(self._seed).integers(0, 2**16))
        return (offset + dcm.astype(np.int64)) % count
