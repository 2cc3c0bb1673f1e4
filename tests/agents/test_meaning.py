# SPDX-License-Identifier: MIT
"""What messages mean, on traces whose protocol is known."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from llmac.agents.evaluation.meaning import PAIRS, Meaning, entropy, meanings, mutual_information

UES, TTIS = 6, 300
UCM = ("null", "sr", "bsr 0")
DCM = ("null", "grant 0", "ack")
ACCESS = ("hold", "delete", "transmit 0")


def _trace(seed: int, *, meaningful: bool) -> pa.Table:
    """UEs report 0, 1 or 2 dPDUs, the BS answers each report, the UE does as it is told; or everything is by chance.

    The buffers change rarely, so that neighbouring rows are alike: what tells chance from meaning has to bear that.
    """
    rng = np.random.default_rng(seed)
    buffer, ucm, dcm, access = (rng.integers(0, 3, (TTIS, UES)) for _ in range(4))
    for values in (buffer, ucm, dcm, access):
        fresh = rng.random((TTIS, UES)) < 0.1
        for tti in range(1, TTIS):
            values[tti] = np.where(fresh[tti], values[tti], values[tti - 1])
    received = ucm
    if meaningful:
        ucm = buffer
        received = np.vstack([np.zeros((1, UES), dtype=np.int64), ucm[:-1]])
        dcm = access = received
    tti, ue = np.divmod(np.arange(TTIS * UES), UES)
    outcome = np.where(access.ravel() == 2, 1, 0)
    columns: dict[str, Any] = {
        "seed": np.full(tti.size, 7, dtype=np.uint64),
        "tti": tti,
        "ue": ue,
        "buffer": buffer.ravel(),
        **{name: _text(code, DCM) for name, code in (("dcm_sent", dcm), ("dcm_received", dcm))},
        **{name: _text(code, UCM) for name, code in (("ucm_sent", ucm), ("ucm_received", received))},
        "access": _text(access, ACCESS),
        "outcome": _text(outcome, ("held", "decoded")),
    }
    return pa.table(columns).take(rng.permutation(tti.size))  # the order of the rows says nothing


def _text(code: NDArray[np.int64], texts: tuple[str, ...]) -> "pa.Array[Any]":
    return pa.DictionaryArray.from_arrays(code.ravel().astype(np.int16), pa.array(texts))


def _of(found: list[Meaning], sender: str, other: str) -> Meaning:
    return next(m for m in found if (m.pair.sender, m.pair.other) == (sender, other))


def test_entropy_and_mutual_information_of_closed_forms() -> None:
    assert entropy(np.array([2, 2, 0, 4])) == pytest.approx(1.5)
    assert entropy(np.zeros(3, dtype=np.int64)) == 0
    assert mutual_information(np.diag([5, 5, 5, 5])) == pytest.approx(2)
    assert mutual_information(np.outer([1, 2], [3, 4, 5])) == pytest.approx(0)
    # A binary symmetric channel with crossover 1/4 and uniform input: 1 - H(1/4).
    assert mutual_information(np.array([[3, 1], [1, 3]])) == pytest.approx(1 - (2 - 0.75 * np.log2(3)))


def test_messages_that_say_everything_are_told_from_chance() -> None:
    found = meanings(_trace(1, meaningful=True))
    assert [m.pair for m in found] == list(PAIRS)
    report = _of(found, "ue", "buffer")
    assert report.messages == ("null", "sr", "bsr 0")
    assert report.others == ("0", "1", "2-3")
    assert np.array_equal(report.counts, np.diag(report.counts.sum(axis=0)))
    assert report.bits == pytest.approx(report.row()["message_bits"])
    assert report.p == 0.01
    assert report.chance_bits < 0.1 * report.bits
    obeyed = _of(found, "bs", "access")
    assert obeyed.bits == pytest.approx(entropy(obeyed.counts.sum(axis=0)))
    answered = _of(found, "ue", "dcm_sent")
    assert np.count_nonzero(answered.counts) == 3


def test_the_last_message_heard_and_the_last_outcome_are_those_of_the_same_ue() -> None:
    rows: dict[str, Any] = {
        "seed": np.zeros(6, dtype=np.uint64),
        "tti": np.array([0, 0, 1, 1, 2, 2]),
        "ue": np.array([0, 1, 0, 1, 0, 1]),
        "buffer": np.ones(6, dtype=np.int64),
        "ucm_received": _text(np.array([1, 0, 0, 0, 0, 2]), UCM),
        "ucm_sent": _text(np.zeros(6, dtype=np.int64), UCM),
        "dcm_sent": _text(np.arange(6) // 2, DCM),
        "dcm_received": _text(np.zeros(6, dtype=np.int64), DCM),
        "access": _text(np.zeros(6, dtype=np.int64), ACCESS),
        "outcome": _text(np.array([1, 0, 0, 1, 0, 0]), ("held", "decoded")),
    }
    found = meanings(pa.table(rows))
    heard, before = _of(found, "bs", "ucm_heard"), _of(found, "bs", "found")
    assert heard.others == ("null", "sr", "bsr 0")
    assert heard.counts.tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, 1]]
    assert before.others == ("nothing", "decoded")
    assert before.counts.tolist() == [[2, 0], [1, 1], [1, 1]]


def test_chance_is_not_taken_for_meaning() -> None:
    """Without meaning p is uniform: the mean of 40 is 0.5 +- 0.05, and 3 or more are at 0.01 with probability 0.7%."""
    found = [{m.pair: m for m in meanings(_trace(seed, meaningful=False))} for seed in range(40)]
    for pair in PAIRS:
        p = np.array([meaning[pair].p for meaning in found])
        assert (p <= 0.01).sum() <= 2
        assert abs(p.mean() - 0.5) < 4 * 0.05
        bits = [meaning[pair].bits - meaning[pair].chance_bits for meaning in found]
        assert abs(np.mean(bits)) < 4 * np.std(bits) / np.sqrt(40)
