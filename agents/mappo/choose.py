# SPDX-License-Identifier: MIT
"""From logits to codes: nothing that is not allowed is ever chosen.

The UEs' heads, access and UCM, do not constrain each other. Those of a BS, a DCM for each UE, do: an RBG is granted
once, and messages may be rationed. They are decided in the order of the places, each under what the ones before it left
over, so that the product of their probabilities is that of the whole decision.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Allowed = NDArray[np.bool_]
Uniforms = NDArray[np.float64]
Logits = NDArray[np.float32]


def pick(logits: Logits, allowed: Allowed, uniforms: Uniforms | None) -> Codes:
    """Pick a code for each row among those allowed, of which there is at least one.

    Args:
        logits: [n, C]
        allowed: [n, C]
        uniforms: [n] in [0, 1), to draw from the distribution; None for the most probable code.
    """
    masked = np.where(allowed, logits.astype(np.float64), -np.inf)
    if uniforms is None:
        return masked.argmax(axis=1)
    sums = np.exp(masked - masked.max(axis=1, keepdims=True)).cumsum(axis=1)
    # The first code at which the cumulative sum passes the mark: never one of probability zero, which adds nothing.
    mark = np.minimum(uniforms * sums[:, -1], np.nextafter(sums[:, -1], 0))
    return (sums > mark[:, None]).argmax(axis=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Decisions of rows with H heads of C codes."""

    allowed: Allowed
    """[rows, H, C] what each head had to choose from."""
    code: Codes
    """[rows, H]"""


def each(logits: Logits, allowed: Allowed, uniforms: Uniforms | None) -> Chosen:
    """Heads that do not constrain each other; arguments as for `pick`, with a dimension H of heads after the first."""
    rows, heads, codes = logits.shape
    flat = None if uniforms is None else uniforms.reshape(-1)
    code = pick(logits.reshape(-1, codes), allowed.reshape(-1, codes), flat)
    return Chosen(allowed, code.reshape(rows, heads))


def in_turn(logits: Logits, allowed: Allowed, uniforms: Uniforms | None, rbg: Codes, most: Codes) -> Chosen:
    """Heads of BSs, one after the other.

    Args:
        logits: [E, M, C]
        allowed: [E, M, C] by themselves; code 0, no message, always is.
        uniforms: [E, M] or None.
        rbg: [C] RBG that each code grants, -1 for none.
        most: [E] messages that may be sent.
    """
    allowed, code = allowed.copy(), np.zeros(logits.shape[:2], dtype=np.int64)
    left, granted = most.copy(), np.zeros((len(logits), rbg.max(initial=0) + 2), dtype=np.bool_)
    for h in range(logits.shape[1]):
        # The last column is for codes without an RBG, and stays free.
        allowed[:, h] &= ~granted[:, rbg]
        allowed[:, h, 1:] &= (left > 0)[:, None]
        code[:, h] = pick(logits[:, h], allowed[:, h], None if uniforms is None else uniforms[:, h])
        granted[np.arange(len(code)), rbg[code[:, h]]] = True
        granted[:, -1] = False
        left = left - (code[:, h] > 0)
    return Chosen(allowed, code)
