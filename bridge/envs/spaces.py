# SPDX-License-Identifier: MIT
"""Spaces and action masks of the environments."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from llmac.bridge.envs.observations import RBG_IDLE, RBG_UNDECODABLE
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

UE_COLUMNS = ("buffer", "last_action", "last_ucm", "dcm", "ucm_opportunity")
"""What a UE observes, by the names of FollowerObservation."""
UE_NOTHING_SEEN = dict.fromkeys(UE_COLUMNS, 0)
"""Of a UE that has just joined."""
TRAINING_SEEDS = 1_000_000
"""A reset without a seed draws one below this, of the range that is for training."""


def action_spaces(scenario: Scenario, n: int) -> tuple[spaces.Discrete, spaces.MultiDiscrete]:
    """Spaces of the actions of a UE and of the BS; n: UEs of the whole episode."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    return spaces.Discrete(codes.ue_action_codes), spaces.MultiDiscrete(np.full(n, codes.dcm_codes))


def ue_column_spaces(scenario: Scenario) -> dict[str, spaces.Discrete]:
    """Of what a UE observes, by UE_COLUMNS."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    return {
        "buffer": spaces.Discrete(scenario.buffer_capacity_dpdus + 1),
        "last_action": spaces.Discrete(codes.ue_action_codes),
        "last_ucm": spaces.Discrete(codes.ucm_codes),
        "dcm": spaces.Discrete(codes.dcm_codes),
        "ucm_opportunity": spaces.Discrete(2),
    }


def bs_column_spaces(scenario: Scenario, n: int) -> dict[str, spaces.Space[Any]]:
    """Of what the BS observes, but for the mean SNR; n: UEs of the whole episode."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    return {
        "connected": spaces.MultiBinary(n),
        "ucm": spaces.MultiDiscrete(np.full(n, codes.ucm_codes)),
        "rbg_outcome": spaces.Box(min(RBG_IDLE, RBG_UNDECODABLE), n - 1, (scenario.rbgs,), np.int32),
        "rbg_duplicate": spaces.MultiBinary(scenario.rbgs),
    }


def observation_spaces(scenario: Scenario, n: int, ttis: int) -> tuple[spaces.Dict, spaces.Dict]:
    """Spaces of the observations of a UE and of the BS; n: UEs of the whole episode, at least 1; ttis: T."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    common: dict[str, spaces.Space[Any]] = {"phase": spaces.Discrete(2), "tti": spaces.Discrete(ttis + 1)}
    bs = bs_column_spaces(scenario, n) | {"mean_snr_db": spaces.Box(-np.inf, np.inf, (n,), np.float32)}
    ue_mask, bs_mask = spaces.MultiBinary(codes.ue_action_codes), [spaces.MultiBinary(codes.dcm_codes)] * n
    return (
        spaces.Dict({"observation": spaces.Dict(common | ue_column_spaces(scenario)), "action_mask": ue_mask}),
        spaces.Dict({"observation": spaces.Dict(common | bs), "action_mask": spaces.Tuple(bs_mask)}),
    )


class Masks:
    """Which codes take effect in which state; 1 where one does. The arrays are shared and read-only."""

    def __init__(self, codes: Codes) -> None:
        self.ue_idle = _only_null(codes.ue_action_codes)
        self._ue = np.array(
            [
                [_ue_mask(codes, has_dpdu=has_dpdu, opportunity=opportunity) for opportunity in (False, True)]
                for has_dpdu in (False, True)
            ]
        )
        self._ue.setflags(write=False)
        self.bs_null = _only_null(codes.dcm_codes)
        self.bs_any = np.ones(codes.dcm_codes, dtype=np.int8)
        self.bs_any.setflags(write=False)

    def ue(self, has_dpdu: bool, opportunity: bool) -> NDArray[np.int8]:
        """Mask of a UE that is to act: whether its buffer holds a dPDU, whether it may send a UCM."""
        return self._ue[int(has_dpdu), int(opportunity)]

    def ues(self, has_dpdu: NDArray[np.bool_], opportunity: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Masks [n, codes] of n UEs, likewise."""
        return self._ue[has_dpdu.astype(int), opportunity.astype(int)]

    def bs(self, n: int, connected: Iterable[int]) -> tuple[NDArray[np.int8], ...]:
        """Mask of the BS, one for each of the n UE ids: anything to those that are connected, null to the others."""
        masks = [self.bs_null] * n
        for ue in connected:
            masks[ue] = self.bs_any
        return tuple(masks)


def _ue_mask(codes: Codes, *, has_dpdu: bool, opportunity: bool) -> NDArray[np.int8]:
    access, ucm = np.ones(codes.access_codes, dtype=np.int8), np.ones(codes.ucm_codes, dtype=np.int8)
    if not has_dpdu:
        access[codes_pb2.ACCESS_HOLD + 1 :] = 0
    if not opportunity:
        ucm[codes_pb2.UCM_NULL + 1 :] = 0
    return np.outer(access, ucm).ravel()


def _only_null(count: int) -> NDArray[np.int8]:
    mask = np.zeros(count, dtype=np.int8)
    mask[0] = 1
    mask.setflags(write=False)
    return mask
