# SPDX-License-Identifier: MIT
"""The observations of several processes as one."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from llmac.bridge.envs.observations import EpisodeEnd, Flows, FollowerObservation, LeaderObservation, Privileged

Observation = TypeVar("Observation", LeaderObservation, FollowerObservation, Privileged, EpisodeEnd, Flows)


def concatenate(parts: Sequence[Observation]) -> Observation:
    """Put the columns of the parts behind each other, in order; what is no column is the same in all parts."""
    first = parts[0]
    if len(parts) == 1:
        return first
    joined: dict[str, Any] = {}
    for name, *values in zip(first._fields, *parts, strict=True):
        match values[0]:
            case np.ndarray():
                joined[name] = np.concatenate(values)
                joined[name].setflags(write=False)
            case Privileged() | EpisodeEnd() | Flows():
                joined[name] = concatenate(values)
            case value:
                joined[name] = value
    return type(first)(**joined)
