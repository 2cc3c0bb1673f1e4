# SPDX-License-Identifier: MIT
"""One party of E equal cells learns, and a `Player` is the other one: what both Gymnasium interfaces stand on.

The party is "bs" or "ues" (all of them together); one step is one TTI. N is the number of UEs that are connected at
some time of an episode, and UE i is entry i of every array of length N; entries of UEs that are not connected are 0,
and what is chosen for them is ignored.
"""

from typing import Any, Literal, get_args

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from llmac.bridge.envs.batch import ue_ids
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.envs.player import Player
from llmac.bridge.envs.spaces import UE_COLUMNS, Masks, action_spaces, bs_column_spaces, ue_column_spaces
from llmac.bridge.errors import ActionError, OutOfTurnError, ScenarioError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.v1 import codes_pb2

Party = Literal["bs", "ues"]
Observation = dict[str, Any]
"""Arrays whose first dimension is E."""
Infos = dict[str, Any]

MEAN_SNR_DB = (-100.0, 100.0)
"""The mean SNR is clipped to this, so that it can be the input of a network; the lower one where there is none."""


class PartyGame:
    """E cells of one scenario, played by the caller and a `Player`.

    Args:
        scenario: of every environment.
        environments: E.
        party: the caller's.
        other: plays the other party.
        options: of the ColumnEnv: processes, ttis, launcher, address, deadlines.

    Raises:
        ScenarioError: no UE is ever connected, or there is no such party.
        CellMissingError: the cell's executable was not found.
        BridgeError: the processes cannot be started or talked to.
    """

    def __init__(
        self, scenario: Scenario, environments: int, party: Party, other: Player, options: dict[str, Any]
    ) -> None:
        if party not in get_args(Party):
            raise ScenarioError(f"there is no party {party!r}; there are {' and '.join(get_args(Party))}")
        ttis = options.get("ttis") or scenario.ttis
        self._n = ue_ids(scenario, ttis)
        if self._n == 0:
            raise ScenarioError(f"{scenario.name}: no UE is ever connected; one is needed, in `ues` or in `churn`")
        self.environments = environments
        self._scenarios = [scenario] * environments
        self._party = party
        self._other = other
        self._masks = Masks(Codes(scenario.rbgs, scenario.vocabulary))
        self._leader: LeaderObservation | None = None  # of the TTI under way
        self._follower: FollowerObservation
        ue_action, bs_action = action_spaces(scenario, self._n)
        self.action_space = bs_action if party == "bs" else spaces.MultiDiscrete(np.full(self._n, ue_action.n))
        self.observation_space = _observation_space(scenario, self._n, ttis, party)
        self._env = ColumnEnv(self._scenarios, **options)

    def begin(self, seeds: NDArray[np.uint64]) -> tuple[Observation, Infos]:
        """Begin an episode in every cell, with these seeds [E]."""
        self._leader = None
        leader = self._env.reset(seeds)
        self._other.reset(self._scenarios, seeds)
        self._begin_tti(leader)
        return self._observe(leader)

    def step(self, actions: NDArray[np.integer]) -> tuple[Observation, NDArray[np.float64], bool, Infos]:
        """Play one TTI with the actions [E, N] of the caller's party.

        Returns:
            Observations, rewards [E], whether the episodes are over, infos.
        """
        if self._leader is None or self._leader.done:
            raise OutOfTurnError("no episode is under way: call reset")
        chosen = np.asarray(actions)[_environment(self._leader), self._leader.ue_id]
        if self._party == "bs":
            self._follower = self._env.lead(self._dcms(chosen))
            after = self._env.follow(self._other.follow(self._follower))
            rewards = after.leader_utility.copy()
        else:
            acted = _environment(self._leader)
            after = self._env.follow(FollowerAction(chosen.astype(np.uint16)))
            rewards = _mean(after.follower_utility, acted, self.environments)
        self._begin_tti(after)
        observation, infos = self._observe(after)
        return observation, rewards, after.done, infos | {"counters": after.counters.copy()}

    def check(self, actions: Any, space: spaces.Space[Any]) -> None:
        """Refuse actions outside their space; nothing was sent."""
        if not space.contains(actions):
            raise ActionError(f"{actions!r} is not in {space}")

    def close(self) -> None:
        """End the processes; may be called again."""
        self._leader = None
        self._env.close()

    def _begin_tti(self, leader: LeaderObservation) -> None:
        self._leader = leader
        if self._party == "ues" and not leader.done:
            self._follower = self._env.lead(self._other.lead(leader))

    def _dcms(self, codes: NDArray[np.integer]) -> LeaderAction:
        assert self._leader is not None  # noqa: S101 (asked before)
        sent = codes != codes_pb2.DCM_NULL
        return LeaderAction(
            dcm_count=np.bincount(_environment(self._leader)[sent], minlength=self.environments).astype(np.uint32),
            dcm_ue=self._leader.ue_id[sent],
            dcm_code=codes[sent].astype(np.uint16),
        )

    def _observe(self, leader: LeaderObservation) -> tuple[Observation, Infos]:
        common = {
            "tti": np.full(self.environments, leader.tti),
            "connected": self._spread(leader, np.ones(leader.ue_id.size, dtype=np.int8)),
        }
        if self._party == "bs":
            return common | self._observe_bs(leader), {"action_mask": self._bs_masks(leader)}
        follower = self._follower  # after the last TTI the UEs observe no more: what they saw last stays
        columns = {name: self._spread(follower, getattr(follower, name)) for name in UE_COLUMNS}
        dtypes = dict.fromkeys(UE_COLUMNS, np.int64) | {"ucm_opportunity": np.int8}
        observation = common | {name: column.astype(dtypes[name]) for name, column in columns.items()}
        return observation, {"action_mask": self._ue_masks(follower)}

    def _observe_bs(self, leader: LeaderObservation) -> Observation:
        least, greatest = MEAN_SNR_DB
        snr = np.clip(np.nan_to_num(leader.mean_snr_db, nan=least), least, greatest)
        mean_snr_db = np.full((self.environments, self._n), least, dtype=np.float32)
        mean_snr_db[_environment(leader), leader.ue_id] = snr
        return {
            "ucm": self._spread(leader, leader.ucm).astype(np.int64),
            "rbg_outcome": leader.rbg_outcome.reshape(self.environments, -1).copy(),
            "rbg_duplicate": leader.rbg_duplicate.reshape(self.environments, -1).astype(np.int8),
            "mean_snr_db": mean_snr_db,
        }

    def _bs_masks(self, leader: LeaderObservation) -> NDArray[np.int8]:
        masks = np.tile(self._masks.bs_null, (self.environments, self._n, 1))
        masks[_environment(leader), leader.ue_id] = self._masks.bs_any
        return masks

    def _ue_masks(self, follower: FollowerObservation) -> NDArray[np.int8]:
        masks = np.tile(self._masks.ue_idle, (self.environments, self._n, 1))
        masks[_environment(follower), follower.ue_id] = self._masks.ues(
            follower.buffer > 0, follower.ucm_opportunity > 0
        )
        return masks

    def _spread(self, seen: LeaderObservation | FollowerObservation, column: NDArray[Any]) -> NDArray[Any]:
        """A column [n] as [E, N], 0 where no UE is."""
        result = np.zeros((self.environments, self._n), dtype=column.dtype)
        result[_environment(seen), seen.ue_id] = column
        return result


def _environment(seen: LeaderObservation | FollowerObservation) -> NDArray[np.int64]:
    """[n] Environment of each UE."""
    return np.repeat(np.arange(seen.ue_count.size), seen.ue_count)


def _mean(values: NDArray[np.float64], environment: NDArray[np.int64], environments: int) -> NDArray[np.float64]:
    """[E] Mean over the UEs of each environment, 0 where there is none."""
    total = np.bincount(environment, weights=values, minlength=environments)
    return total / np.maximum(np.bincount(environment, minlength=environments), 1)


def _observation_space(scenario: Scenario, n: int, ttis: int, party: Party) -> spaces.Dict:
    tti: dict[str, spaces.Space[Any]] = {"tti": spaces.Discrete(ttis + 1)}
    bs = bs_column_spaces(scenario, n)
    if party == "bs":
        return spaces.Dict(tti | bs | {"mean_snr_db": spaces.Box(*MEAN_SNR_DB, (n,), np.float32)})
    ues: dict[str, spaces.Space[Any]] = {
        name: spaces.MultiDiscrete(np.full(n, space.n)) for name, space in ue_column_spaces(scenario).items()
    }
    return spaces.Dict(tti | {"connected": bs["connected"]} | ues | {"ucm_opportunity": spaces.MultiBinary(n)})
