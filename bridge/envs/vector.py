# SPDX-License-Identifier: MIT
"""E cells over P processes as a Gymnasium VectorEnv: one party learns; see `llmac.bridge.envs.party`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from llmac.bridge.envs.party import Infos, Observation, Party, PartyGame
from llmac.bridge.envs.player import Player
from llmac.bridge.envs.spaces import TRAINING_SEEDS
from llmac.bridge.errors import ActionError, OutOfTurnError
from llmac.bridge.scenario import Scenario

Step = tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Infos]


class CellVectorEnv(VectorEnv[Observation, Any, NDArray[Any]]):
    """As `CellEnv`, E times in step.

    All episodes have the same length T and begin together, so they end together: in the step that ends them all are
    truncated, and the next step, whatever its actions, begins the next ones (AutoresetMode.NEXT_STEP) with rewards 0.
    A part of the environments cannot be reset alone. Infos are arrays with E as the first dimension.

    Args:
        scenario: of every environment.
        num_envs: E.
        other: plays the other party in all of them.
        party: that learns, "bs" or "ues".
        options: of the ColumnEnv: processes, ttis, launcher, address, deadlines.

    Raises:
        ScenarioError: as ColumnEnv; no UE is ever connected, or there is no such party.
        CellMissingError: the cell's executable was not found.
        BridgeError: the processes cannot be started or talked to.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self, scenario: Scenario, num_envs: int, other: Player, party: Party = "bs", **options: Any) -> None:
        self._game = PartyGame(scenario, num_envs, party, other, options)
        self._generators = np.random.default_rng().spawn(num_envs)
        self._over = False
        self.num_envs = num_envs
        self.single_observation_space = self._game.observation_space
        self.single_action_space = self._game.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Infos]:
        """Begin an episode in every environment.

        Args:
            seed: s for s, s + 1, ..., or one for each environment, where None draws one; the seeds of the episodes that
                follow are drawn from them, as `CellEnv` does.
            options: none are known; `reset_mask` may be all True.

        Raises:
            ActionError: wrong number of seeds, or a part of the environments is to be reset.
            BridgeError: as in `ColumnEnv.reset`.
        """
        seeds = [None] * self.num_envs if seed is None else seed
        seeds = [seeds + i for i in range(self.num_envs)] if isinstance(seeds, int) else list(seeds)
        if len(seeds) != self.num_envs:
            raise ActionError(f"{len(seeds)} seeds were given for {self.num_envs} environments")
        if not np.all((options or {}).get("reset_mask", True)):
            raise ActionError("the environments begin their episodes together; a part of them cannot be reset")
        for i, given in enumerate(seeds):
            if given is not None:
                self._generators[i] = np.random.default_rng(given)
        self._over = False
        numbers = [
            int(generator.integers(TRAINING_SEEDS)) if given is None else given
            for given, generator in zip(seeds, self._generators, strict=True)
        ]
        return self._game.begin(np.array(numbers, dtype=np.uint64))

    def step(self, actions: Any) -> Step:
        """Play one TTI of all environments, or begin the next episodes.

        Raises:
            ActionError: the actions are not in their space; nothing was sent.
            OutOfTurnError: no episode was begun.
            BridgeError: as in `ColumnEnv.lead` and `ColumnEnv.follow`.
        """
        if self.closed:
            raise OutOfTurnError("the environment is closed; make a new one")
        never = np.zeros(self.num_envs, dtype=np.bool_)
        if self._over:
            observation, infos = self.reset()
            return observation, np.zeros(self.num_envs), never, never.copy(), infos
        self._game.check(actions, self.action_space)
        observation, rewards, self._over, infos = self._game.step(actions)
        return observation, rewards, never, np.full(self.num_envs, self._over), infos

    def close_extras(self, **_: Any) -> None:
        """End the processes."""
        self._game.close()
