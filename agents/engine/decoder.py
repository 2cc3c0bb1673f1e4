# SPDX-License-Identifier: MIT
"""Hidden states of small models of Qwen2's and Llama's architecture, with as few operations as possible.

Nearly all of the time of a small model is spent between the operations: transformers has to be ready for everything.
Here the projections of a layer are one matrix, and the last layer is computed where it is asked for only, at the last
token of each row. The weights are copies; see `Engine.weights_changed`.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.engine.rows import Feed, Rows
from llmac.agents.models.lora import is_adapted

LARGEST = 10_000_000
"""Parameters; the overhead does not matter for larger models, and copies of their weights would."""


@dataclass(frozen=True, slots=True)
class _Layer:
    before_attention: torch.Tensor
    qkv: torch.Tensor
    qkv_bias: torch.Tensor | None
    out: torch.Tensor
    before_mlp: torch.Tensor
    gate_up: torch.Tensor
    down: torch.Tensor


class Decoder:
    """A Trunk; see there."""

    def __init__(self, model: PreTrainedModel) -> None:
        config: Any = model.config
        base: Any = model.base_model
        self._heads: int = config.num_attention_heads
        self._groups: int = config.num_key_value_heads
        self._width: int = base.layers[0].self_attn.head_dim
        self._epsilon: float = config.rms_norm_eps
        self._embedding: torch.Tensor = base.embed_tokens.weight.detach()
        self._norm: torch.Tensor = base.norm.weight.detach()
        positions = torch.arange(config.max_position_embeddings, device=model.device)[None]
        cos, sin = base.rotary_emb(self._embedding, positions)
        # Rotating by half a head and these signs is what transformers does with two halves.
        sign = torch.ones(self._width, device=model.device)
        sign[: self._width // 2] = -1
        self._cos, self._sin = cos[0, :, None].contiguous(), (sin[0] * sign)[:, None].to(cos.dtype).contiguous()
        self._layers = [self._fused(layer) for layer in base.layers]

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
            and model.num_parameters() < LARGEST
        )

    def prefix(self, tokens: list[int]) -> torch.Tensor:
        """See Trunk."""
        empty = self._embedding.new_empty(len(self._layers), 2, 1, self._groups, 0, self._width)
        rows = Rows(empty, 1, len(tokens))
        self.last_hidden(rows, rows.place([tuple(tokens)]))
        return rows.held().clone()

    def last_hidden(self, rows: Rows, feed: Feed) -> torch.Tensor:
        """See Trunk."""
        count, longest = feed.tokens.shape
        hidden = self._embedding[feed.tokens]
        cos, sin = self._cos[feed.positions], self._sin[feed.positions]
        mask, heads = feed.mask, self._heads
        row = torch.arange(count, device=hidden.device)
        for number, layer in enumerate(self._layers):
            normed = functional.rms_norm(hidden, hidden.shape[-1:], layer.before_attention, self._epsilon)
            qkv = functional.linear(normed, layer.qkv, layer.qkv_bias)
            qkv = qkv.view(count, longest, heads + 2 * self._groups, self._width)
            qk = qkv[:, :, : heads + self._groups]
            qk = torch.addcmul(qk * cos, qk.roll(self._width // 2, -1), sin)
            keys, values = rows.write(
                number, qk[:, :, heads:].transpose(1, 2), qkv[:, :, heads + self._groups :].transpose(1, 2)
            )
            query = qk[:, :, :heads]
            if number == len(self._layers) - 1 and longest > 1:
                query, hidden = query[row, feed.last][:, None], hidden[row, feed.last][:, None]
                mask = None if mask is None else mask[row, :, feed.last][:, :, None]
            attended = functional.scaled_dot_product_attention(
                query.transpose(1, 2), keys, values, attn_mask=mask, enable_gqa=self._groups < heads
            )
            hidden = hidden + functional.linear(attended.transpose(1, 2).flatten(2), layer.out)
            normed = functional.rms_norm(hidden, hidden.shape[-1:], layer.before_mlp, self._epsilon)
            gate, up = functional.linear(normed, layer.gate_up).chunk(2, -1)
            hidden = hidden + functional.linear(functional.silu(gate) * up, layer.down)
        return functional.rms_norm(hidden[:, -1], hidden.shape[-1:], self._norm, self._epsilon)

    def _fused(self, layer: Any) -> _Layer:
        attention, mlp = layer.self_attn, layer.mlp
        projections = (attention.q_proj, attention.k_proj, attention.v_proj)
        bias = None if attention.q_proj.bias is None else torch.cat([p.bias for p in projections]).detach()
        return _Layer(
            before_attention=layer.input_layernorm.weight.detach(),
            qkv=torch.cat([p.weight for p in projections]).detach(),
            qkv_bias=bias,
            out=attention.o_proj.weight.detach(),
            before_mlp=layer.post_attention_layernorm.weight.detach(),
            gate_up=torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).detach(),
            down=mlp.down_proj.weight.detach(),
        )
