# SPDX-License-Identifier: MIT
"""Labels: random, different, kept as long as the UE is connected, and short as long as that is possible."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llmac.agents.language.labels import FIRST_LABEL, Labels

populations = st.lists(st.sets(st.integers(0, 300), max_size=150), min_size=1, max_size=6)


def ids(ues: set[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(sorted(ues), dtype=np.uint32)


@given(st.integers(0, 2**64 - 1), populations)
def test_labels_are_different_and_kept(seed: int, episode: list[set[int]]) -> None:
    labels = Labels(seed)
    before: dict[int, int] = {}
    most = 0
    for ues in episode:
        now = dict(zip(sorted(ues), labels.of(ids(ues)).tolist(), strict=True))
        assert len(set(now.values())) == len(ues)
        assert all(FIRST_LABEL <= label < labels.space for label in now.values())
        assert all(now[ue] == before[ue] for ue in ues & before.keys())
        most = max(most, len(ues))
        assert labels.space == (100 if most <= 90 else 1000)
        before = now


def test_they_are_random_and_repeat() -> None:
    everybody = ids(set(range(50)))
    first = Labels(1).of(everybody)
    assert np.array_equal(first, Labels(1).of(everybody))
    assert not np.array_equal(first, Labels(2).of(everybody))
    # Over many episodes, a UE gets every label about equally often.
    of_ue_0 = np.array([Labels(seed).of(ids({0}))[0] for seed in range(5000)])
    counts = np.bincount(of_ue_0, minlength=100)[FIRST_LABEL:]
    assert counts.min() > 20
    assert counts.max() < 90
