# SPDX-License-Identifier: MIT
"""Random numbers that depend on (seed, TTI, purpose, UE) alone.

An agent that draws from here behaves the same whichever environments share its batch.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What a number is drawn for; numbers for different purposes are independent."""

    ACCESS = 1
    RBG = 2
    UCM = 3
    DCM = 4
    BACKOFF = 5
    LABEL = 6
    BS_SENTENCE = 7
    UE_SENTENCE = 8
    SLIP = 9
    SCRAMBLED_DCM = 10
    SCRAMBLED_UCM = 11


def uniform(
    seed: NDArray[np.uint64], tti: int | NDArray[np.int64], purpose: Purpose, ue_id: NDArray[np.uint32]
) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1).

    Args:
        seed: [n] seed of each UE's environment.
        tti: TTI, of all or of each, [n].
        purpose: what for.
        ue_id: [n] UE ids.

    Returns:
        [n] numbers: a chain of SplitMix64 finalisers (Steele et al., OOPSLA 2014) over the four keys.
    """
    state = _mix(seed)
    for key in (np.uint64(purpose), np.asarray(tti, dtype=np.uint64), ue_id.astype(np.uint64)):
        state = _mix(state ^ _mix(np.asarray(key) + _GOLDEN_GAMMA))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def choice(uniforms: NDArray[np.float64], options: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn uniform numbers, [n], into choices from 0 .. options - 1, [n]."""
    return np.minimum((uniforms * options).astype(np.int64), options - 1)


_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = np.atleast_1d(value) + _GOLDEN_GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
