# SPDX-License-Identifier: MIT
"""The numbers by which a model knows the UEs: random in every episode.

A policy that learns fixed ids fails with a UE that it has not met; one that has seen every number in every part does
not. A UE keeps its label while it is connected; after that another one may get it, so that labels stay short however
many UEs come and go.
"""

import numpy as np
from numpy.typing import NDArray

from llmac.agents.chance import Purpose, uniform

SHORT_LABELS = 100
"""Numbers below this are one token each."""
FIRST_LABEL = 10
"""Smaller numbers stand for RBGs and levels: a model that finds a UE in a prompt by its label takes those for it."""


class Labels:
    """Labels of the UEs of one environment, for an episode.

    Args:
        seed: of the environment.
        space: labels are below this number, a power of ten above `FIRST_LABEL`, as long as there are enough.

    Attributes:
        space: the least power of ten that all labels given so far are below.
    """

    def __init__(self, seed: int, space: int = SHORT_LABELS) -> None:
        self.space = space
        self._seed = np.array([seed], dtype=np.uint64)
        self._labels: dict[int, int] = {}
        self._ids = np.zeros(0, dtype=np.uint32)
        self._current = np.zeros(0, dtype=np.int64)

    def of(self, ids: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Labels of the UEs that are connected now; those of all others are given back."""
        if not np.array_equal(ids, self._ids):
            connected = set(ids.tolist())
            self._labels = {ue: label for ue, label in self._labels.items() if ue in connected}
            for ue in ids.tolist():
                if ue not in self._labels:
                    self._labels[ue] = self._draw(ue)
            self._ids = ids
            self._current = np.array([self._labels[ue] for ue in ids.tolist()], dtype=np.int64)
        return self._current

    def _draw(self, ue: int) -> int:
        while len(self._labels) >= self.space - FIRST_LABEL:
            self.space *= 10
        free = np.arange(self.space) >= FIRST_LABEL
        free[list(self._labels.values())] = False
        numbers = np.flatnonzero(free)
        draw = uniform(self._seed, 0, Purpose.LABEL, np.array([ue], dtype=np.uint32))[0]
        return int(numbers[int(draw * numbers.size)])
