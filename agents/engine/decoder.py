# SPDX-License-Identifier: MIT
"""Hidden states of small models of Qwen2's and Llama's architecture on a processor, without torch in between.

The weights are copies; see `Engine.weights_changed`.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.engine.kernels import Weights, hidden_states, logits
from llmac.agents.engine.reading import Reading
from llmac.agents.models.lora import is_adapted

LARGEST = 10_000_000
"""Parameters; the overhead does not matter for larger models, and copies of their weights would."""


class Decoder:
    """A Trunk; see there."""

    most = 2**16
    """It takes them in small groups by itself."""

    def __init__(self, model: PreTrainedModel) -> None:
        config: Any = model.config
        base: Any = model.base_model
        output: Any = model.get_output_embeddings()
        head: int = base.layers[0].self_attn.head_dim
        positions = torch.arange(config.max_position_embeddings)[None]
        rotation = torch.stack(base.rotary_emb(base.embed_tokens.weight, positions), dim=2)[0]
        projections = [_Projections(layer, head) for layer in base.layers]
        embedding = base.embed_tokens.weight
        normed = functional.rms_norm(embedding, embedding.shape[1:], eps=config.rms_norm_eps)
        first = functional.linear(normed, projections[0].query_keys_values, projections[0].query_keys_values_bias)
        self._weights = Weights(
            embedding=_array(embedding),
            head=_array(output.weight),
            first=_array(first),
            rotation=_array(rotation[:, :, : head // 2]),
            query_keys_values=_stacked([p.query_keys_values.T for p in projections]),
            query_keys_values_bias=_stacked([p.query_keys_values_bias for p in projections]),
            out=_stacked([layer.self_attn.o_proj.weight.T for layer in base.layers]),
            out_bias=_stacked([_bias(layer.self_attn.o_proj) for layer in base.layers]),
            gate_up=_stacked([p.gate_up.T for p in projections]),
            down=_stacked([layer.mlp.down_proj.weight.T for layer in base.layers]),
            norm=_array(base.norm.weight),
            epsilon=np.float32(config.rms_norm_eps),
            groups=config.num_key_value_heads,
        )
        self._store = np.empty((len(projections), 0, 2 * config.num_key_value_heads * head), dtype=np.float32)

    @staticmethod
    def can_run(model: PreTrainedModel) -> bool:
        """Whether it knows the architecture, and is of use."""
        config: Any = model.config
        return (
            config.model_type in {"qwen2", "llama"}
            and set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
            and config.hidden_act == "silu"
            and (config.rope_parameters or {}).get("rope_type") == "default"
            and not getattr(config, "mlp_bias", False)
            and not is_adapted(model)
            and model.dtype == torch.float32
            and model.device.type == "cpu"
            and model.num_parameters() < LARGEST
        )

    @property
    def bytes_per_slot(self) -> int:
        """See Trunk."""
        return self._store.itemsize * self._store.shape[0] * self._store.shape[2]

    def read(self, reading: Reading) -> torch.Tensor:
        """See Trunk."""
        layers, room, width = self._store.shape
        if reading.end > room:
            more = np.empty((layers, reading.end + room // 2 - room, width), dtype=np.float32)
            self._store = np.concatenate([self._store, more], axis=1)
        return torch.from_numpy(
            hidden_states(
                self._weights,
                self._store,
                reading.start,
                reading.tokens,
                reading.positions,
                reading.slots,
                reading.row,
                reading.asked,
            )
        )

    def logits(
        self, hidden: torch.Tensor, rows: NDArray[np.int64], tokens: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """See Trunk."""
        return logits(hidden.numpy(), self._weights.head, rows, tokens, ends)


class _Projections:
    """Of a layer, those that read the same in one; with the scales of the norms before them and of the attention."""

    def __init__(self, layer: Any, head: int) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        scales = (head**-0.5, 1.0, 1.0)
        read = [part.weight * scale for part, scale in zip(parts, scales, strict=True)]
        self.query_keys_values = torch.cat(read) * layer.input_layernorm.weight
        biases = [_bias(part) * scale for part, scale in zip(parts, scales, strict=True)]
        self.query_keys_values_bias = torch.cat(biases)
        gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        self.gate_up = gate_up * layer.post_attention_layernorm.weight


def _bias(projection: Any) -> torch.Tensor:
    return projection.weight.new_zeros(len(projection.weight)) if projection.bias is None else projection.bias


def _stacked(tensors: list[torch.Tensor]) -> NDArray[np.float32]:
    return _array(torch.stack(tensors))


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().numpy())
