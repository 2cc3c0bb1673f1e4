# SPDX-License-Identifier: MIT
"""Qwen2's and Llama's layers for a few tokens, compiled by Numba.

A model of a hundred thousand parameters reads a token in about two microseconds. Calling one operation of torch takes
longer, and a reading has a hundred of them. Here it is one call. Tokens go through all layers in groups of a size at
which what they need stays in the processor's first caches, and at which products of matrices need no second thread.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

_GROUP = 32
"""Tokens."""

Floats = NDArray[np.float32]
_F = TypeVar("_F", bound=Callable[..., Any])


class Weights(NamedTuple):
    """Of a model of `layers` layers, all float32; the scales of norms and of the attention are in the projections."""

    embedding: Floats
    """[vocabulary, width]."""
    first: Floats
    """[vocabulary, all heads] what the first layer projects, which depends on the token alone."""
    rotation: Floats
    """[positions, 2, head / 2] cosines and sines."""
    query_keys_values: Floats
    """[layers, width, all heads]."""
    query_keys_values_bias: Floats
    """[layers, all heads]."""
    out: Floats
    """[layers, heads, width]."""
    out_bias: Floats
    """[layers, width]."""
    gate_up: Floats
    """[layers, width, 2 * inner]."""
    down: Floats
    """[layers, inner, width]."""
    norm: Floats
    """[width] of the last norm."""
    epsilon: np.float32
    groups: int
    """Heads of keys."""


def compiled(function: _F) -> _F:
    """Compile a function when it is called first, and keep the result where that can be written."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "arcp", "nsz", "afn"}}
    result: Any
    try:
        result = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        result = numba.njit(**options)(function)
    return result


@compiled
def hidden_states(
    weights: Weights,
    store: Floats,
    start: int,
    tokens: NDArray[np.int64],
    positions: NDArray[np.int64],
    slots: NDArray[np.int64],
    row: NDArray[np.int64],
    asked: NDArray[np.bool_],
) -> Floats:
    """Read tokens.

    Args:
        weights: of the model.
        store: [layers, slots, 2 * keys of all groups] keys and values; the slots of the tokens are filled.
        start: slot of the first token; the others follow.
        tokens: [n], each after those that it sees.
        positions: [n] of them in their texts.
        slots: [rows, longest] of texts.
        row: [n] of the text of each token; it sees as many of its slots as its position says, and itself.
        asked: [n] whether its hidden state is wanted.

    Returns:
        [asked, width] hidden states after the last norm.
    """
    layers = weights.out.shape[0]
    result = np.empty((asked.sum(), weights.embedding.shape[1]), dtype=np.float32)
    done = 0
    for first in range(0, len(tokens), _GROUP):
        these = slice(first, min(first + _GROUP, len(tokens)))
        hidden = weights.embedding[tokens[these]]
        for layer in range(layers):
            if layer:
                projected = np.dot(_normed(hidden, weights.epsilon), weights.query_keys_values[layer])
                projected += weights.query_keys_values_bias[layer]
            else:
                projected = weights.first[tokens[these]]
            # Only what is asked for goes through the last layer.
            wanted = np.arange(len(hidden)) if layer < layers - 1 else np.flatnonzero(asked[these])
            new = start + first
            hidden = _layer(
                weights, layer, store[layer], new, hidden, projected, positions[these], slots, row[these], wanted
            )
        result[done : done + len(hidden)] = _normed(hidden, weights.epsilon) * weights.norm
        done += len(hidden)
    return result


@compiled
def _layer(
    weights: Weights,
    layer: int,
    store: Floats,
    start: int,
    hidden: Floats,
    projected: Floats,
    positions: NDArray[np.int64],
    slots: NDArray[np.int64],
    row: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> Floats:
    """One layer of the `wanted` ones of some tokens; all of them leave their keys and values in the store."""
    heads = weights.out.shape[1]
    keys = store.shape[1] // 2
    for i in range(len(hidden)):
        _rotate(projected[i, : heads + keys], weights.rotation[positions[i]])
        store[start + i] = projected[i, heads:]
    attended = _attended(weights.groups, heads, projected, store, positions, slots, row, wanted)
    result = np.dot(attended, weights.out[layer])
    result += weights.out_bias[layer]
    result += hidden[wanted]
    gate_up = np.dot(_normed(result, weights.epsilon), weights.gate_up[layer])
    inner = gate_up.shape[1] // 2
    gated = np.empty((len(wanted), inner), dtype=np.float32)
    scratch = np.empty(inner, dtype=np.int32)
    for a in range(len(wanted)):
        gate, up, silu = gate_up[a, :inner], gate_up[a, inner:], gated[a]
        for k in range(inner):
            silu[k] = -gate[k]
        _exponentiate(silu, inner, scratch)
        for k in range(inner):
            silu[k] = gate[k] * up[k] / (np.float32(1.0) + silu[k])
    result += np.dot(gated, weights.down[layer])
    return result


@compiled
def _attended(
    groups: int,
    heads: int,
    projected: Floats,
    store: Floats,
    positions: NDArray[np.int64],
    slots: NDArray[np.int64],
    row: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> Floats:
    """Values by attention for the `wanted` ones of some queries, [wanted, heads], with which `projected` begins."""
    keys = store.shape[1] // 2
    width = keys // groups
    result = np.zeros((len(wanted), heads), dtype=np.float32)
    scores = np.empty(slots.shape[1], dtype=np.float32)
    scratch = np.empty(slots.shape[1], dtype=np.int32)
    for a in range(len(wanted)):
        i = int(wanted[a])
        seen, text = int(positions[i]) + 1, slots[row[i]]
        for first in range(0, heads, width):
            # Slices, as the compiler cannot know that the sum of two numbers is no index from behind.
            query, found = projected[i, first : first + width], result[a, first : first + width]
            of_group = first * groups // heads * width
            most = np.float32(-np.inf)
            for t in range(seen):
                key = store[text[t], of_group : of_group + width]
                score = np.float32(0.0)
                for k in range(width):
                    score += query[k] * key[k]
                scores[t] = score
                most = max(most, score)
            for t in range(seen):
                scores[t] -= most
            _exponentiate(scores, seen, scratch)
            total = np.float32(0.0)
            for t in range(seen):
                total += scores[t]
            for t in range(seen):
                share = scores[t] / total
                value = store[text[t], keys + of_group : keys + of_group + width]
                for k in range(width):
                    found[k] += share * value[k]
    return result


@compiled
def _normed(hidden: Floats, epsilon: np.float32) -> Floats:
    """Divided by their root mean square."""
    result = np.empty_like(hidden)
    width = hidden.shape[1]
    for i in range(len(hidden)):
        total = np.float32(0.0)
        for k in range(width):
            total += hidden[i, k] * hidden[i, k]
        scale = np.float32(1.0) / np.sqrt(total / np.float32(width) + epsilon)
        for k in range(width):
            result[i, k] = hidden[i, k] * scale
    return result


@compiled
def _rotate(heads: Floats, rotation: Floats) -> None:
    """Rotate the halves of heads against each other (Su et al., Neurocomputing 2024)."""
    half = rotation.shape[1]
    cosine, sine = rotation
    for head in range(0, len(heads), 2 * half):
        one, other = heads[head : head + half], heads[head + half : head + 2 * half]
        for k in range(half):
            a, b = one[k], other[k]
            one[k], other[k] = a * cosine[k] - b * sine[k], b * cosine[k] + a * sine[k]


@compiled
def _exponentiate(x: Floats, count: int, scratch: NDArray[np.int32]) -> None:
    """Exponential function of the first numbers in place, to two units in the last place.

    The polynomial is that of Cephes' expf, which compilers can vectorise.
    """
    for k in range(count):
        y = min(max(x[k], np.float32(-87.0)), np.float32(88.0))
        power = np.floor(y * np.float32(1.44269504) + np.float32(0.5))
        scratch[k] = (np.int32(power) + np.int32(127)) << np.int32(23)
        x[k] = y - power * np.float32(0.693359375) + power * np.float32(2.12194440e-4)
    scale = scratch.view(np.float32)
    for k in range(count):
        z = x[k]
        p = np.float32(1.9875691500e-4)
        p = p * z + np.float32(1.3981999507e-3)
        p = p * z + np.float32(8.3334519073e-3)
        p = p * z + np.float32(4.1665795894e-2)
        p = p * z + np.float32(1.6666665459e-1)
        p = p * z + np.float32(5.0000001201e-1)
        x[k] = (p * z * z + z + np.float32(1.0)) * scale[k]
