# SPDX-License-Identifier: MIT
"""The arithmetic over concatenated environments against plain loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llmac.agents.baselines.columns import rank_within


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20), st.booleans()), max_size=60))
def test_rank_within_is_the_place_in_each_environments_sorted_candidates(rows: list[tuple[int, int, bool]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    environment = np.array([row[0] for row in rows], dtype=np.int64)
    # Unique keys, as UE ids are, so that the order is one.
    key = np.array([row[1] * 100 + i for i, row in enumerate(rows)], dtype=np.int64)
    candidate = np.array([row[2] for row in rows], dtype=np.bool_)
    rank = rank_within(environment, key, candidate)
    for i in range(len(rows)):
        if not candidate[i]:
            assert rank[i] == -1
        else:
            assert rank[i] == sum(
                candidate[j] and environment[j] == environment[i] and key[j] < key[i] for j in range(len(rows))
            )
