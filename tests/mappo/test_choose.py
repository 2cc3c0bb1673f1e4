# SPDX-License-Identifier: MIT
"""Nothing is chosen that is not allowed, and probabilities are those of what was drawn."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmac.agents.mappo.actor import log_probs
from llmac.agents.mappo.choose import each, in_turn, pick
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Semantic

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 9), st.integers(1, 30), st.booleans())
def test_a_pick_is_allowed(seed: int, codes: int, rows: int, draw: bool) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 30, (rows, codes)).astype(np.float32)
    allowed = rng.random((rows, codes)) < 0.4
    allowed[np.arange(rows), rng.integers(0, codes, rows)] = True
    uniforms = rng.choice([0.0, 0.5, 1 - 2**-53], rows) if draw else None
    code = pick(logits, allowed, uniforms)
    assert allowed[np.arange(rows), code].all()


def test_draws_have_the_probabilities_of_the_network() -> None:
    rows = 2_000
    logits = np.tile(np.array([0.0, 1.0, 2.0, 9.0], dtype=np.float32), (rows, 1, 1))
    allowed = np.tile(np.array([True, True, True, False]), (rows, 1, 1))
    chosen = each(logits, allowed, ((np.arange(rows) + 0.5) / rows)[:, None])
    share = np.bincount(chosen.code[:, 0], minlength=4) / rows
    expected = log_probs(torch.from_numpy(logits[0]), torch.from_numpy(allowed[0])).exp()[0]
    np.testing.assert_allclose(share, expected.numpy(), atol=1e-3)
    assert share[3] == 0


@given(SEEDS, st.integers(1, 6), st.integers(1, 4), st.integers(0, 5), st.booleans())
def test_a_bs_grants_once_and_keeps_to_the_limit(seed: int, ues: int, rbgs: int, most: int, draw: bool) -> None:
    rng = np.random.default_rng(seed)
    codes = Codes(rbgs, Semantic())
    shape = (7, ues, codes.dcm_codes)
    logits = rng.normal(0, 3, shape).astype(np.float32)
    allowed = rng.random(shape) < 0.7
    allowed[:, :, 0] = True
    by_themselves = allowed.copy()
    uniforms = rng.random(shape[:2]) if draw else None
    chosen = in_turn(logits, allowed, uniforms, codes.dcm_rbg, np.full(7, most))
    assert (allowed == by_themselves).all(), "the masks were changed in place"
    assert (chosen.allowed <= by_themselves).all()
    for row, code in zip(chosen.allowed, chosen.code, strict=True):
        assert row[np.arange(ues), code].all()
        assert (code > 0).sum() <= most
        granted = codes.dcm_rbg[code]
        assert len(set(granted[granted >= 0])) == (granted >= 0).sum()


def test_heads_in_turn_are_one_distribution() -> None:
    """The probabilities of all decisions that two heads can make together add up to one."""
    codes = Codes(2, Semantic())
    logits = np.random.default_rng(3).normal(0, 1, (1, 2, codes.dcm_codes)).astype(np.float32)
    seen: dict[tuple[int, ...], float] = {}
    for first in np.linspace(0, 1, 60, endpoint=False):
        for second in np.linspace(0, 1, 60, endpoint=False):
            allowed = np.ones((1, 2, codes.dcm_codes), dtype=np.bool_)
            chosen = in_turn(logits, allowed, np.array([[first, second]]), codes.dcm_rbg, np.array([9]))
            of_codes = log_probs(torch.from_numpy(logits), torch.from_numpy(chosen.allowed))[0]
            seen[tuple(chosen.code[0])] = float(sum(of_codes[h, c] for h, c in enumerate(chosen.code[0])))
    assert abs(np.exp(list(seen.values())).sum() - 1) < 1e-5
