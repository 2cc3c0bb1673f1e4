# SPDX-License-Identifier: MIT
"""Deletion when silence acknowledges: a UE deletes what it sent unless it hears in time that it failed.

So a configured grant works (3GPP TS 38.321 clause 5.4.1): when its timer ends and no retransmission was asked for, the
UE takes the transport block for received.
"""

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells

_NEVER = 2**40


class Silence:
    """What each UE waits for.

    Args:
        cells: the environments.
        blind: [E] do not wait: delete in the TTI after the transmission.

    Attributes:
        answer: [E] TTIs from a transmission to its deletion.
    """

    def __init__(self, cells: Cells, blind: NDArray[np.bool_]) -> None:
        self.answer = 1 + np.where(blind, 0, cells.delay)
        self._delete_at = np.full(cells.slots, _NEVER)

    def sent(self, tti: int, environment: NDArray[np.int64], slot: NDArray[np.int64]) -> None:
        """These UEs transmit."""
        self._delete_at[slot] = tti + self.answer[environment]

    def failed(self, slot: NDArray[np.int64]) -> None:
        """These UEs hear that their transmission failed."""
        self._delete_at[slot] = _NEVER

    def delete(self, tti: int, slot: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[n] whether a UE deletes now; asked once in every TTI."""
        delete = self._delete_at[slot] == tti
        self._delete_at[slot[delete]] = _NEVER
        return delete

    def waiting(self, slot: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[n] whether the head of line is to be deleted later."""
        return self._delete_at[slot] < _NEVER
