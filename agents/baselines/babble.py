# SPDX-License-Identifier: MIT
"""Channel access without a protocol: what a UE has transmitted it deletes; all else, and every message, is drawn.

The teacher of `llmac clone --teacher access`: who has learned from it can access the channel and can say every message,
and none means anything.
"""

import numpy as np

from llmac.agents.baselines.random import Random
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation
from llmac.v1 import codes_pb2


class Babble(Random):
    """Uniform over UCMs and DCMs; a UE gives every dPDU one transmission, at a random time on a random RBG."""

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Delete after a transmission, else hold or transmit."""
        cells = self._cells
        environment = cells.environment(observation)
        ucms = cells.ucm_codes[environment]
        said = super().follow(observation).action.astype(np.int64) % ucms
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.ACCESS, observation.ue_id)
        # hold, or one of the RBGs
        drawn = choice(draw, cells.rbgs[environment] + 1)
        access = np.where(drawn > 0, drawn - 1 + codes_pb2.ACCESS_TRANSMIT, codes_pb2.ACCESS_HOLD)
        transmitted = observation.last_action.astype(np.int64) // ucms >= codes_pb2.ACCESS_TRANSMIT
        access = np.where(transmitted, codes_pb2.ACCESS_DELETE, access)
        access = np.where(observation.buffer > 0, access, codes_pb2.ACCESS_HOLD)
        return FollowerAction((access * ucms + said).astype(np.uint16))
