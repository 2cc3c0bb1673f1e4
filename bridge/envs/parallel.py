# SPDX-License-Identifier: MIT
"""The cell as a PettingZoo ParallelEnv: agents `bs` and `ue_<id>`, which join and leave within the episode.

One `step` is one phase, leader and follower in turn. The party that is not to act is masked to its no-op, and what it
chooses all the same is ignored; its observation is the one that it had last.

Observations are dictionaries of `observation` and `action_mask`. The spaces are those of the whole episode: N is the
number of UEs that are connected at some time, and UE i is entry i of every array of length N.
"""

from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo.utils.env import ParallelEnv

from llmac.bridge.envs.batch import ue_ids
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import (
    FollowerAction,
    LeaderAction,
    LeaderObservation,
)
from llmac.bridge.envs.spaces import (
    TRAINING_SEEDS,
    UE_COLUMNS,
    UE_NOTHING_SEEN,
    Masks,
    action_spaces,
    observation_spaces,
)
from llmac.bridge.errors import ActionError, OutOfTurnError, ScenarioError
from llmac.bridge.launch import Launcher
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario
from llmac.bridge.session import Deadlines
from llmac.v1 import codes_pb2

BS = "bs"
LEADER_PHASE = 0
FOLLOWER_PHASE = 1

Observation = dict[str, Any]
Step = tuple[
    dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
]  # observations, rewards, terminations, truncations, infos


def parallel_env(
    scenario: Scenario,
    *,
    ttis: int | None = None,
    launcher: Launcher | None = None,
    address: str | None = None,
    deadlines: Deadlines | None = None,
) -> "CellParallelEnv":
    """Make a ParallelEnv of one cell, simulated by a process of its own.

    Args:
        scenario: what is simulated.
        ttis: T, length of the episodes; by default that of the scenario.
        launcher: starts the process; by default the local executable.
        address: None for ipc in a private directory, or "tcp://127.0.0.1:*".
        deadlines: of the steps.

    Raises:
        ScenarioError: no UE is ever connected.
        CellMissingError: the cell's executable was not found.
        BridgeError: the process cannot be started or talked to.
    """
    ttis = scenario.ttis if ttis is None else ttis
    if ue_ids(scenario, ttis) == 0:
        raise ScenarioError(
            f"{scenario.name}: no UE is ever connected; a ParallelEnv needs one, in `ues` or in `churn`"
        )
    env = ColumnEnv([scenario], ttis=ttis, launcher=launcher, address=address, deadlines=deadlines)
    return CellParallelEnv(env, scenario, ttis)


class CellParallelEnv(ParallelEnv[str, Observation, Any]):
    """One cell; made by `parallel_env`.

    - Action of `bs`: MultiDiscrete [N], a DCM code for each UE id; entries of UEs that are not connected are ignored.
    - Action of `ue_<id>`: Discrete, a UE action code.
    - Observation of `bs`: `phase`, `tti`, `connected` [N], `ucm` [N], `rbg_outcome` [B] (RBG_IDLE, RBG_UNDECODABLE or
      the id of a UE), `rbg_duplicate` [B], `mean_snr_db` [N] (minus infinity where there is none).
    - Observation of `ue_<id>`: `phase`, `tti`, `buffer` (dPDUs), `last_action`, `last_ucm`, `dcm`, `ucm_opportunity`.
    - Rewards come at the end of a TTI: the leader's and the followers' utility. The leader phase brings 0.
    - A UE that leaves is terminated; everybody is truncated after T TTIs.
    - Infos at the end of a TTI: `counters` of the TTI for `bs`, `outcome` (wire_pb2.UeOutcome) for a UE that acted.
    """

    metadata: dict[str, Any] = {"name": "llmac_cell_v1", "render_modes": []}  # noqa: RUF012 (as PettingZoo has it)
    render_mode = None

    def __init__(self, env: ColumnEnv, scenario: Scenario, ttis: int) -> None:
        self._env = env
        self._n = ue_ids(scenario, ttis)
        self._masks = Masks(Codes(scenario.rbgs, scenario.vocabulary))
        self._seeds = np.random.default_rng()
        self._leader: LeaderObservation | None = None  # of the TTI under way
        self._phase = LEADER_PHASE
        self._seen: dict[str, Observation] = {}  # what each agent observed last
        self._mask: dict[str, Any] = {}  # of each agent, for the next step
        self.agents: list[str] = []
        self.possible_agents = [BS, *map(_name, range(self._n))]
        ue_action, bs_action = action_spaces(scenario, self._n)
        ue_observation, bs_observation = observation_spaces(scenario, self._n, ttis)
        self._action_spaces = {BS: bs_action} | {agent: deepcopy(ue_action) for agent in self.possible_agents[1:]}
        self._observation_spaces = {BS: bs_observation} | {
            agent: deepcopy(ue_observation) for agent in self.possible_agents[1:]
        }

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """What an agent can choose from; the same object in every call."""
        return self._action_spaces[agent]

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """What an agent can observe; the same object in every call."""
        return self._observation_spaces[agent]

    def reset(
        self,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 (PettingZoo's signature)
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Begin an episode.

        Args:
            seed: of this episode; the seeds of those that follow are drawn from it. By default one is drawn.
            options: none are known.

        Raises:
            BridgeError: as in `ColumnEnv.reset`.
        """
        if seed is not None:
            self._seeds = np.random.default_rng(seed)
        self._leader = self._env.reset([int(self._seeds.integers(TRAINING_SEEDS)) if seed is None else seed])
        self.agents = [BS, *map(_name, self._leader.ue_id)]
        self._seen = {}
        self._begin_tti(self._leader)
        return self._observations(self._leader.tti), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> Step:
        """Play one phase.

        Args:
            actions: of the agents whose turn it is; those of the others are ignored.

        Raises:
            ActionError: an action is missing or not in its space; nothing was sent.
            OutOfTurnError: no episode is under way.
            BridgeError: as in `ColumnEnv.lead` and `ColumnEnv.follow`.
        """
        if self._leader is None or not self.agents:
            raise OutOfTurnError("no episode is under way: call reset")
        if self._phase == LEADER_PHASE:
            return self._lead(self._leader, actions)
        return self._follow(self._leader, actions)

    def close(self) -> None:
        """End the process; may be called again."""
        self.agents = []
        self._env.close()

    def _lead(self, leader: LeaderObservation, actions: dict[str, Any]) -> Step:
        codes = np.asarray(self._chosen(actions, BS))[leader.ue_id]
        sent = codes != codes_pb2.DCM_NULL
        follower = self._env.lead(
            LeaderAction(
                dcm_count=np.array([sent.sum()], dtype=np.uint32),
                dcm_ue=leader.ue_id[sent],
                dcm_code=codes[sent].astype(np.uint16),
            )
        )
        self._phase = FOLLOWER_PHASE
        self._mask = {BS: self._masks.bs(self._n, ())}
        for i, ue in enumerate(leader.ue_id):
            self._seen[_name(ue)] = {column: int(getattr(follower, column)[i]) for column in UE_COLUMNS}
            self._mask[_name(ue)] = self._masks.ue(follower.buffer[i] > 0, bool(follower.ucm_opportunity[i]))
        no = dict.fromkeys(self.agents, False)
        infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        return self._observations(leader.tti), dict.fromkeys(self.agents, 0.0), no, dict(no), infos

    def _follow(self, leader: LeaderObservation, actions: dict[str, Any]) -> Step:
        acted = list(map(_name, leader.ue_id))
        codes = [int(self._chosen(actions, agent)) for agent in acted]
        self._leader = after = self._env.follow(FollowerAction(np.array(codes, dtype=np.uint16)))
        present = list(map(_name, after.ue_id))
        joined = [agent for agent in present if agent not in self.agents]
        self.agents = [*self.agents, *joined]
        self._begin_tti(after)
        observations = self._observations(after.tti)
        rewards = {BS: float(after.leader_utility[0])} | dict.fromkeys(joined, 0.0)
        rewards |= dict(zip(acted, after.follower_utility.tolist(), strict=True))
        terminations = {agent: agent != BS and agent not in present for agent in self.agents}
        truncations = {agent: after.done and not terminations[agent] for agent in self.agents}
        infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        infos[BS] = {"counters": after.counters[0]}
        for agent, outcome in zip(acted, after.ue_outcome.tolist(), strict=True):
            infos[agent] = {"outcome": outcome}
        self.agents = [agent for agent in self.agents if not (terminations[agent] or truncations[agent])]
        return observations, rewards, terminations, truncations, infos

    def _begin_tti(self, leader: LeaderObservation) -> None:
        """Take in what a TTI begins with."""
        self._phase = LEADER_PHASE
        connected, ucm = np.zeros(self._n, dtype=np.int8), np.zeros(self._n, dtype=np.int64)
        mean_snr_db = np.full(self._n, -np.inf, dtype=np.float32)
        connected[leader.ue_id], ucm[leader.ue_id] = 1, leader.ucm
        mean_snr_db[leader.ue_id] = np.nan_to_num(leader.mean_snr_db, nan=-np.inf)
        self._seen[BS] = {
            "connected": connected,
            "ucm": ucm,
            "rbg_outcome": leader.rbg_outcome,
            "rbg_duplicate": leader.rbg_duplicate.astype(np.int8),
            "mean_snr_db": mean_snr_db,
        }
        self._mask = dict.fromkeys(self.agents, self._masks.ue_idle)
        self._mask[BS] = self._masks.bs(self._n, leader.ue_id.tolist())

    def _observations(self, tti: int) -> dict[str, Observation]:
        common = {"phase": self._phase, "tti": tti}
        return {
            agent: {
                "observation": common | self._seen.get(agent, UE_NOTHING_SEEN),
                "action_mask": self._mask[agent],
            }
            for agent in self.agents
        }

    def _chosen(self, actions: dict[str, Any], agent: str) -> Any:
        if agent not in actions:
            raise ActionError(f"{agent} has to act in this phase, and there is no action of it")
        if not self._action_spaces[agent].contains(actions[agent]):
            raise ActionError(f"{actions[agent]!r} of {agent} is not in {self._action_spaces[agent]}")
        return actions[agent]


def _name(ue: int) -> str:
    return f"ue_{ue}"
