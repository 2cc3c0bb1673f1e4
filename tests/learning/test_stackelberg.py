# SPDX-License-Identifier: MIT
"""The total gradient in a game with known answers: commitment in a 2 x 2 game (Conitzer and Sandholm, EC 2006).

The leader's payoffs are 2 4 / 1 3, the follower's 1 0 / 0 1; the follower plays its soft best response with a
temperature of 0.1. Nash gives the leader 2, its best commitment 3.267.
"""

import math

import pytest
import torch

from llmac.agents.learning.stackelberg import Vector, conjugate_gradients, total_gradient

TEMPERATURE = 0.1


def _best_response(p: float) -> float:
    """Logit of the follower's second action, where the leader plays its second one with probability p."""
    return (2 * p - 1) / TEMPERATURE


def _values(b: torch.Tensor, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of leader and follower, with its entropy, at their logits."""
    p, q = torch.sigmoid(b), torch.sigmoid(u)
    entropy = -(q * q.log() + (1 - q) * (1 - q).log())
    return 2 + 2 * q - p, (1 - p) * (1 - q) + p * q + TEMPERATURE * entropy


def _at(p: float) -> tuple[torch.Tensor, torch.Tensor]:
    b = torch.tensor(math.log(p / (1 - p)), dtype=torch.float64, requires_grad=True)
    u = torch.tensor(_best_response(p), dtype=torch.float64, requires_grad=True)
    return b, u


def _total(b: torch.Tensor, u: torch.Tensor) -> float:
    return total_gradient(*_values(b, u), [b], [u], damping=0.0)[0].item()


@pytest.mark.parametrize("p", [0.2, 0.45, 0.6, 0.7])
def test_it_is_the_finite_difference_along_the_best_response(p: float) -> None:
    def committed(logit: float) -> float:
        q = 1 / (1 + math.exp(-_best_response(1 / (1 + math.exp(-logit)))))
        return 2 + 2 * q - 1 / (1 + math.exp(-logit))

    b, u = _at(p)
    step = 1e-5
    expected = (committed(b.item() + step) - committed(b.item() - step)) / (2 * step)
    assert _total(b, u) == pytest.approx(expected, abs=1e-6)


def test_the_partial_gradient_has_the_wrong_sign() -> None:
    b, u = _at(0.6)
    (partial,) = torch.autograd.grad(_values(b, u)[0], [b])
    assert partial.item() < 0 < _total(b, u)


@pytest.mark.parametrize(("total", "value"), [(True, 3.267), (False, 2.0)])
def test_who_foresees_the_response_finds_the_best_commitment(total: bool, value: float) -> None:
    logit = 0.0
    for _ in range(400):
        b, u = _at(1 / (1 + math.exp(-logit)))
        logit += 0.5 * (_total(b, u) if total else torch.autograd.grad(_values(b, u)[0], [b])[0].item())
    leader, _ = _values(*_at(1 / (1 + math.exp(-logit))))
    assert leader.item() == pytest.approx(value, abs=0.01)


def test_with_one_common_utility_only_the_partial_gradient_is_left() -> None:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    b = torch.randn(3, requires_grad=True)
    matrix = torch.randn(2, 3)
    best = (matrix @ b).detach().requires_grad_()
    value = -((best - matrix @ b) ** 2).sum() - (b**2).sum()
    (partial,) = torch.autograd.grad(value, [b], retain_graph=True)
    torch.testing.assert_close(total_gradient(value, value, [b], [best])[0], partial)


def test_conjugate_gradients_solve() -> None:
    torch.manual_seed(1)  # pyright: ignore[reportUnknownMemberType]
    root = torch.randn(6, 6, dtype=torch.float64)
    matrix, right = root @ root.T + torch.eye(6), torch.randn(6, dtype=torch.float64)

    def product(v: Vector) -> Vector:
        whole = matrix @ torch.cat(v)
        return whole[:2], whole[2:]

    found = torch.cat(conjugate_gradients(product, (right[:2], right[2:]), iterations=20))
    torch.testing.assert_close(matrix @ found, right)
