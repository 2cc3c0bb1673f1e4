# SPDX-License-Identifier: MIT
"""What runs cost, learned from those that were played: the time that is left is told from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls


@dataclass(frozen=True, slots=True)
class Size:
    """What the cost of a run depends on, besides its kind."""

    ttis: int
    ues: int

    @property
    def terms(self) -> NDArray[np.float64]:
        """Per TTI, per UE, and per pair of UEs, since the prompt of a BS grows with the population."""
        return self.ttis * np.array([1.0, self.ues, self.ues**2])


@dataclass(slots=True)
class Costs:
    """Seconds of runs, by kind: nonnegative coefficients of `Size.terms`, those with the least relative error."""

    _measured: dict[str, list[tuple[NDArray[np.float64], float]]] = field(default_factory=dict, init=False)
    _fitted: dict[str, NDArray[np.float64]] = field(default_factory=dict, init=False)

    def add(self, kind: str, sizes: Sequence[Size], seconds: float) -> None:
        """Learn that these runs of a kind took so long together."""
        if seconds <= 0 or not sizes:
            return
        self._measured.setdefault(kind, []).append((_terms(sizes), seconds))
        self._fitted.pop(kind, None)

    def seconds(self, kind: str, sizes: Sequence[Size]) -> float | None:
        """What runs will take; None while nothing is known of the kind."""
        measured = self._measured.get(kind)
        if not measured:
            return None
        if kind not in self._fitted:
            relative = np.array([terms / seconds for terms, seconds in measured])
            scale = relative.max(axis=0)
            self._fitted[kind] = nnls(relative / scale, np.ones(len(measured)))[0] / scale
        return float(_terms(sizes) @ self._fitted[kind])


def _terms(sizes: Sequence[Size]) -> NDArray[np.float64]:
    return np.sum([size.terms for size in sizes], axis=0)
