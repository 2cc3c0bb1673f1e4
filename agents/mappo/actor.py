# SPDX-License-Identifier: MIT
"""The network of a role: a multilayer perceptron with one categorical head for each thing that is decided."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class Actor(nn.Module):
    """Logits of H heads with C codes each; seeded weights, orthogonal as in MAPPO (Yu et al., NeurIPS 2022).

    Args:
        inputs: features.
        heads: H.
        codes: C.
        width: of its two hidden layers.
        seed: of the weights.
    """

    def __init__(self, inputs: int, heads: int, codes: int, width: int, seed: int) -> None:
        super().__init__()
        self.shape = (heads, codes)
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
            self.layers = nn.Sequential(
                _linear(inputs, width, 2**0.5),
                nn.ReLU(),
                _linear(width, width, 2**0.5),
                nn.ReLU(),
                # Small, so that it begins near the uniform distribution.
                _linear(width, heads * codes, 0.01),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits, [rows, H, C], of features, [rows, inputs]."""
        logits: Any = self.layers(x)
        return logits.unflatten(1, self.shape)


def log_probs(logits: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Log-probabilities over what is allowed, -inf elsewhere; both [..., C]."""
    return functional.log_softmax(logits.masked_fill(~allowed, -torch.inf), dim=-1)


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer
