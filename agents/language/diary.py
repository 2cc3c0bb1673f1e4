# SPDX-License-Identifier: MIT
"""What a BS is told of the TTIs before the present one, if its scenario wants that."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.language.prompts import BsPast, Heard
from llmac.bridge.envs.observations import RBG_IDLE, RBG_UNDECODABLE, LeaderObservation
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario


class Diary:
    """The last `history_ttis` observations and sentences of each BS, for a batch of episodes.

    Args:
        scenarios: [E].
    """

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self._pasts = [deque[BsPast](maxlen=scenario.history_ttis) for scenario in scenarios]
        self._codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
        ends = np.cumsum([scenario.rbgs for scenario in scenarios]).tolist()
        self._rbgs = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]

    def of(self, environment: int) -> Sequence[BsPast]:
        """The TTIs that are over, oldest first."""
        return self._pasts[environment]

    def note(
        self,
        environment: int,
        observation: LeaderObservation,
        ues: slice,
        labels: NDArray[np.int64],
        said: str,
    ) -> None:
        """Write down what a BS observed and said.

        Args:
            environment: of the BS.
            observation: of all environments.
            ues: those of this environment, in the observation's columns.
            labels: of these UEs.
            said: its sentence, with labels.
        """
        if not self._pasts[environment].maxlen:
            return
        names = {RBG_IDLE: "idle", RBG_UNDECODABLE: "undecodable"}
        names |= dict(zip(observation.ue_id[ues].tolist(), map(str, labels.tolist()), strict=True))
        texts = self._codes[environment].ucm_texts
        messages = zip(labels.tolist(), observation.ucm[ues].tolist(), strict=True)
        self._pasts[environment].append(
            BsPast(
                rbgs=tuple(names.get(o, "left") for o in observation.rbg_outcome[self._rbgs[environment]].tolist()),
                messages=tuple(Heard(label, texts[ucm]) for label, ucm in messages if ucm),
                said=said,
            )
        )
