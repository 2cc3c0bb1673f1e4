# SPDX-License-Identifier: MIT
"""What the networks see: observations as one-hot columns, those of the last k TTIs side by side.

A BS sees the places of the UEs it can tell apart, M of them, one after the other; those that nobody has are zero.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen
from llmac.agents.mappo.translation import Translation
from llmac.bridge.envs.observations import RBG_IDLE, RBG_UNDECODABLE, FollowerObservation, LeaderObservation
from llmac.bridge.pag.codes import Codes, bsr_level

Rows = NDArray[np.float32]

_BUFFER_LEVELS = 6
_BUFFER_SCALE = 20
_RBG_OUTCOMES = 3  # idle, undecodable, decoded


def follower_width(codes: Codes) -> int:
    """Features of a UE in one TTI."""
    return 1 + _BUFFER_LEVELS + codes.access_codes + codes.ucm_codes + codes.dcm_codes + 1


def leader_widths(codes: Codes) -> tuple[int, int]:
    """Features of a BS in one TTI: for each UE, and for all RBGs."""
    return 1 + codes.ucm_codes + codes.dcm_codes + 1, _RBG_OUTCOMES * codes.rbgs


class Followers:
    """The eyes of all UEs.

    Args:
        cells: in which they are.
        codes: of the network.
        translation: of the codes.
        memory: k.
    """

    def __init__(self, cells: Cells, codes: Codes, translation: Translation, memory: int) -> None:
        self._cells, self._codes, self._translation = cells, codes, translation
        self._past = _Past(cells.slots, memory, follower_width(codes))

    def see(self, observation: FollowerObservation) -> Rows:
        """[n, k x features] of the UEs that are connected."""
        cells, codes, translation = self._cells, self._codes, self._translation
        environment = cells.environment(observation)
        access = observation.last_action // cells.ucm_codes[environment]
        buffer = observation.buffer.astype(np.int64)
        now = [
            np.minimum(buffer, _BUFFER_SCALE)[:, None] / _BUFFER_SCALE,
            _one_hot(bsr_level(buffer, _BUFFER_LEVELS), _BUFFER_LEVELS),
            _one_hot(translation.access.to_network[environment, access], codes.access_codes),
            _one_hot(translation.ucm.to_network[environment, observation.last_ucm], codes.ucm_codes),
            _one_hot(translation.dcm.to_network[environment, observation.dcm], codes.dcm_codes),
            observation.ucm_opportunity[:, None] > 0,
        ]
        return self._past.push(cells.slot(observation), now)


class Leaders:
    """The eyes of all BSs; arguments as for Followers, and M, the UEs that a BS can tell apart."""

    def __init__(self, cells: Cells, codes: Codes, translation: Translation, memory: int, ues: int) -> None:
        self._cells, self._codes, self._translation, self._ues = cells, codes, translation, ues
        of_ue, of_rbgs = leader_widths(codes)
        self._past_ues = _Past(cells.slots, memory, of_ue)
        self._past_rbgs = _Past(len(cells.scenarios), memory, of_rbgs)

    def see(
        self, observation: LeaderObservation, seen: Seen, place: NDArray[np.int64], last_dcm: NDArray[np.int64]
    ) -> Rows:
        """[E, k x features] of the BSs.

        Args:
            observation: of them.
            seen: the same by UE.
            place: [n] of each UE, M and more for those that a BS does not tell apart.
            last_dcm: [n] the network's code of the DCM that went to each UE in the TTI before.
        """
        codes, environment = self._codes, seen.environment
        ucm = self._translation.ucm.to_network[environment, seen.ucm]
        now = [
            np.ones((len(ucm), 1)),  # connected
            _one_hot(ucm, codes.ucm_codes),
            _one_hot(last_dcm, codes.dcm_codes),
            seen.decoded[:, None],
        ]
        of_ue = self._past_ues.push(seen.slot, now)
        padded = np.zeros((len(self._cells.scenarios), self._ues, of_ue.shape[1]), dtype=np.float32)
        known = place < self._ues
        padded[environment[known], place[known]] = of_ue[known]
        of_rbgs = self._past_rbgs.push(np.arange(len(padded)), [self._rbgs(observation)])
        return np.concatenate([padded.reshape(len(padded), -1), of_rbgs], axis=1)

    def _rbgs(self, observation: LeaderObservation) -> NDArray[np.float32]:
        """[E, outcomes x RBGs of the network]; those that a cell does not have are zero."""
        cells = self._cells
        kind = np.select(
            [observation.rbg_outcome == RBG_IDLE, observation.rbg_outcome == RBG_UNDECODABLE], [0, 1], default=2
        )
        environment = np.repeat(np.arange(len(cells.rbgs)), cells.rbgs)
        rbg = np.arange(len(kind)) - cells.rbg_start[environment]
        known = rbg < self._codes.rbgs
        columns = np.zeros((len(cells.rbgs), self._codes.rbgs, _RBG_OUTCOMES), dtype=np.float32)
        columns[environment[known], rbg[known], kind[known]] = 1
        return columns.reshape(len(columns), -1)


class _Past:
    """The last k rows of everybody, the newest first; zero before the first."""

    def __init__(self, slots: int, memory: int, width: int) -> None:
        self._rows = np.zeros((slots, memory, width), dtype=np.float32)

    def push(self, slot: NDArray[np.int64], now: Sequence[NDArray[Any]]) -> Rows:
        """Take in a row for each slot, in parts side by side; returns all k of them, [slots, k x width]."""
        newest = np.concatenate(now, axis=1, dtype=np.float32)
        rows = np.concatenate([newest[:, None], self._rows[slot, :-1]], axis=1)
        self._rows[slot] = rows
        return rows.reshape(len(rows), rows.shape[1] * rows.shape[2])


def _one_hot(code: NDArray[np.int64], codes: int) -> NDArray[np.float32]:
    return np.eye(codes, dtype=np.float32)[code]
