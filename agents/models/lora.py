# SPDX-License-Identifier: MIT
"""Two LoRA adapters, one for each role, on one shared base (Hu et al., ICLR 2022)."""

import copy
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel

from llmac.agents.language.prompts import Role
from llmac.bridge.errors import LlmacError

RANK = 16
_SAMPLE = 64
"""Numbers of each parameter that tell one base from another."""


def with_adapters(base: PreTrainedModel, seed: int, rank: int = RANK) -> dict[Role, PreTrainedModel]:
    """A model for each role that says at first what the base says.

    The parameters of the base are the same objects in both, and frozen; those of the adapters are of each role alone,
    in float32, and the only ones that can be trained.
    """
    models: dict[Role, PreTrainedModel] = {}
    for number, role in enumerate(Role):
        models[role] = model = _sharing(base)
        with torch.random.fork_rng():
            torch.manual_seed(2 * seed + number)  # pyright: ignore[reportUnknownMemberType]
            # "all-linear" leaves out the output embedding, whose rows the engine picks.
            model.add_adapter(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear"), role.value)
        _prepare(model)
    return models


def load_adapters(base: PreTrainedModel, folders: Mapping[Role, Path]) -> dict[Role, PreTrainedModel]:
    """The base with the adapters that are in these folders, as PEFT writes them.

    Raises:
        LlmacError: they do not fit.
    """
    models: dict[Role, PreTrainedModel] = {}
    for role, folder in folders.items():
        models[role] = model = _sharing(base)
        try:
            model.add_adapter(cast("LoraConfig", LoraConfig.from_pretrained(str(folder))), role.value)
            _prepare(model)
            _fill(model, role, load_file(folder / "adapter_model.safetensors"))
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise LlmacError(f"{folder}: the adapter cannot be loaded: {str(error).splitlines()[0]}") from error
    return models


def is_adapted(model: PreTrainedModel) -> bool:
    """Whether a model is a base with an adapter."""
    return bool(getattr(model, "_hf_peft_config_loaded", False))


def fingerprint(base: PreTrainedModel) -> str:
    """Hexadecimal digits that differ from one base to another: SHA-256 of a sample of its weights in float32.

    For a model with an adapter, that of its base.
    """
    digest = hashlib.sha256()
    # Adapters wrap the layers of the base.
    named = {name.replace(".base_layer.", "."): p for name, p in base.named_parameters() if ".lora_" not in name}
    for name, parameter in sorted(named.items()):
        digest.update(f"{name} {tuple(parameter.shape)}".encode())
        digest.update(parameter.detach().flatten()[:_SAMPLE].bfloat16().float().cpu().numpy().tobytes())
    return digest.hexdigest()


def _sharing(model: PreTrainedModel) -> PreTrainedModel:
    """Another model of the same parameters and buffers."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, shared)


def _fill(model: PreTrainedModel, role: Role, tensors: Mapping[str, torch.Tensor]) -> None:
    # Not model.load_adapter: it would round the weights to the base's type.
    prefix = "base_model.model."
    named = {
        name.removeprefix(prefix).replace(".weight", f".{role.value}.weight"): tensor
        for name, tensor in tensors.items()
    }
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if {name: t.shape for name, t in named.items()} != {name: p.shape for name, p in parameters.items()}:
        raise ValueError("its weights are not those of an adapter of this base")
    for name, tensor in named.items():
        parameters[name].data.copy_(tensor)


def _prepare(model: PreTrainedModel) -> None:
    for name, parameter in model.named_parameters():
        adapts = ".lora_" in name
        parameter.requires_grad_(adapts)
        if adapts:
            parameter.data = parameter.data.float()
    model.eval()
