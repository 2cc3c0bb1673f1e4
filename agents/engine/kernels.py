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
_U = np.uint64
"""For indices in inner loops: one from behind is none of these, and slices would count references."""

Floats = NDArray[np.float32]
_F = TypeVar("_F", bound=Callable[..., Any])


class Weights(NamedTuple):
    """Of a model of `layers` layers, all float32; the scales of norms and of the attention are in the projections."""

    embedding: Floats
    """[vocabulary, width]."""
    head: Floats
    """[vocabulary, width] the output embedding."""
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
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": {"reassoc", "contract", "arcp", "nsz", "afn"},
        # A division that may raise an error is not vectorised.
        "error_model": "numpy",
    }
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
    _rotate(projected, heads + store.shape[1] // 2, weights.rotation, positions)
    for i in range(len(hidden)):
        for k in range(_U(store.shape[1])):
            store[start + i, k] = projected[i, _U(heads) + k]
    attended = _attended(weights.groups, heads, projected, store, positions, slots, row, wanted)
    result = np.dot(attended, weights.out[layer])
    bias = weights.out_bias[layer]
    for a in range(len(wanted)):
        for k in range(result.shape[1]):
            result[a, k] += bias[k] + hidden[wanted[a], k]
    gated = _gated(np.dot(_normed(result, weights.epsilon), weights.gate_up[layer]))
    result += np.dot(gated, weights.down[layer])
    return result


@compiled
def _gated(gate_up: Floats) -> Floats:
    """The gates' SiLU times what they let through, [n, inner], of both side by side."""
    inner = _U(gate_up.shape[1] // 2)
    result = np.empty((gate_up.shape[0], gate_up.shape[1] // 2), dtype=np.float32)
    for a in range(len(result)):
        for k in range(inner):
            result[a, k] = -gate_up[a, k]
    _exponentiate(result.ravel(), result.size)
    for a in range(len(result)):
        for k in range(inner):
            result[a, k] = gate_up[a, k] * gate_up[a, inner + k] / (np.float32(1.0) + result[a, k])
    return result


@compiled
def _shares(
    groups: int,
    heads: int,
    projected: Floats,
    store: Floats,
    positions: NDArray[np.int64],
    slots: NDArray[np.int64],
    row: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> Floats:
    """For each of the `wanted` queries, for each head, how much each token that it sees counts, one at most."""
    keys = _U(store.shape[1] // 2)
    width = keys // _U(groups)
    scores = np.empty(len(wanted) * heads * groups // int(keys) * slots.shape[1], dtype=np.float32)
    done = _U(0)
    for a in range(len(wanted)):
        i = wanted[a]
        text, seen = row[i], _U(positions[i] + 1)
        for head in range(_U(0), _U(heads), width):
            of_group = head * _U(groups) // _U(heads) * width
            most = np.float32(-np.inf)
            for t in range(seen):
                slot = slots[text, t]
                score = np.float32(0.0)
                for k in range(width):
                    score += projected[i, head + k] * store[slot, of_group + k]
                scores[done + t] = score
                most = max(most, score)
            for t in range(seen):
                scores[done + t] -= most
            done += seen
    _exponentiate(scores, int(done))
    return scores


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
    shares = _shares(groups, heads, projected, store, positions, slots, row, wanted)
    keys = _U(store.shape[1] // 2)
    width = keys // _U(groups)
    result = np.zeros((len(wanted), heads), dtype=np.float32)
    done = _U(0)
    for a in range(len(wanted)):
        i = wanted[a]
        text, seen = row[i], _U(positions[i] + 1)
        for head in range(_U(0), _U(heads), width):
            of_group = head * _U(groups) // _U(heads) * width + keys
            total = np.float32(0.0)
            for t in range(seen):
                total += shares[done + t]
            for t in range(seen):
                share = shares[done + t] / total
                slot = slots[text, t]
                for k in range(width):
                    result[a, head + k] += share * store[slot, of_group + k]
            done += seen
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
def _rotate(projected: Floats, columns: int, rotation: Floats, positions: NDArray[np.int64]) -> None:
    """Rotate the halves of the heads in the first columns against each other (Su et al., Neurocomputing 2024)."""
    half = _U(rotation.shape[2])
    for i in range(len(projected)):
        position = positions[i]
        for head in range(_U(0), _U(columns), _U(2) * half):
            for k in range(half):
                a, b = projected[i, head + k], projected[i, head + half + k]
                cosine, sine = rotation[position, 0, k], rotation[position, 1, k]
                projected[i, head + k] = a * cosine - b * sine
                projected[i, head + half + k] = b * cosine + a * sine


@compiled
def _exponentiate(x: Floats, count: int) -> None:
    """Exponential function of the first numbers in place, to two units in the last place.

    The polynomial is that of Cephes' expf, which compilers can vectorise.
    """
    scratch = np.empty(count, dtype=np.int32)
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


@compiled
def logits(
    hidden: Floats, head: Floats, rows: NDArray[np.int64], tokens: NDArray[np.int64], ends: NDArray[np.int64]
) -> Floats:
    """Logits of the tokens that are allowed at some choices.

    Args:
        hidden: [n, width] hidden states.
        head: [vocabulary, width] the output embedding.
        rows: [choices] of the hidden state before each choice.
        tokens: [sum of k] the k allowed tokens of each choice, one choice after the other.
        ends: [choices] where those of each choice end.
    """
    result = np.empty(len(tokens), dtype=np.float32)
    start = 0
    for i in range(len(ends)):
        row = rows[i]
        for j in range(start, ends[i]):
            token = tokens[j]
            total = np.float32(0.0)
            for k in range(_U(hidden.shape[1])):
                total += hidden[row, k] * head[token, k]
            result[j] = total
        start = ends[i]
    return result


@compiled
def distributions(
    logits: Floats, ends: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """What logits say of some choices.

    Args:
        logits: [sum of k] of the k allowed tokens of each choice, one choice after the other.
        ends: [choices] where those of each choice end.

    Returns:
        [sum of k] log-probabilities and [sum of k] cumulative probabilities of each choice, [choices] their entropies
        in nats and [choices] where, among all, the most probable token of each is.
    """
    log_probs, cumulative = np.empty(len(logits)), np.empty(len(logits))
    entropy, best = np.empty(len(ends)), np.empty(len(ends), dtype=np.int64)
    start = 0
    for i in range(len(ends)):
        best[i] = start
        for j in range(start, ends[i]):
            if logits[j] > logits[best[i]]:
                best[i] = j
        most, total = np.float64(logits[best[i]]), 0.0
        for j in range(start, ends[i]):
            log_probs[j] = np.float64(logits[j]) - most
            cumulative[j] = np.exp(log_probs[j])
            total += cumulative[j]
        normaliser = np.log(total)
        entropy[i] = until = 0.0
        for j in range(start, ends[i]):
            log_probs[j] -= normaliser
            probability = cumulative[j] / total
            entropy[i] -= probability * log_probs[j]
            until += probability
            cumulative[j] = until
        start = ends[i]
    return log_probs, cumulative, entropy, best
