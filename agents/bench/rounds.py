# SPDX-License-Identifier: MIT
"""Measurements that are compared are taken in turn, so that whatever disturbs the machine disturbs all of them."""

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.progress import Progress

LEAST_ROUNDS = 5
"""For a median with a spread that says something."""


def interleave(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Take every measurement once a round, round after round, with a progress bar on stderr.

    Args:
        measurements: by name, in the order of a round.
        rounds: how often.

    Returns:
        By name, one value for each round; the values of one round stand at the same place.
    """
    values: dict[str, list[float]] = {name: [] for name in measurements}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=rounds * len(measurements))
        for _ in range(rounds):
            for name, measure in measurements.items():
                progress.update(task, description=name)
                values[name].append(measure())
                progress.advance(task)
    return values


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Round by round, the one over the other."""
    return [a / b for a, b in zip(over, under, strict=True)]
