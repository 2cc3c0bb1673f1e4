# SPDX-License-Identifier: MIT
"""One number for all that was observed in an episode, bit by bit."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from llmac.bridge.envs.observations import FollowerObservation, LeaderObservation

Observation = LeaderObservation | FollowerObservation


class Digest:
    """Takes in observations, every field of them; equal ones in the same order have the same digest."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, observation: Observation) -> None:
        """Take in an observation."""
        self._add(observation)

    def hex(self) -> str:
        """SHA-256 of what was taken in so far, hexadecimal."""
        return self._hash.hexdigest()

    def _add(self, part: Any) -> None:
        for name, value in zip(part._fields, part, strict=True):
            self._hash.update(f"\n{name} ".encode())
            match value:
                case np.ndarray() as column:
                    self._hash.update(f"{column.dtype.str}{column.shape} ".encode() + column.tobytes())
                case None | bool() | int():
                    self._hash.update(repr(value).encode())
                case _:
                    self._add(value)


def digest(observations: Iterable[Observation]) -> str:
    """Digest of these observations."""
    result = Digest()
    for observation in observations:
        result.add(observation)
    return result.hex()
