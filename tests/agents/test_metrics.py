# SPDX-License-Identifier: MIT
"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmac.agents.evaluation.metrics import jain_index, mean, percentile
from llmac.agents.evaluation.statistics import estimate
from llmac.agents.evaluation.summary import normalise


def _u32(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint32)


def test_jain_index_is_one_for_equal_shares_and_counts_only_ues_with_arrivals() -> None:
    assert jain_index(_u32(10, 20, 0), _u32(5, 10, 0)) == pytest.approx(1.0)


def test_jain_index_is_one_over_n_when_one_of_n_is_served() -> None:
    assert jain_index(_u32(7, 7, 7, 7), _u32(0, 7, 0, 0)) == pytest.approx(0.25)


def test_jain_index_without_arrivals_is_unknown_and_without_deliveries_one() -> None:
    assert math.isnan(jain_index(_u32(0, 0), _u32(0, 0)))
    assert jain_index(_u32(3, 4), _u32(0, 0)) == 1.0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
def test_histogram_mean_and_percentile_agree_with_the_values_themselves(delays: list[int]) -> None:
    histogram = np.bincount(delays, minlength=31).astype(np.uint32)
    assert mean(histogram) == pytest.approx(np.mean(delays))
    assert percentile(histogram, 0.95) == np.percentile(delays, 95, method="inverted_cdf")


def test_an_empty_histogram_has_no_mean() -> None:
    assert math.isnan(mean(_u32(0, 0)))
    assert math.isnan(percentile(_u32(0, 0), 0.95))


def test_interval_is_student_t() -> None:
    # mean 2, s = 1, n = 3, t(0.975, 2) = 4.302653: half width 4.302653 / sqrt 3
    result = estimate([1.0, 2.0, 3.0])
    assert result.mean == pytest.approx(2.0)
    assert result.high - result.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert result.mean - result.low == pytest.approx(result.high - result.mean)


def test_interval_covers_the_mean_in_95_of_100_samples() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for sample in rng.normal(3.0, 2.0, size=(4000, 8)):
        result = estimate(sample.tolist())
        hits += result.low <= 3.0 <= result.high
    # Binomial(4000, .95) has a standard deviation of 0.0034
    assert hits / 4000 == pytest.approx(0.95, abs=4 * 0.0034)


def test_one_value_has_no_interval_and_unknown_values_are_left_out() -> None:
    assert estimate([5.0, math.nan]).mean == 5.0
    assert math.isnan(estimate([5.0]).low)
    assert math.isnan(estimate([]).mean)


def test_normalised_utility_is_paired_by_seed() -> None:
    episodes = {"genie": [{"utility": 4.0}, {"utility": 2.0}, {"utility": -1.0}], "x": [{"utility": 2.0}] * 3}
    normalise({"genie": episodes["genie"], "x": (x := [dict(e) for e in episodes["x"]])}, "genie")
    assert [e["normalised_utility"] for e in x[:2]] == [0.5, 1.0]
    assert math.isnan(x[2]["normalised_utility"])
