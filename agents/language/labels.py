# SPDX-License-Identifier: MIT
"""The numbers by which a model knows the UEs: random in every episode.

A policy that learns fixed ids fails with a UE that it has not met; one that has seen every number in every part does
not.
"""

import numpy as np
from numpy.typing import NDArray

from llmac.agents.chance import Purpose, uniform

SHORT_LABELS = 100
"""Numbers that are one token each."""


def label_space(ues: int) -> int:
    """Smallest power of ten, at least SHORT_LABELS, that gives `ues` UEs different labels."""
    space = SHORT_LABELS
    while space < ues:
        space *= 10
    return space


def random_labels(seed: int, ues: int, space: int) -> NDArray[np.int64]:
    """Labels of UEs 0 .. ues - 1 in the episode with this seed: different numbers below `space`, uniformly.

    Adding a UE does not change the labels of the others.
    """
    numbers = np.arange(space, dtype=np.uint32)
    draws = uniform(np.full(space, seed, dtype=np.uint64), 0, Purpose.LABEL, numbers)
    return np.argsort(draws, kind="stable")[:ues]
