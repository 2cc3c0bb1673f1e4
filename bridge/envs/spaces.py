# SPDX-License-Identifier: MIT
"""Spaces and action masks of the ParallelEnv."""

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

Spaces = tuple[spaces.Space[Any], spaces.Space[Any]]


def action_spaces(scenario: Scenario, n: int) -> Spaces:
    """Spaces of the actions of a UE and of the BS; n: UEs of the whole episode."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    return spaces.Discrete(codes.ue_action_codes), spaces.MultiDiscrete(np.full(n, codes.dcm_codes))


def observation_spaces(scenario: Scenario, n: int, ttis: int) -> Spaces:
    """Spaces of the observations of a UE and of the BS; n: UEs of the whole episode, at least 1; ttis: T."""
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    common: dict[str, spaces.Space[Any]] = {"phase": spaces.Discrete(2), "tti": spaces.Discrete(ttis + 1)}
    ue: dict[str, spaces.Space[Any]] = {
        "buffer": spaces.Discrete(scenario.buffer_capacity_dpdus + 1),
        "last_action": spaces.Discrete(codes.ue_action_codes),
        "last_ucm": spaces.Discrete(codes.ucm_codes),
        "dcm": spaces.Discrete(codes.dcm_codes),
        "ucm_opportunity": spaces.Discrete(2),
    }
    bs: dict[str, spaces.Space[Any]] = {
        "connected": spaces.MultiBinary(n),
        "ucm": spaces.MultiDiscrete(np.full(n, codes.ucm_codes)),
        "rbg_outcome": spaces.Box(min(RBG_IDLE, RBG_UNDECODABLE), n - 1, (scenario.rbgs,), np.int32),
        "rbg_duplicate": spaces.MultiBinary(scenario.rbgs),
        "mean_snr_db": spaces.Box(-np.inf, np.inf, (n,), np.float32),
    }
    ue_mask, bs_mask = spaces.MultiBinary(codes.ue_action_codes), [spaces.MultiBinary(codes.dcm_codes)] * n
    return (
        spaces.Dict({"observation": spaces.Dict(common | ue), "action_mask": ue_mask}),
        spaces.Dict({"observation": spaces.Dict(common | bs), "action_mask": spaces.Tuple(bs_mask)}),
    )


class Masks:
    """Which codes take effect in which state; 1 where one does. The arrays are shared and read-only."""

    def __init__(self, codes: Codes) -> None:
        self.ue_idle = _only_null(codes.ue_action_codes)
        self._ue = {
            (has_dpdu, opportunity): _ue_mask(codes, has_dpdu=has_dpdu, opportunity=opportunity)
            for has_dpdu in (False, True)
            for opportunity in (False, True)
        }
        self._null = _only_null(codes.dcm_codes)
        self._any = np.ones(codes.dcm_codes, dtype=np.int8)
        self._any.setflags(write=False)

    def ue(self, has_dpdu: bool, opportunity: bool) -> NDArray[np.int8]:
        """Mask of a UE that is to act: whether its buffer holds a dPDU, whether it may send a UCM."""
        return self._ue[bool(has_dpdu), opportunity]

    def bs(self, n: int, connected: Iterable[int]) -> tuple[NDArray[np.int8], ...]:
        """Mask of the BS, one for each of the n UE ids: anything to those that are connected, null to the others."""
        masks = [self._null] * n
        for ue in connected:
            masks[ue] = self._any
        return tuple(masks)


def _ue_mask(codes: Codes, *, has_dpdu: bool, opportunity: bool) -> NDArray[np.int8]:
    access, ucm = np.ones(codes.access_codes, dtype=np.int8), np.ones(codes.ucm_codes, dtype=np.int8)
    if not has_dpdu:
        access[codes_pb2.ACCESS_HOLD + 1 :] = 0
    if not opportunity:
        ucm[codes_pb2.UCM_NULL + 1 :] = 0
    mask = np.outer(access, ucm).ravel()
    mask.setflags(write=False)
    return mask


def _only_null(count: int) -> NDArray[np.int8]:
    mask = np.zeros(count, dtype=np.int8)
    mask[0] = 1
    mask.setflags(write=False)
    return mask
