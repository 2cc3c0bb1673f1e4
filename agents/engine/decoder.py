# SPDX-License-Identifier: MIT
"""Hidden states of small models of Qwen2's and Llama's architecture, with as few operations as possible.

Nearly all of the time of a small model is spent between the operations: transformers has to be ready for everything.
Here the weights of the norms and the scale of the attention are multiplied into the projections, what is projected
alike is projected at once, and the last layer is computed where it is asked for only. The weights are copies; see
`Engine.weights_changed`.
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
class _Linear:
    weight: torch.Tensor
    bias: torch.Tensor | None

    @classmethod
    def of(cls, *projections: Any) -> "_Linear":
        """Several in one."""
        bias = None if projections[0].bias is None else torch.cat([p.bias.detach() for p in projections])
        return cls(torch.cat([p.weight.detach() for p in projections]), bias)

    def after(self, norm: torch.Tensor) -> "_Linear":
        """Of what was normed without weights."""
        return _Linear(self.weight * norm.detach(), self.bias)

    def times(self, factor: float) -> "_Linear":
        return _Linear(self.weight * factor, None if self.bias is None else self.bias * factor)

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        return functional.linear(features, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Layer:
    query: _Linear
    keys_values: _Linear
    out: _Linear
    gate_up: _Linear
    down: _Linear


class Decoder:
    """A Trunk; see there."""

    def __init__(self, model: PreTrainedModel) -> None:
        config: Any = model.config
        base: Any = model.base_model
        self._groups: int = config.num_key_value_heads
        self._width: int = base.layers[0].self_attn.head_dim
        self._epsilon: float = config.rms_norm_eps
        self._embedding: torch.Tensor = base.embed_tokens.weight.detach()
        self._norm: torch.Tensor = base.norm.weight.detach()
        positions = torch.arange(config.max_position_embeddings, device=model.device)[None]
        cos, sin = base.rotary_emb(self._embedding, positions)
        half = self._width // 2
        self._rotation = torch.complex(cos[0, :, :half], sin[0, :, :half])[:, None]
        self._layers = [self._prepared(layer) for layer in base.layers]

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
            and model.num_parameters() < LARGEST
        )

    def prefix(self, tokens: list[int]) -> torch.Tensor:
        """See Trunk."""
        empty = self._embedding.new_empty(len(self._layers), 2, 1, self._groups, 0, self._width)
        rows = Rows(empty, 1, len(tokens))
        self.hidden(rows, rows.place([tokens], [[0]]))
        return rows.held().clone()

    def hidden(self, rows: Rows, feed: Feed) -> torch.Tensor:
        """See Trunk."""
        hidden = self._embedding[feed.tokens]
        rotation, mask = self._rotation[feed.positions], feed.mask
        for number, layer in enumerate(self._layers):
            normed = self._normed(hidden)
            keys, values = layer.keys_values(normed).chunk(2, -1)
            keys, values = rows.write(
                number,
                self._rotated(keys, rotation).transpose(1, 2),
                values.unflatten(2, (self._groups, -1)).transpose(1, 2),
            )
            if number == len(self._layers) - 1:
                row = torch.arange(len(hidden), device=hidden.device)[:, None]
                hidden, normed, rotation = (of[row, feed.asked] for of in (hidden, normed, rotation))
                mask = None if mask is None else mask[row, 0, feed.asked][:, None]
            query = self._rotated(layer.query(normed), rotation)
            hidden = hidden + layer.out(self._attended(query, keys, values, mask))
            gate, up = layer.gate_up(self._normed(hidden)).chunk(2, -1)
            hidden = hidden + layer.down(functional.silu(gate) * up)
        return self._normed(hidden) * self._norm

    def _normed(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(hidden, hidden.shape[-1:], eps=self._epsilon)

    def _rotated(self, features: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
        """Queries or keys at their positions, [rows, tokens, heads, width]."""
        pairs = features.unflatten(2, (-1, self._width // 2, 2))
        return torch.view_as_real(torch.view_as_complex(pairs) * rotation).flatten(3)

    def _attended(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Values by attention, [rows, tokens, heads * width].

        Two products for all rows and heads take half the time of scaled_dot_product_attention on such short texts.
        """
        tokens = query.shape[1]
        # The heads of a group attend to the same keys, as if they were more tokens.
        query = query.unflatten(2, (self._groups, -1)).permute(0, 2, 3, 1, 4).flatten(2, 3)
        scores = query @ keys.transpose(2, 3)
        if mask is not None:
            scores.unflatten(2, (-1, tokens)).add_(mask[:, :, None])
        attended = scores.softmax(-1) @ values
        return attended.unflatten(2, (-1, tokens)).permute(0, 3, 1, 2, 4).flatten(2)

    def _prepared(self, layer: Any) -> _Layer:
        attention, mlp = layer.self_attn, layer.mlp
        before_attention, before_mlp = layer.input_layernorm.weight, layer.post_attention_layernorm.weight
        query, key = (self._paired(_Linear.of(projection)) for projection in (attention.q_proj, attention.k_proj))
        return _Layer(
            query=query.after(before_attention).times(self._width**-0.5),
            keys_values=_Linear.of(key, attention.v_proj).after(before_attention),
            out=_Linear.of(attention.o_proj),
            gate_up=_Linear.of(mlp.gate_proj, mlp.up_proj).after(before_mlp),
            down=_Linear.of(mlp.down_proj),
        )

    def _paired(self, projection: _Linear) -> _Linear:
        """With the pairs of numbers that are rotated together side by side; transformers has them half a head apart."""

        def pairs(of: torch.Tensor) -> torch.Tensor:
            return of.unflatten(0, (-1, 2, self._width // 2)).transpose(1, 2).flatten(0, 2)

        return _Linear(pairs(projection.weight), None if projection.bias is None else pairs(projection.bias))
