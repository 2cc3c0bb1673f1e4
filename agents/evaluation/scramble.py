# SPDX-License-Identifier: MIT
"""Agents whose messages are scrambled on their way: what that costs tells how much they mean.

Only messages change, never a channel access. The sender does not know, the receiver takes it for what was said.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from llmac.agents.agent import Agent
from llmac.agents.baselines.columns import Cells, dcms, limit_dcms, per_ue
from llmac.agents.chance import Purpose, choice, uniform
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario


class Scramble(StrEnum):
    """What happens to the messages of a TTI, in each direction."""

    SHUFFLE = "shuffle"
    """Those of a cell are dealt out anew among its UEs, null ones with them."""
    NOISE = "noise"
    """Each is replaced by one drawn uniformly, null among them."""


class Scrambled:
    """An agent under a scramble; see llmac.agents.agent.Agent. It is no Speaker: what arrives is not what was said.

    Args:
        agent: whose messages they are.
        how: what happens to them.
    """

    def __init__(self, agent: Agent, how: Scramble) -> None:
        self._agent = agent
        self._how = how

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent."""
        self._cells = Cells(scenarios, seeds)
        self._agent.reset(scenarios, seeds)

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """What the BSs say, scrambled."""
        cells = self._cells
        environment = cells.environment(observation)
        codes = np.array([c.dcm_codes for c in cells.codes], dtype=np.int64)[environment]
        said = per_ue(observation, self._agent.lead(observation))
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.SCRAMBLED_DCM, observation.ue_id)
        arrives = self._scramble(said, codes, environment, draw)
        limit_dcms(cells, observation, arrives, first=draw)
        return dcms(cells, observation, arrives)

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """What the UEs do, and scrambled what they say."""
        cells = self._cells
        environment = cells.environment(observation)
        codes = cells.ucm_codes[environment]
        access, said = np.divmod(self._agent.follow(observation).action.astype(np.int64), codes)
        draw = uniform(cells.seeds[environment], observation.tti, Purpose.SCRAMBLED_UCM, observation.ue_id)
        may = observation.ucm_opportunity > 0
        said[may] = self._scramble(said[may], codes[may], environment[may], draw[may])
        return FollowerAction((access * codes + said).astype(np.uint16))

    def _scramble(
        self,
        said: NDArray[np.int64],
        codes: NDArray[np.int64],
        environment: NDArray[np.int64],
        draw: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Messages as they arrive, [n], from those that were said, the number of codes, and uniform numbers."""
        if self._how is Scramble.NOISE:
            return choice(draw, codes)
        # Environments stand together in the columns, and stay together in this order.
        return said[np.lexsort((draw, environment))]
