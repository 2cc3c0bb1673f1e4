# SPDX-License-Identifier: MIT
"""What the messages of a protocol mean: how they go with what their sender knows, and with what is done.

The measures are those of Lowe et al., "On the pitfalls of measuring emergent communication", AAMAS 2019: mutual
information between a message and its sender's state or own action (speaker consistency), and between a message and what
its receiver does (instantaneous coordination: somebody listens).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llmac.bridge.pag.codes import bsr_level

SHIFTS = 99
"""Draws of the baseline."""
_LEVELS = ("0", "1", "2-3", "4-7", "8-15", "16 or more")
_FOUND = ("nothing", "decoded", "decoded duplicate")


@dataclass(frozen=True, slots=True)
class Pair:
    """A message, and what it may go with; the names are those of `_variables`."""

    sender: str
    """`ue` or `bs`."""
    message: str
    other: str
    other_is: str
    """`state`: of the world when it was said; `action`: its sender's own; `response`: its receiver's."""


PAIRS = (
    Pair("ue", "ucm_sent", "buffer", "state"),
    Pair("ue", "ucm_sent", "dcm_received", "state"),
    Pair("ue", "ucm_sent", "access", "action"),
    Pair("ue", "ucm_received", "dcm_sent", "response"),
    Pair("bs", "dcm_sent", "ucm_heard", "state"),
    Pair("bs", "dcm_sent", "found", "state"),
    Pair("bs", "dcm_sent", "buffer", "state"),
    Pair("bs", "dcm_received", "access", "response"),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """How often each message went with each value of the other variable, and how much the one tells of the other.

    Attributes:
        pair: which variables.
        messages: [M] that were said.
        others: [O] values that occurred.
        counts: [M, O] UEs and TTIs.
        bits: mutual information of `counts`.
        chance_bits: what it is on average when one of the two is shifted in time, UE by UE.
        p: share of the shifts, the measured one among them, with so much mutual information or more.
    """

    pair: Pair
    messages: tuple[str, ...]
    others: tuple[str, ...]
    counts: NDArray[np.int64]
    bits: float
    chance_bits: float
    p: float

    def row(self) -> dict[str, Any]:
        """As a row of a table, or JSON; `counts` row by row."""
        pair = self.pair
        return {
            "sender": pair.sender,
            "message": pair.message,
            "other": pair.other,
            "other_is": pair.other_is,
            "messages": list(self.messages),
            "others": list(self.others),
            "counts": self.counts.ravel().tolist(),
            "bits": self.bits,
            "chance_bits": self.chance_bits,
            "p": self.p,
            "message_bits": entropy(self.counts.sum(axis=1)),
        }


def meanings(trace: pa.Table) -> list[Meaning]:
    """One for each of PAIRS.

    Args:
        trace: rows of one agent, as in trace.parquet, in any order.
    """
    order = np.lexsort([trace[name].to_numpy() for name in ("tti", "ue", "seed")])
    seed, ue = (trace[name].to_numpy()[order] for name in ("seed", "ue"))
    begins = np.ones(order.size, dtype=np.bool_)
    begins[1:] = (seed[1:] != seed[:-1]) | (ue[1:] != ue[:-1])
    variables = _variables(trace.take(order), begins)
    joint = {pair: _Joint(variables[pair.message], variables[pair.other]) for pair in PAIRS}
    measured = {pair: mutual_information(j.counts()) for pair, j in joint.items()}
    chance: dict[Pair, list[float]] = {pair: [] for pair in PAIRS}
    for shifted in _shifts(begins):
        for pair, j in joint.items():
            chance[pair].append(mutual_information(j.counts(shifted)))
    return [_meaning(pair, joint[pair], measured[pair], np.array(chance[pair])) for pair in PAIRS]


def mutual_information(counts: NDArray[np.int64]) -> float:
    """Of two variables with these joint counts [M, O], in bits; 0 without counts."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    return entropy(rows) + entropy(columns) - entropy(counts.ravel())


def entropy(counts: NDArray[np.int64]) -> float:
    """Of a variable with these counts, in bits; 0 without counts."""
    total = counts.sum()
    share = counts[counts > 0] / max(total, 1)
    return float(-(share * np.log2(share)).sum())


@dataclass(frozen=True, slots=True)
class _Variable:
    """[n] values, and what they are called."""

    value: NDArray[np.int64]
    names: tuple[str, ...]


class _Joint:
    """Two variables side by side."""

    def __init__(self, message: _Variable, other: _Variable) -> None:
        self.messages, self.others = message.names, other.names
        self._message = message.value * len(other.names)
        self._other = other.value

    def counts(self, order: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """[M, O]; with `order`, the other variable is taken in this order."""
        other = self._other if order is None else self._other[order]
        shape = len(self.messages), len(self.others)
        return np.bincount(self._message + other, minlength=shape[0] * shape[1]).reshape(shape)


def _variables(trace: pa.Table, begins: NDArray[np.bool_]) -> Mapping[str, _Variable]:
    """By name; the rows are in the order of time, UE by UE, and `begins` is where the next UE begins."""
    texts = ("dcm_sent", "dcm_received", "access", "ucm_sent", "ucm_received", "outcome")
    columns = {name: _text(trace[name]) for name in texts}
    heard, outcome = columns["ucm_received"], columns.pop("outcome")
    found = np.array([_FOUND.index(name) if name in _FOUND else 0 for name in outcome.names])[outcome.value]
    before = np.concatenate([[0], found[:-1]])
    before[begins] = 0
    # The last UCM that was not null: the place of the newest one so far, or of the row where this UE begins.
    places = np.arange(begins.size)
    newest = np.maximum.accumulate(np.where(begins | (heard.value != heard.names.index("null")), places, 0))
    level = bsr_level(trace["buffer"].to_numpy().astype(np.int64), len(_LEVELS))
    return {
        **columns,
        "buffer": _Variable(level, _LEVELS),
        "found": _Variable(before, _FOUND),
        "ucm_heard": _Variable(heard.value[newest], heard.names),
    }


def _text(column: "pa.ChunkedArray[Any]") -> _Variable:
    whole: Any = column.unify_dictionaries().combine_chunks()
    return _Variable(whole.indices.to_numpy().astype(np.int64), tuple(whole.dictionary.to_pylist()))


def _shifts(begins: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Orders of the rows in which the time of each UE begins anywhere and goes round.

    Both variables keep their course in time, on which the spread of the mutual information depends, and what differs
    from UE to UE stays; that the one goes with the other is lost.
    """
    rng = np.random.default_rng(0)
    first = np.flatnonzero(begins)
    length = np.diff(np.append(first, begins.size))
    of_series = np.repeat(np.arange(first.size), length)
    place, first_of, length_of = np.arange(begins.size), first[of_series], length[of_series]
    for _ in range(SHIFTS):
        shift = rng.integers(0, length)[of_series]
        yield first_of + (place - first_of + shift) % length_of


def _meaning(pair: Pair, joint: _Joint, bits: float, chance: NDArray[np.float64]) -> Meaning:
    counts = joint.counts()
    said, occurred = np.flatnonzero(counts.sum(axis=1)), np.flatnonzero(counts.sum(axis=0))
    return Meaning(
        pair=pair,
        messages=tuple(joint.messages[i] for i in said),
        others=tuple(joint.others[i] for i in occurred),
        counts=counts[np.ix_(said, occurred)],
        bits=bits,
        chance_bits=float(chance.mean()),
        p=float(1 + (chance >= bits - 1e-12).sum()) / (1 + chance.size),
    )
