# SPDX-License-Identifier: MIT
"""What is known beforehand of environments, and the checks of columns against it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.wire.column import FEW, ContentError, greatest


class PerEnvironment:
    """A number for each environment, with what is asked of them in every exchange.

    Attributes:
        each: [E]
        least: the least of them.
        total: their sum.
    """

    __slots__ = ("each", "least", "total")

    def __init__(self, each: Iterable[int]) -> None:
        self.each = np.fromiter(each, dtype=np.int64)
        self.least = int(self.each.min())
        self.total = int(self.each.sum())


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known beforehand of the E environments of a process; their replies are checked against it."""

    environments: int
    ttis: int
    rbgs: PerEnvironment
    ue_ids: PerEnvironment
    """Ids of UEs are less than this."""
    ue_actions: PerEnvironment
    """Number of UE action codes."""
    ucms: PerEnvironment
    """Number of UCM codes."""
    dcms: PerEnvironment
    """Number of DCM codes."""
    privileged: bool
    bound: bool


def ascending(ids: NDArray[np.uint32], counts: NDArray[np.uint32]) -> bool:
    """Whether ids ascend strictly within each environment; `counts` [E] says how many belong to each."""
    if len(ids) < 2:  # noqa: PLR2004 (one has no order)
        return True
    if len(ids) <= FEW:
        return _ascending(ids.tolist(), counts.tolist())
    rises = ids[1:] > ids[:-1]
    if len(counts) > 1:
        firsts = counts.cumsum()[:-1]  # where the next environment begins
        rises[firsts[(firsts > 0) & (firsts < len(ids))] - 1] = True
    return bool(rises.all())


def _ascending(ids: list[int], counts: list[int]) -> bool:
    end = 0
    for count in counts:
        begin, end = end, end + count
        for at in range(begin + 1, end):
            if ids[at] <= ids[at - 1]:
                return False
    return True


def check_below(values: NDArray[np.integer], limits: PerEnvironment, counts: NDArray[np.integer], name: str) -> None:
    """Refuse values that reach the limit of their environment.

    Args:
        values: [sum of counts] of all environments.
        limits: of the environments.
        counts: [E] how many values belong to each environment.
        name: of the column.

    Raises:
        ContentError: the clause names column, value and limit.
    """
    if len(values) == 0 or greatest(values) < limits.least:
        return
    each = np.repeat(limits.each, counts)
    if np.any(values >= each):
        at = int(np.argmax(values >= each))
        raise ContentError(f"{name} has a {values[at]}, and less than {each[at]} is allowed")
