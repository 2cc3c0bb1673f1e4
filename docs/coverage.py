# SPDX-License-Identifier: MIT
"""How often the 95% intervals of sweeps hold what they estimate, by the number of seeds: docs/validation.md.

python docs/coverage.py
"""

import sys

import numpy as np

from llmac.agents.evaluation.paired import difference
from llmac.agents.evaluation.robust import interquartile_mean

SEEDS = (5, 8, 20, 50)
REPETITIONS = 4000
CELLS = np.linspace(1.0, 3.0, 4)[:, np.newaxis]
"""Means of the cells; the scores of a cell are symmetric around its mean, so that all estimates are of 2."""


def main() -> None:
    """A row for each number of seeds: shares of sweeps, and the standard error of a share."""
    rng = np.random.default_rng(1)
    sys.stdout.write(
        "| seeds | interquartile mean, bootstrap | mean of paired differences, Student's t |\n|---|---|---|\n"
    )
    for seeds in SEEDS:
        hits = np.zeros(2)
        for _ in range(REPETITIONS):
            # What a seed brings to all of its cells, and what it brings to each.
            scores = CELLS + rng.normal(size=seeds) + rng.normal(size=(len(CELLS), seeds))
            found = (interquartile_mean(scores), difference(scores, np.zeros_like(scores)))
            hits += [interval.low <= CELLS.mean() <= interval.high for interval in found]
        shares = hits / REPETITIONS
        told = (f"{share:.1%} ± {np.sqrt(share * (1 - share) / REPETITIONS):.1%}" for share in shares)
        sys.stdout.write(f"| {seeds} | {' | '.join(told)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
