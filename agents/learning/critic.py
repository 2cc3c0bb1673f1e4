# SPDX-License-Identifier: MIT
"""The centralised critic: a value for each cell and each UE, from all buffers; in training only.

It is a set encoder (Zaheer et al., Deep Sets, NeurIPS 2017), the same network whatever the population. A *scene* is one
environment in one phase: before the leader speaks, and before the followers act, when what it said is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from llmac.agents.baselines.columns import Cells
from llmac.bridge.envs.observations import LeaderObservation
from llmac.bridge.scenario import Opaque
from llmac.v1 import codes_pb2, wire_pb2

_WIDTH = 64
_EMBEDDED = 8
_DCM_KINDS, _UCM_KINDS = 4 + 64, 3 + 64  # semantic ones, and as many opaque symbols as there can be
_OUTCOMES = len(wire_pb2.UeOutcome.values())
_SCENE_FEATURES, _UE_FEATURES = 6, 6


@dataclass(frozen=True, slots=True)
class Scenes:
    """S scenes with M UEs in all, as the critic sees them."""

    cell: NDArray[np.float32]
    """[S, 6] RBGs, UEs, UEs per RBG, backlog per RBG, share of the episode that is left, follower phase (0 or 1)."""
    ue: NDArray[np.float32]
    """[M, 6] buffer, undelivered, head delivered, age of the head, share of RBGs that would decode, UCM level."""
    kind: NDArray[np.int64]
    """[M, 3] kind of the UCM heard, kind of the DCM sent in this TTI, outcome of the TTI before."""
    count: NDArray[np.int64]
    """[S] UEs of each scene."""

    def take(self, scenes: NDArray[np.int64]) -> "Scenes":
        """Some of the scenes, [s]."""
        start = np.cumsum(self.count) - self.count
        ues = spans(start[scenes], self.count[scenes])
        return Scenes(self.cell[scenes], self.ue[ues], self.kind[ues], self.count[scenes])

    @staticmethod
    def join(parts: Sequence["Scenes"]) -> "Scenes":
        """All scenes, one part after the other."""
        return Scenes(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("cell", "ue", "kind", "count"))
        )


def spans(start: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers start .. start + count - 1 of each span, back to back."""
    ends = np.cumsum(count)
    return np.arange(int(count.sum())) + np.repeat(start - (ends - count), count)


def look(
    cells: Cells,
    observation: LeaderObservation,
    ttis: int,
    dcm: NDArray[np.int64] | None,
    acted: NDArray[np.int64] | None,
) -> Scenes:
    """The scenes of one phase, one for each environment.

    Args:
        cells: the environments.
        observation: with privileged columns.
        ttis: T.
        dcm: [n] DCM code sent to each UE; None in the leader phase.
        acted: slots of the UEs that acted in the TTI before; None in the first.
    """
    seen = observation.privileged
    if seen is None:
        raise ValueError("the critic needs an environment with privileged=True")
    owner = cells.environment(observation)
    rbgs = cells.rbgs.astype(np.float32)
    count = observation.ue_count.astype(np.int64)
    backlog = np.bincount(owner, seen.undelivered, len(rbgs))
    left = np.full(len(rbgs), 1 - observation.tti / ttis)
    cell = np.stack(
        [rbgs / 8, count / 16, count / rbgs / 4, backlog / rbgs / 20, left, np.full(len(rbgs), dcm is not None)], axis=1
    )
    decodable = np.add.reduceat(np.append(seen.would_decode, 0), _row_starts(cells.rbgs[owner]))[: owner.size]
    level, ucm_kind = _ucm_kinds(cells, observation.ucm, owner)
    ue = np.stack(
        [
            seen.buffer / 20,
            seen.undelivered / 20,
            seen.head_delivered,
            np.log1p(seen.head_age) / 5,
            decodable / cells.rbgs[owner],
            level,
        ],
        axis=1,
    )
    outcome = np.full(cells.slots, wire_pb2.UE_HELD, dtype=np.int64)
    if acted is not None:
        outcome[acted] = observation.ue_outcome
    dcm_kind = np.zeros(owner.size, dtype=np.int64) if dcm is None else _dcm_kinds(cells, dcm, owner)
    kind = np.stack([ucm_kind, dcm_kind, outcome[cells.slot(observation)]], axis=1)
    return Scenes(cell.astype(np.float32), ue.astype(np.float32), kind, count)


class Critic(nn.Module):
    """Values of scenes; seeded weights."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
            self.kinds = nn.ModuleList(nn.Embedding(size, _EMBEDDED) for size in (_UCM_KINDS, _DCM_KINDS, _OUTCOMES))
            self.encode = _mlp(_UE_FEATURES + 3 * _EMBEDDED + _SCENE_FEATURES, _WIDTH)
            self.cell_value = nn.Sequential(_mlp(2 * _WIDTH + _SCENE_FEATURES, _WIDTH), nn.Linear(_WIDTH, 1))
            self.ue_value = nn.Sequential(_mlp(3 * _WIDTH + _SCENE_FEATURES, _WIDTH), nn.Linear(_WIDTH, 1))

    def forward(self, scenes: Scenes) -> tuple[torch.Tensor, torch.Tensor]:
        """Values of the cells, [S], and of the UEs, [M]."""
        cell = torch.from_numpy(scenes.cell)
        count = torch.from_numpy(scenes.count)
        owner = torch.repeat_interleave(torch.arange(len(count)), count)
        kind = torch.from_numpy(scenes.kind)
        embedded = [embedding(kind[:, i]) for i, embedding in enumerate(self.kinds)]
        each = self.encode(torch.cat([torch.from_numpy(scenes.ue), *embedded, cell[owner]], dim=1))
        total = torch.zeros(len(count), _WIDTH).index_add(0, owner, each)
        # The sum tells how much there is, the mean what it is like.
        pooled = torch.cat([total / 8, total / count.clamp(min=1)[:, None], cell], dim=1)
        of_ue: Any = self.ue_value(torch.cat([each, pooled[owner]], dim=1))
        of_cell: Any = self.cell_value(pooled)
        return of_cell[:, 0], of_ue[:, 0]


def _mlp(inputs: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


def _row_starts(widths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(widths) - widths


def _ucm_kinds(
    cells: Cells, ucm: NDArray[np.uint16], owner: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Level that was reported as a share of the levels, and the kind of UCM; both [n]."""
    code = ucm.astype(np.int64)
    opaque = _opaque(cells)[owner]
    level = np.where(opaque, 0, np.maximum(code - codes_pb2.UCM_BSR, 0)) / np.maximum(cells.bsr_levels[owner], 1)
    kind = np.where(opaque & (code > 0), code + codes_pb2.UCM_BSR, np.minimum(code, codes_pb2.UCM_BSR))
    return level, kind


def _dcm_kinds(cells: Cells, dcm: NDArray[np.int64], owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """null, ack, grant, ack grant, or 3 + an opaque code; [n]."""
    grants, merged = dcm >= codes_pb2.DCM_GRANT, dcm >= codes_pb2.DCM_GRANT + cells.rbgs[owner]
    semantic = np.where(grants, codes_pb2.DCM_GRANT + merged, dcm)
    return np.where(_opaque(cells)[owner] & (dcm > 0), dcm + 3, semantic)


def _opaque(cells: Cells) -> NDArray[np.bool_]:
    return np.array([isinstance(s.vocabulary, Opaque) for s in cells.scenarios], dtype=np.bool_)
