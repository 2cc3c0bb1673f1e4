# SPDX-License-Identifier: MIT
"""Advantages against sums that are written out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmac.agents.learning.advantages import leader_advantages, own_advantages


def test_with_lambda_one_the_targets_are_the_discounted_rewards() -> None:
    rng = np.random.default_rng(3)
    before, after, reward = rng.normal(size=(3, 5, 2))
    leader, follower = leader_advantages(before, after, reward, 0.9, 1.0)
    to_go = np.zeros((6, 2))
    for t in reversed(range(5)):
        to_go[t] = reward[t] + 0.9 * to_go[t + 1]
    assert_allclose(leader + before, to_go[:5])
    assert_allclose(follower + after, to_go[:5])


def test_with_lambda_zero_they_are_one_phase_ahead() -> None:
    before, after, reward = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]]), np.array([[7.0], [11.0]])
    leader, follower = leader_advantages(before, after, reward, 0.5, 0.0)
    assert_allclose(leader, [[3 - 1], [5 - 2]])
    assert_allclose(follower, [[7 + 0.5 * 2 - 3], [11 - 5]])


def test_a_ue_that_leaves_earns_nothing_afterwards() -> None:
    value = np.array([[1.0, np.nan], [2.0, 4.0], [np.nan, 8.0]])
    reward = np.array([[10.0, 0.0], [20.0, 30.0], [0.0, 40.0]])
    advantage = own_advantages(value, reward, 1.0, 1.0)
    assert_allclose(advantage, [[30 - 1, np.nan], [20 - 2, 70 - 4], [np.nan, 40 - 8]])


@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
def test_true_values_leave_no_advantage(seed: int, gamma: float, lambda_: float) -> None:
    reward = np.random.default_rng(seed).normal(size=(6, 1))
    value = np.zeros((6, 1))
    following = np.zeros(1)
    for t in reversed(range(6)):
        value[t] = following = reward[t] + gamma * following
    for advantage in (
        *leader_advantages(value, value, reward, gamma, lambda_),
        own_advantages(value, reward, gamma, lambda_),
    ):
        assert_allclose(advantage, 0, atol=1e-12)
