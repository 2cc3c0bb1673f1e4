# SPDX-License-Identifier: MIT
"""Whether the engine can run a model: it shares keys and values, and applies the output embedding by itself."""

from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel

from llmac.bridge.errors import LlmacError


@torch.inference_mode()
def refuse_unsuitable(model: PreTrainedModel, tokens: list[int]) -> None:
    """Let the model read some tokens and see what it does.

    Raises:
        LlmacError: it keeps other things than keys and values between tokens, or its logits are not the output
            embedding of its last hidden states, for instance because they are scaled or capped.
    """
    body: Any = model.base_model
    head: Any = model.get_output_embeddings()
    seen: dict[str, Any] = {}

    def note_hidden(_: Any, __: Any, output: Any) -> None:
        seen["hidden"] = output[0]

    def note_logits(_: Any, inputs: Any, output: Any) -> None:
        seen["read"], seen["logits"] = inputs[0], output

    hooks = [body.register_forward_hook(note_hidden), head.register_forward_hook(note_logits)]
    cache: Any = DynamicCache(config=model.config)
    try:
        whole: Any = model
        logits = whole(
            input_ids=torch.tensor([tokens], device=model.device), past_key_values=cache, use_cache=True
        ).logits
        kept = {tuple(part.shape) for layer in cache.layers for part in (layer.keys, layer.values)}
    except (AttributeError, TypeError, ValueError):
        logits, kept = None, set[tuple[int, ...]]()
    finally:
        for hook in hooks:
            hook.remove()
    name = type(model).__name__
    if logits is None or len(kept) != 1 or kept.pop()[2] != len(tokens):
        raise LlmacError(
            f"{name} keeps other things than keys and values between tokens, which the engine cannot share; "
            "--backend generate can run it"
        )
    if not torch.equal(seen["read"], seen["hidden"]) or not torch.equal(seen["logits"].float(), logits.float()):
        raise LlmacError(
            f"{name} scales or caps its logits after the output embedding, which the engine does not; "
            "--backend generate can run it"
        )
