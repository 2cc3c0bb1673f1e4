# SPDX-License-Identifier: MIT
"""Intervals against closed forms and scipy, and whether they cover what they claim to."""

import math

import numpy as np
import pytest
from scipy import stats

from llmac.agents.evaluation.paired import difference
from llmac.agents.evaluation.robust import improvement, interquartile_mean, profile


def _middle_mean(sample: np.ndarray, axis: int = -1) -> np.ndarray:
    """Of the order statistics, without the quarter at each end."""
    quarter = sample.shape[axis] // 4
    return np.sort(sample, axis=axis).take(range(quarter, sample.shape[axis] - quarter), axis=axis).mean(axis=axis)


def test_interquartile_mean_is_that_of_the_middle_half() -> None:
    assert interquartile_mean([8, 1, 2, 100, 4, 5, 6, -50]).mean == (2 + 4 + 5 + 6) / 4
    assert interquartile_mean([[8, 1, 2, 100], [4, 5, 6, math.nan], [-50, math.nan, math.nan, math.nan]]).mean == 4.25


def test_interquartile_interval_is_that_of_scipy() -> None:
    scores = np.random.default_rng(1).gamma(2.0, size=25)
    ours = interquartile_mean(scores)
    theirs = stats.bootstrap(
        (scores,), _middle_mean, method="percentile", n_resamples=20_000, rng=2
    ).confidence_interval
    # Quantiles of 2,000 resamples against those of 20,000: within a tenth of the width.
    assert [ours.low, ours.high] == pytest.approx(list(theirs), abs=0.1 * (ours.high - ours.low))


def test_bootstrapped_interval_of_a_mean_is_the_normal_one_for_many_seeds() -> None:
    # The share of wins of 400 pairs, of which 300 are won: p = 0.75 with a standard error of sqrt(p (1 - p) / 400).
    result = improvement([1.0] * 300 + [0.0] * 100, [0.5] * 400)
    error = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert [result.mean, result.low, result.high] == pytest.approx([0.75, 0.75 - error, 0.75 + error], abs=0.004)


def test_probability_of_improvement_is_that_of_paired_normals() -> None:
    # At equal seeds x - y ~ N(0.5, 1): P(x > y) = Phi(0.5); what both share does not matter.
    rng = np.random.default_rng(3)
    shared = rng.normal(scale=5.0, size=20_000)
    scores = shared + 0.5 + rng.normal(scale=math.sqrt(0.5), size=20_000)
    others = shared + rng.normal(scale=math.sqrt(0.5), size=20_000)
    result = improvement(scores, others)
    assert result.low < stats.norm.cdf(0.5) < result.high
    assert improvement(others, scores).mean == pytest.approx(1 - result.mean)


def test_a_tie_is_half_an_improvement() -> None:
    result = improvement([[1.0, 2.0, math.nan]], [[1.0, 2.0, 3.0]])
    assert (result.mean, result.low, result.high) == (0.5, 0.5, 0.5)


def test_profile_is_the_share_of_runs_above_each_threshold() -> None:
    result = profile([[0.1, 0.5], [0.5, 0.9]], [0.0, 0.1, 0.5, 0.9])
    assert result.share.tolist() == [1.0, 0.75, 0.25, 0.0]
    assert (result.low <= result.share).all()
    assert (result.share <= result.high).all()


def test_paired_interval_is_student_t_of_the_differences() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 12))
    result, theirs = difference(x, y), stats.ttest_rel(x, y).confidence_interval(0.95)
    assert [result.low, result.high] == pytest.approx([theirs.low, theirs.high])
    assert result.mean == pytest.approx((x - y).mean())


def test_difference_leaves_out_pairs_without_a_value_and_one_seed_has_no_interval() -> None:
    result = difference([1.0, math.nan, 3.0], [0.0, 0.0, 1.0])
    assert (result.mean, result.pairs) == (1.5, 2)
    single = difference([1.0], [0.0])
    assert math.isnan(single.low)
    assert not single.different


def test_copies_of_one_agent_do_not_differ_and_a_constant_gain_does() -> None:
    values = np.random.default_rng(5).normal(size=(3, 8))
    assert not difference(values, values).different
    assert difference(values + 0.01, values).different


def test_paired_interval_covers_in_95_of_100_samples_though_the_cells_of_a_seed_are_alike() -> None:
    # Eight cells that share what a seed brings: taken for eight times as many seeds, they would cover in 56 of 100.
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(2000):
        values = 1.0 + rng.normal(size=10) + 0.1 * rng.normal(size=(8, 10))
        result = difference(values, np.zeros((8, 10)))
        hits += result.low <= 1.0 <= result.high
    # Binomial(2000, .95) has a standard deviation of 0.0049
    assert hits / 2000 == pytest.approx(0.95, abs=4 * 0.0049)


def test_interquartile_interval_covers_in_about_95_of_100_samples() -> None:
    # Symmetric around 2 within each cell and over all of them, so that the interquartile mean of all runs is 2.
    rng = np.random.default_rng(7)
    cells = np.linspace(1.0, 3.0, 4)[:, np.newaxis]
    hits = 0
    for _ in range(400):
        result = interquartile_mean(cells + rng.normal(size=20) + rng.normal(size=(4, 20)))
        hits += result.low <= 2.0 <= result.high
    # The percentile bootstrap of 20 seeds is a little narrow: 93% are expected, binomial deviation 0.013.
    assert 0.90 <= hits / 400 <= 0.98
