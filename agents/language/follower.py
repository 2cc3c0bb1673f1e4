# SPDX-License-Identifier: MIT
"""The UE side of a language agent: from observations to requests, and from sentences to UE actions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Request
from llmac.agents.language.guides import UeGuide, UeRules
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import Style, UePrompts
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation
from llmac.bridge.scenario import Scenario


class Follower:
    """The UEs of E environments, for a batch of episodes. A UE knows its own observation and its cell's rules."""

    def __init__(self, scenarios: Sequence[Scenario], phrasebook: Phrasebook, style: Style = Style.COMPACT) -> None:
        # Environments of the same scenario share what is made once.
        distinct = {id(s): s for s in scenarios}
        parts = {
            key: (
                UePrompts(s, style),
                UeRules(phrasebook.ue(s.rbgs, s.vocabulary)),
                phrasebook.pag(s.rbgs, s.vocabulary),
            )
            for key, s in distinct.items()
        }
        self._parts = [parts[id(s)] for s in scenarios]

    def observe(self, observation: FollowerObservation) -> list[Request]:
        """One request for each connected UE."""
        columns = zip(
            observation.buffer.tolist(),
            observation.last_action.tolist(),
            observation.last_ucm.tolist(),
            observation.dcm.tolist(),
            observation.ucm_opportunity.tolist(),
            strict=True,
        )
        self._environment = np.repeat(np.arange(len(self._parts)), observation.ue_count).tolist()
        requests: list[Request] = []
        for environment, seen in zip(self._environment, columns, strict=True):
            prompts, rules, _ = self._parts[environment]
            guide = UeGuide(rules, backlogged=seen[0] > 0, may_report=seen[4] > 0)
            requests.append(Request(prompts.state(*seen), guide))
        return requests

    def act(self, sentences: Sequence[str]) -> FollowerAction:
        """Carry out the sentences, one for each UE, that answer the last observation.

        Raises:
            ActionError: a sentence is outside the grammar.
        """
        pairs = zip(self._environment, sentences, strict=True)
        return FollowerAction(np.array([self._parts[e][2].parse_ue(s) for e, s in pairs], dtype=np.uint16))

    def tell(self, action: NDArray[np.uint16]) -> list[str]:
        """Sentences for the actions, [n], that someone else chose for the last observation."""
        return [self._parts[e][2].print_ue(a) for e, a in zip(self._environment, action.tolist(), strict=True)]
