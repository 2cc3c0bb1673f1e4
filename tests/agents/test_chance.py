# SPDX-License-Identifier: MIT
"""Keyed random numbers: uniform, independent across keys, and blind to what shares their batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from llmac.agents.chance import Purpose, choice, uniform

SEED = st.integers(0, 2**64 - 1)


def _draw(seed: int, tti: int, purpose: Purpose, ues: int) -> np.ndarray:
    return uniform(np.full(ues, seed, dtype=np.uint64), tti, purpose, np.arange(ues, dtype=np.uint32))


@given(SEED, st.integers(0, 10_000), st.sampled_from(Purpose))
def test_a_number_does_not_depend_on_its_batch(seed: int, tti: int, purpose: Purpose) -> None:
    assert np.array_equal(_draw(seed, tti, purpose, 3), _draw(seed, tti, purpose, 50)[:3])


def test_numbers_are_uniform_over_ues_ttis_and_seeds() -> None:
    by_ue = _draw(7, 0, Purpose.ACCESS, 100_000)
    by_tti = np.concatenate([_draw(7, tti, Purpose.ACCESS, 1) for tti in range(20_000)])
    seeds = np.arange(100_000, dtype=np.uint64)
    by_seed = uniform(seeds, 0, Purpose.ACCESS, np.zeros(seeds.size, dtype=np.uint32))
    for sample in (by_ue, by_tti, by_seed):
        assert stats.kstest(sample, "uniform").pvalue > 1e-3


def test_purposes_are_independent() -> None:
    a, b = (_draw(7, 0, purpose, 100_000) for purpose in (Purpose.ACCESS, Purpose.RBG))
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(100_000)


def test_choice_stays_in_range_even_at_the_upper_end() -> None:
    options = np.array([1, 2, 7])
    assert choice(np.array([1 - 2**-53] * 3), options).tolist() == [0, 1, 6]
    assert choice(np.zeros(3), options).tolist() == [0, 0, 0]
