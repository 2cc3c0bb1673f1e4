# SPDX-License-Identifier: MIT
"""The agent `mappo`: a network for the BSs, one for the UEs, over columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from llmac.agents.baselines.columns import Cells, Seen, dcms, rank_within
from llmac.agents.chance import Purpose, uniform
from llmac.agents.language.prompts import Role
from llmac.agents.mappo.choose import Allowed, Chosen, Logits, Uniforms, each, in_turn
from llmac.agents.mappo.features import Followers, Leaders, Rows
from llmac.agents.mappo.policy import Policy
from llmac.agents.mappo.translation import Translation
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Decided:
    """What all of one role saw and chose in a TTI; a BS without UEs that it can tell apart chose nothing."""

    x: Rows
    """[rows, features]"""
    chosen: Chosen


class MappoAgent:
    """Plays both roles; see llmac.agents.agent.Agent.

    A BS tells apart the first M of the connected UEs, in the order of their ids: to the others it never speaks.

    Args:
        policy: its networks, which may go on changing.
        sample: draw from the distributions; otherwise take the most probable code each time.

    Attributes:
        decided: of each role, in the last TTI.
    """

    def __init__(self, policy: Policy, *, sample: bool = False) -> None:
        self.policy = policy
        self.decided: dict[Role, Decided] = {}
        self._sample = sample

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent.

        Raises:
            LlmacError: a scenario has another vocabulary than the policy.
        """
        sizes = self.policy.sizes
        for scenario in scenarios:
            if scenario.vocabulary.kind != sizes.vocabulary.kind:
                raise LlmacError(
                    f"{scenario.name}: its messages are {scenario.vocabulary.kind}, and this mappo was trained with "
                    f"{sizes.vocabulary.kind} ones; train one for them (llmac train --agent mappo)"
                )
        cells = self._cells = Cells(scenarios, seeds)
        codes = self._codes = sizes.codes
        translation = self._translation = Translation(codes, cells.codes)
        self._leaders = Leaders(cells, codes, translation, sizes.memory, sizes.ues)
        self._followers = Followers(cells, codes, translation, sizes.memory)
        self._dcm = np.zeros(cells.slots, dtype=np.int64)  # last one to each UE, in codes of the network

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Decide the DCM of each UE that the BSs can tell apart."""
        cells, most_ues = self._cells, self.policy.sizes.ues
        seen = cells.seen(observation)
        environment = seen.environment
        place = rank_within(environment, seen.ue_id, np.ones(seen.ue_id.size, dtype=np.bool_))
        x = self._leaders.see(observation, seen, place, self._dcm[seen.slot])
        known = place < most_ues
        draws = [(Purpose.DCM, np.full(len(x), p, dtype=np.uint32)) for p in range(most_ues)]
        chosen = in_turn(
            self._logits(Role.BS, x),
            self._dcms_allowed(seen, place),
            self._uniforms(cells.seeds, observation.tti, draws),
            self._codes.dcm_rbg,
            cells.dcm_limit,
        )
        self.decided[Role.BS] = Decided(x, chosen)
        own = np.zeros(seen.ue_id.size, dtype=np.int64)
        own[known] = chosen.code[environment[known], place[known]]
        self._dcm[seen.slot] = own
        return dcms(cells, observation, self._translation.dcm.to_cell[environment, own])

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Decide the access and the UCM of each UE."""
        cells = self._cells
        environment = cells.environment(observation)
        x = self._followers.see(observation)
        draws = [(purpose, observation.ue_id) for purpose in (Purpose.ACCESS, Purpose.UCM)]
        chosen = each(
            self._logits(Role.UE, x),
            self._actions_allowed(observation),
            self._uniforms(cells.seeds[environment], observation.tti, draws),
        )
        self.decided[Role.UE] = Decided(x, chosen)
        access = self._translation.access.to_cell[environment, chosen.code[:, 0]]
        ucm = self._translation.ucm.to_cell[environment, chosen.code[:, 1]]
        return FollowerAction((access * cells.ucm_codes[environment] + ucm).astype(np.uint16))

    def _dcms_allowed(self, seen: Seen, place: NDArray[np.int64]) -> Allowed:
        """[E, M, DCM codes]: nothing to a place without a UE, an acknowledgement only of what was decoded."""
        sizes, codes = self.policy.sizes, self._codes
        of_ue = self._translation.dcm.to_cell[seen.environment] >= 0
        of_ue &= ~codes.dcm_acks | seen.decoded[:, None]
        allowed = np.zeros((len(self._cells.scenarios), sizes.ues, codes.dcm_codes), dtype=np.bool_)
        known = place < sizes.ues
        allowed[seen.environment[known], place[known]] = of_ue[known]
        allowed[:, :, 0] = True
        return allowed

    def _actions_allowed(self, observation: FollowerObservation) -> Allowed:
        """[n, 2, codes]: nothing but hold with an empty buffer, no message without an opportunity."""
        environment, codes = self._cells.environment(observation), self._codes
        allowed = np.zeros((len(environment), *self.policy.actors[Role.UE].shape), dtype=np.bool_)
        allowed[:, 0, : codes.access_codes] = self._translation.access.to_cell[environment] >= 0
        allowed[:, 0, 1:] &= (observation.buffer > 0)[:, None]
        allowed[:, 1, : codes.ucm_codes] = self._translation.ucm.to_cell[environment] >= 0
        allowed[:, 1, 1:] &= (observation.ucm_opportunity > 0)[:, None]
        return allowed

    def _uniforms(
        self, seeds: NDArray[np.uint64], tti: int, draws: Sequence[tuple[Purpose, NDArray[np.uint32]]]
    ) -> Uniforms | None:
        """[rows, H] a draw for each head; None for an agent that does not draw."""
        if not self._sample:
            return None
        return np.stack([uniform(seeds, tti, purpose, who) for purpose, who in draws], axis=1)

    @torch.inference_mode()
    def _logits(self, role: Role, x: Rows) -> Logits:
        return self.policy.actors[role](torch.from_numpy(x)).numpy()
