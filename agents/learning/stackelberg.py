# SPDX-License-Identifier: MIT
"""The total gradient of a leader whose followers respond, by implicit differentiation.

At the followers' best response, where d F / d u = 0, a change of the leader's weights b moves their weights u by
- (d2F/du2)^-1 d2F/dudb, so that the leader's value L changes by dL/db - d2F/dbdu (d2F/du2)^-1 dL/du (Fiez et al.,
"Implicit learning dynamics in Stackelberg games", ICML 2020). Only products of the Hessian with vectors are needed.
With one common utility dL/du = dF/du = 0, and nothing is left but the partial gradient that `ppo.improve` follows.

It is the seam for a leader that takes its followers' response into account (docs/training.md): `value_of_leader` and
`value_of_followers` are then surrogates of both values over one batch of episodes, differentiable in the weights of
both models, which needs attention that can be differentiated twice (attn_implementation="eager").
"""

from collections.abc import Callable, Sequence
from typing import cast

import torch

Vector = tuple[torch.Tensor, ...]
"""One tensor for each of some weights."""


def total_gradient(
    value_of_leader: torch.Tensor,
    value_of_followers: torch.Tensor,
    leader: Sequence[torch.Tensor],
    followers: Sequence[torch.Tensor],
    damping: float = 1e-3,
    iterations: int = 10,
) -> Vector:
    """The gradient of the leader's value in its own weights, the followers' response included.

    Args:
        value_of_leader: scalar with a graph, to be maximised by the leader.
        value_of_followers: scalar with a graph, to be maximised by the followers.
        leader: weights of the leader.
        followers: weights of the followers, near their best response.
        damping: added to the diagonal of the negative Hessian: as a trust region, and because a batch is noisy.
        iterations: of conjugate gradients, each as dear as two gradients.

    Returns:
        One tensor for each of the leader's weights.
    """
    weights = (*leader, *followers)
    partial = _grad(value_of_leader, weights)
    own, others = partial[: len(leader)], partial[len(leader) :]
    slope = torch.autograd.grad(value_of_followers, followers, create_graph=True)

    def curvature(v: Vector) -> Vector:
        """Product of - d2F/du2 + damping with a vector."""
        return tuple(damping * x - hx for x, hx in zip(v, _grad(slope, followers, v), strict=True))

    response = conjugate_gradients(curvature, others, iterations)
    moved = _grad(slope, leader, response)
    return tuple(x + y for x, y in zip(own, moved, strict=True))


def conjugate_gradients(
    product: Callable[[Vector], Vector], right: Vector, iterations: int, tolerance: float = 1e-12
) -> Vector:
    """Solve A x = right for a positive definite A that is known by its products (Hestenes and Stiefel, 1952)."""
    x = tuple(torch.zeros_like(part) for part in right)
    residual = direction = right
    square = _dot(residual, residual)
    for _ in range(iterations):
        if square <= tolerance * _dot(right, right):
            break
        along = product(direction)
        step = square / _dot(direction, along)
        x = tuple(a + step * b for a, b in zip(x, direction, strict=True))
        residual = tuple(a - step * b for a, b in zip(residual, along, strict=True))
        square, before = _dot(residual, residual), square
        direction = tuple(a + square / before * b for a, b in zip(residual, direction, strict=True))
    return x


def _grad(
    of: torch.Tensor | Sequence[torch.Tensor], weights: Sequence[torch.Tensor], along: Vector | None = None
) -> Vector:
    """Gradient, zero where there is no dependence; the graph stays."""
    found = torch.autograd.grad(of, weights, along, retain_graph=True, allow_unused=True)
    # The stubs do not know that there is None where there is no dependence.
    found = cast("Sequence[torch.Tensor | None]", found)
    return tuple(torch.zeros_like(w) if g is None else g for g, w in zip(found, weights, strict=True))


def _dot(a: Vector, b: Vector) -> torch.Tensor:
    return torch.stack([(x * y).sum() for x, y in zip(a, b, strict=True)]).sum()
