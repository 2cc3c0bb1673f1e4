# SPDX-License-Identifier: MIT
"""How much text a model can read."""

from typing import Any

from llmac.bridge.errors import LlmacError

_UNLIMITED = 2**20
"""Tokens; more than anybody says to a model that has no positions."""


def context_length(config: Any) -> int:
    """Tokens of a prompt and its sentence at most; layers with a sliding window would forget the instruction."""
    limits = [getattr(config, "max_position_embeddings", _UNLIMITED)]
    if "sliding_attention" in (getattr(config, "layer_types", None) or ()):
        limits.append(config.sliding_window)
    return min(limits)


def check_length(config: Any, instruction: int, state: int) -> None:
    """Make sure that a prompt fits, with a sentence.

    Args:
        config: of the model.
        instruction: tokens.
        state: tokens.

    Raises:
        LlmacError: it does not.
    """
    context = context_length(config)
    tokens = instruction + state
    # As much again as the state may be said.
    if tokens + state > context:
        raise LlmacError(f"a prompt of {tokens} tokens is too long for the model's context of {context} tokens")
