# SPDX-License-Identifier: MIT
"""A short soak; `python tests/bridge/soak.py` is the long one."""

import pytest
from soak import Sample, growth, soak


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_and_descriptors_stay_flat() -> None:
    assert growth(list(soak(500))) is None


def test_growth_is_seen() -> None:
    first = Sample(1, 20.0, 80.0, 10, 20)
    assert growth([first, Sample(2, 21.0, 81.0, 10, 20)]) is None
    assert growth([first, Sample(2, 23.0, 80.0, 10, 20)]) is not None
    assert growth([first, Sample(2, 20.0, 85.0, 10, 20)]) is not None
    assert growth([first, Sample(2, 20.0, 80.0, 11, 20)]) is not None
    assert growth([first, Sample(2, 20.0, 80.0, 10, 21)]) is not None
