# SPDX-License-Identifier: MIT
"""Optimisers whose whole state is named tensors, so that a run resumes bit for bit without pickle."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch


def adam(parameters: Iterable[torch.nn.Parameter], rate: float) -> torch.optim.Adam:
    """Adam with PPO's usual epsilon, for the parameters that are not frozen."""
    return torch.optim.Adam([p for p in parameters if p.requires_grad], lr=rate, eps=1e-5)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Change the learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def tensors_of(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """State of every parameter by "number.name"; none before the first step."""
    state: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
    return {f"{index}.{name}": tensor for index, values in state.items() for name, tensor in values.items()}


def restore(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Take up the state that `tensors_of` gave."""
    whole = optimiser.state_dict()
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({**whole, "state": state})
