# SPDX-License-Identifier: MIT
"""Statistics over many cells and seeds after Agarwal et al., *Deep RL at the edge of the statistical precipice* (2021).

Scores come as [C, S], of C cells at the same S seeds. Intervals are bootstrapped (Efron, 1979) over the seeds: a seed
is drawn with all of its cells, since they share arrivals, and with both agents, since they met the same draws. They are
of percentiles: BCa covers no better here, and has no answer where scores are tied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from llmac.agents.evaluation.statistics import Estimate

Scores = NDArray[np.float64]

_RESAMPLES = 2_000
_SEED = 7
"""The same scores have the same interval in every run."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Performance profile: for each threshold, the share of runs that score more, with its pointwise 95% interval."""

    thresholds: Scores
    share: Scores
    low: Scores
    high: Scores


def interquartile_mean(scores: ArrayLike) -> Estimate:
    """Mean of the middle half of all runs, [S] or [C, S]; NaN where nothing happened to measure is left out."""
    return _bootstrapped(_middle_mean, _matrix(scores))


def improvement(scores: ArrayLike, others: ArrayLike) -> Estimate:
    """Probability that a run scores more than the other agent's at the same seed and cell; a tie counts half.

    Args:
        scores: [S] or [C, S]; higher is better.
        others: the same of the other agent. Pairs in which either is NaN are left out.
    """
    first, second = _matrix(scores), _matrix(others)
    wins = np.where(np.isnan(first - second), np.nan, (np.sign(first - second) + 1) / 2)
    return _bootstrapped(_mean, wins)


def relative_gain(values: ArrayLike, others: ArrayLike) -> Estimate:
    """Mean over the other agent's mean, less 1; both [S] or [C, S], at the same seeds and cells."""
    both = np.stack([_matrix(values), _matrix(others)])
    known = ~np.isnan(both).any(axis=0)

    def gain(scores: Scores) -> Scores:
        first, second = np.split(scores, 2, axis=-1)
        return np.nanmean(first, axis=-1) / np.nanmean(second, axis=-1) - 1

    return _bootstrapped(gain, np.where(known, both, np.nan).reshape(-1, both.shape[-1]))


def profile(scores: ArrayLike, thresholds: ArrayLike) -> Profile:
    """Share of the runs, [S] or [C, S], that score more than each of the thresholds, [K] ascending."""
    matrix, taus = _matrix(scores), np.asarray(thresholds, dtype=np.float64)
    known = ~np.isnan(matrix)
    above = np.where(known[..., np.newaxis], matrix[..., np.newaxis] > taus, np.nan)
    shares = [_bootstrapped(_mean, above[..., k]) for k in range(taus.size)]
    share, low, high = np.array([(e.mean, e.low, e.high) for e in shares]).reshape(-1, 3).T
    return Profile(taus, share, low, high)


def _matrix(scores: ArrayLike) -> Scores:
    return np.atleast_2d(np.asarray(scores, dtype=np.float64))


def _middle_mean(scores: Scores) -> Scores:
    return np.asarray(stats.trim_mean(scores, 0.25, axis=-1, nan_policy="omit"))


def _mean(scores: Scores) -> Scores:
    return np.nanmean(scores, axis=-1)


def _bootstrapped(statistic: Callable[[Scores], Scores], matrix: Scores) -> Estimate:
    """A statistic of all scores, with the interval of what it is over seeds drawn again; one seed has no interval."""
    matrix = matrix[:, ~np.isnan(matrix).all(axis=0)]
    seeds = matrix.shape[1]
    if not seeds:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(statistic(matrix.ravel()))
    if seeds == 1:
        return Estimate(value, np.nan, np.nan)

    def of_seeds(drawn: NDArray[np.int64], axis: int) -> Scores:
        del axis  # always the last one: of [..., S] seeds
        scores = np.moveaxis(matrix[:, drawn], 0, -2)
        return statistic(scores.reshape(*drawn.shape[:-1], -1))

    result: Any = stats.bootstrap(
        (np.arange(seeds),), of_seeds, n_resamples=_RESAMPLES, batch=500, method="percentile", rng=_SEED
    )
    low, high = result.confidence_interval
    return Estimate(value, float(low), float(high))
