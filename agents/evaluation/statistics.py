# SPDX-License-Identifier: MIT
"""Means and intervals over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with its 95% confidence interval; NaN where there is nothing to estimate from."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and Student-t interval; values that are NaN (nothing happened to measure) are left out.

    One value has no interval.
    """
    known = np.array([v for v in values if not np.isnan(v)])
    if not known.size:
        return Estimate(float("nan"), float("nan"), float("nan"))
    mean = float(known.mean())
    if known.size == 1:
        return Estimate(mean, float("nan"), float("nan"))
    half = float(stats.t.ppf(0.975, known.size - 1) * known.std(ddof=1) / np.sqrt(known.size))
    return Estimate(mean, mean - half, mean + half)
