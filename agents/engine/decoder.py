# SPDX-License-Identifier: MIT
"""Hidden states of small models of Qwen2's and Llama's architecture, with as few operations as possible.

Nearly all of the time of a small model is spent between the operations: transformers has to be ready for everything.
Here the weights of the norms and the scale of the attention are multiplied into the projections, what is projected
alike is projected at once, and the last layer is computed where it is asked for only. The weights are copies; see
`Engine.weights_changed`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.engine.reading import Reading
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

    most = 640
    """What they need stays in the processor's cache."""

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
        # What the first layer projects depends on the token alone.
        normed = self._normed(self._embedding)
        self._first_query, self._first_keys_values = (
            of(normed) for of in (self._layers[0].query, self._layers[0].keys_values)
        )
        self._store = self._embedding.new_empty(len(self._layers), 2, self._groups, 0, self._width)
        self._heads: int = config.num_attention_heads // self._groups

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

    @property
    def bytes_per_slot(self) -> int:
        """See Trunk."""
        return 2 * self._groups * self._width * len(self._layers) * self._embedding.element_size()

    def read(self, reading: Reading) -> torch.Tensor:
        """See Trunk."""
        self._make_room(reading.end)
        rows, longest = reading.slots.shape
        tokens, positions, slots, new, first, asked, answer = (
            torch.from_numpy(array.ravel()).to(self._embedding.device)
            for array in (
                reading.tokens,
                reading.positions,
                reading.slots,
                reading.new,
                reading.first,
                reading.asked,
                reading.answer,
            )
        )
        mask = self._mask(reading.depth, longest)
        last_mask = self._mask(reading.asked_depth, longest)
        rotation = self._rotation.index_select(0, positions)
        hidden = self._embedding.index_select(0, tokens)
        last = len(self._layers) - 1
        for number, layer in enumerate(self._layers):
            if number:
                normed = self._normed(hidden)
                keys_values = layer.keys_values(normed)
            else:
                normed = hidden
                keys_values = self._first_keys_values.index_select(0, tokens)
            seen = self._remember(number, reading, keys_values, rotation).index_select(2, slots)
            if number == last:
                # Only what is asked for goes through the last layer.
                tokens, hidden, normed, rotation = (
                    of.index_select(0, asked) for of in (tokens, hidden, normed, rotation)
                )
            query = layer.query(normed) if number else self._first_query.index_select(0, tokens)
            query = self._rotated(query, rotation)
            if number == last:
                attended = self._attended(query, seen, last_mask, rows)
            else:
                query = query.index_select(0, new)
                attended = self._attended(query, seen, mask, rows).index_select(0, first)
            hidden = hidden + layer.out(attended)
            gate, up = layer.gate_up(self._normed(hidden)).chunk(2, -1)
            hidden = hidden + layer.down(functional.silu(gate) * up)
        return self._normed(hidden.index_select(0, answer)) * self._norm

    def _make_room(self, slots: int) -> None:
        room = self._store.shape[3]
        if slots > room:
            shape = list(self._store.shape)
            shape[3] = slots + room // 2 - room
            self._store = torch.cat([self._store, self._store.new_empty(shape)], dim=3)

    def _mask(self, depth: NDArray[np.int64], longest: int) -> torch.Tensor:
        """What is added to scores, so that queries at depths, [rows, queries], see themselves and what is before.

        Returns:
            [groups * rows, heads of a group * queries, longest].
        """
        behind = torch.from_numpy(np.arange(longest) > depth[:, :, None]).to(self._embedding.device)
        return torch.where(behind, -torch.inf, 0.0).repeat(self._groups, self._heads, 1)

    def _remember(
        self, layer: int, reading: Reading, keys_values: torch.Tensor, rotation: torch.Tensor
    ) -> torch.Tensor:
        """Fill the new slots of a layer; returns all its keys and values, [2, groups, slots, width]."""
        store = self._store[layer]
        keys, values = keys_values.unflatten(1, (2, self._groups, self._width)).unbind(1)
        new = slice(reading.start, reading.end)
        store[0, :, new] = self._rotated(keys.flatten(1), rotation).unflatten(1, (self._groups, -1)).transpose(0, 1)
        store[1, :, new] = values.transpose(0, 1)
        return store

    def _normed(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(hidden, hidden.shape[-1:], eps=self._epsilon)

    def _rotated(self, features: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
        """Queries or keys at their positions, [tokens, heads * width]."""
        pairs = features.unflatten(1, (-1, self._width // 2, 2))
        return torch.view_as_real(torch.view_as_complex(pairs) * rotation).flatten(1)

    def _attended(self, query: torch.Tensor, seen: torch.Tensor, mask: torch.Tensor, rows: int) -> torch.Tensor:
        """Values by attention, [rows * queries, groups * heads * width].

        Two products for all rows and heads take half the time of scaled_dot_product_attention on such short texts.

        Args:
            query: [rows * queries, groups * heads * width].
            seen: [2, groups, rows * slots, width] keys and values.
            mask: see _mask.
            rows: how many.
        """
        shape = (rows, -1, self._groups, self._heads, self._width)
        keys, values = seen.unflatten(2, (rows, -1)).flatten(1, 2)
        # The heads of a group attend to the same keys, as if they were more queries.
        query = query.view(shape).permute(2, 0, 3, 1, 4).reshape(*mask.shape[:2], self._width)
        attended = torch.baddbmm(mask, query, keys.transpose(1, 2)).softmax(-1) @ values
        return (
            attended.view(self._groups, rows, self._heads, -1, self._width)
            .permute(1, 3, 0, 2, 4)
            .flatten(2)
            .flatten(0, 1)
        )

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
