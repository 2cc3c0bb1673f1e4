# SPDX-License-Identifier: MIT
"""One cell as a Gymnasium environment: one party learns, a `Player` is the other; see `llmac.bridge.envs.party`."""

from typing import Any

import gymnasium
import numpy as np

from llmac.bridge.envs.party import Infos, Observation, Party, PartyGame
from llmac.bridge.envs.player import Player
from llmac.bridge.envs.spaces import TRAINING_SEEDS
from llmac.bridge.scenario import Scenario


class CellEnv(gymnasium.Env[Observation, Any]):
    """A cell, simulated by a process of its own; one step is one TTI, an episode is truncated after T of them.

    Action of "bs": MultiDiscrete [N], a DCM code for each UE. Action of "ues": MultiDiscrete [N], a UE action code for
    each UE. The reward is the party's utility of the TTI; that of "ues" is the mean over the UEs that acted. Infos:
    `action_mask` [N, codes], 1 where a code takes effect; after a step `counters` of the TTI, by wire_pb2.Counter.

    Args:
        scenario: what is simulated.
        other: plays the other party.
        party: that learns, "bs" or "ues".
        options: of the ColumnEnv: ttis, launcher, address, deadlines.

    Raises:
        ScenarioError: no UE is ever connected, or there is no such party.
        CellMissingError: the cell's executable was not found.
        BridgeError: the process cannot be started or talked to.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (as Gymnasium has it)

    def __init__(self, scenario: Scenario, other: Player, party: Party = "bs", **options: Any) -> None:
        self._game = PartyGame(scenario, 1, party, other, options)
        self.observation_space = self._game.observation_space
        self.action_space = self._game.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, Infos]:
        """Begin an episode.

        Args:
            seed: of this episode; the seeds of those that follow are drawn from it. By default one is drawn.
            options: none are known.

        Raises:
            BridgeError: as in `ColumnEnv.reset`.
        """
        super().reset(seed=seed, options=options)
        number = int(self.np_random.integers(TRAINING_SEEDS)) if seed is None else seed
        observation, infos = self._game.begin(np.array([number], dtype=np.uint64))
        return _only(observation), _only(infos)

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, Infos]:
        """Play one TTI.

        Raises:
            ActionError: the action is not in its space; nothing was sent.
            OutOfTurnError: no episode is under way.
            BridgeError: as in `ColumnEnv.lead` and `ColumnEnv.follow`.
        """
        self._game.check(action, self.action_space)
        observation, rewards, done, infos = self._game.step(np.asarray(action)[np.newaxis])
        return _only(observation), float(rewards[0]), False, done, _only(infos)

    def close(self) -> None:
        """End the process; may be called again."""
        self._game.close()


def _only(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: array[0] for name, array in arrays.items()}
