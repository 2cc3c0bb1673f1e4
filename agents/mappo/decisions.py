# SPDX-License-Identifier: MIT
"""What the networks decided in a batch of episodes, and what they think of it later."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from llmac.agents.language.prompts import Role
from llmac.agents.mappo.actor import Actor, log_probs
from llmac.agents.mappo.agent import Decided


@dataclass(frozen=True, slots=True)
class Decisions:
    """D decisions of one role; each is a row of H heads with C codes."""

    x: torch.Tensor
    """[D, features]"""
    allowed: torch.Tensor
    """[D, H, C] what each head had to choose from, BOOL."""
    code: torch.Tensor
    """[D, H] what it chose, INT64."""

    def take(self, rows: NDArray[np.int64]) -> "Decisions":
        """Some of them."""
        return Decisions(self.x[rows], self.allowed[rows], self.code[rows])


class Notes:
    """Keeps what an agent decides; see llmac.agents.learning.experience.Notes."""

    def __init__(self, decided: Mapping[Role, Decided]) -> None:
        self._decided = decided
        self._noted: dict[Role, list[Decided]] = {role: [] for role in Role}

    def note(self, role: Role) -> None:
        """Keep the decisions of this TTI."""
        self._noted[role].append(self._decided[role])

    def decisions(self, role: Role) -> Decisions:
        """All of them, by TTI and then as in the columns."""
        noted = self._noted[role]
        return Decisions(
            torch.from_numpy(np.concatenate([d.x for d in noted])),
            torch.from_numpy(np.concatenate([d.chosen.allowed for d in noted])),
            torch.from_numpy(np.concatenate([d.chosen.code for d in noted])),
        )


class Asked:
    """Decisions before the network that made them; see llmac.agents.learning.ppo.Rows."""

    def __init__(self, actor: Actor, decisions: Decisions) -> None:
        self._actor, self._decisions = actor, decisions
        self.lengths = np.zeros(len(decisions.x), dtype=np.int64)  # all rows are equally long

    def ask(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probability and entropy of whole decisions, all heads together."""
        these = self._decisions.take(rows)
        of_codes = log_probs(self._actor(these.x), these.allowed)
        log_prob = of_codes.gather(2, these.code[:, :, None])[:, :, 0].sum(dim=1)
        finite = of_codes.masked_fill(~these.allowed, 0)
        return log_prob, -(of_codes.exp() * finite).sum(dim=(1, 2))
