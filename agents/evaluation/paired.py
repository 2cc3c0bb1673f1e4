# SPDX-License-Identifier: MIT
"""Differences between two agents at the same seeds, where both meet the same arrivals and links."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from llmac.agents.evaluation.statistics import estimate


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of one agent's value less another's at the same seed, with its 95% interval; NaN where there is none."""

    mean: float
    low: float
    high: float
    pairs: int
    """Seeds at which both had a value."""

    @property
    def different(self) -> bool:
        """The interval leaves out 0; without an interval nothing is known to differ."""
        return self.low > 0 or self.high < 0


def difference(values: ArrayLike, others: ArrayLike) -> Difference:
    """Mean of `values` less `others`, with Student's interval for paired samples.

    Args:
        values: [S] of an agent, one for each seed; or [C, S], of C cells at the same S seeds.
        others: the same of the other agent. Pairs in which either is NaN are left out.

    A seed is one draw, in however many cells it was played: its differences are averaged over the cells first, since
    they share arrivals and are no independent draws.
    """
    each = np.atleast_2d(np.asarray(values, dtype=np.float64) - np.asarray(others, dtype=np.float64))
    known = ~np.isnan(each)
    per_seed = [float(each[known[:, s], s].mean()) if known[:, s].any() else math.nan for s in range(each.shape[1])]
    result = estimate(per_seed)
    return Difference(result.mean, result.low, result.high, int(known.sum()))


def differences(
    episodes: Mapping[str, Sequence[Mapping[str, float]]], against: str, metrics: Sequence[str]
) -> dict[str, dict[str, Difference]]:
    """Of every agent less the agent `against`, for each metric.

    Args:
        episodes: metrics of each seed's episode, by agent; the same seeds in the same order.
        against: the agent that the others are compared with.
        metrics: which ones.
    """
    return {
        name: {
            metric: difference([e[metric] for e in of_agent], [e[metric] for e in episodes[against]])
            for metric in metrics
        }
        for name, of_agent in episodes.items()
        if name != against
    }
