# SPDX-License-Identifier: MIT
"""Cells in which teachers are recorded, drawn at random."""

from collections.abc import Callable
from typing import Any

import numpy as np

from llmac.bridge.scenario import Scenario, load

Draw = Callable[[np.random.Generator, int], list[Scenario]]
"""(generator, number of cells) -> their scenarios."""

FREE_TTIS, SCHEDULED_TTIS = 40, 64
"""Of an episode."""


_SAME_TTI: dict[str, Any] = {"radio.numerology": 1}
"""That of `urban`, for cells that are simulated together; the others have no radio, and do not notice."""
_RARELY, _SOMETIMES = 0.15, 0.4


def free(rng: np.random.Generator, count: int) -> list[Scenario]:
    """Cells where signalling is free, over populations, RBGs, loads and rules.

    They have 2 to 8 UEs, so that larger populations of `paper` are left to find out whether the policy generalises;
    some of those with a radio have up to 32, in which UEs at the edge go under unless the BS grants by turns. In a few
    of them decisions take effect later, so that grants are leases there, too.
    """
    return [_free(rng) for _ in range(count)]


def _free(rng: np.random.Generator) -> Scenario:
    name = str(rng.choice(["paper", "near-far"]))
    many = name == "near-far" and _happens(rng, _SOMETIMES)
    ues = int(rng.integers(9, 33) if many else rng.integers(2, 9))
    rbgs = round(8 ** rng.random())  # small numbers more often
    overrides: dict[str, Any] = {
        "ues": ues,
        "rbgs": rbgs,
        "ttis": FREE_TTIS,
        "traffic.load": float(min(1.0, rng.uniform(0.2, 4.0 if many else 3.0) * rbgs / ues)),
        "ack_deletes": _happens(rng, _RARELY),
        "buffer_capacity_dpdus": int(rng.choice([20, 20, 20, 5, 99])),
        "vocabulary": {"kind": "semantic", "bsr_levels": int(rng.choice([6, 6, 6, 3, 8]))},
        "decision_delay": _decision_delay(rng),
    }
    return load(name, overrides)


def scheduled(rng: np.random.Generator, count: int) -> list[Scenario]:
    """Cells where it is scarce: the built-in ones, and others.

    Over populations, RBGs, bursts, channels, and the limits, delays, periods and losses of the control channel.
    """
    return [_scheduled(rng) for _ in range(count)]


def _scheduled(rng: np.random.Generator) -> Scenario:
    name = str(rng.choice(["scarce-signalling", "bursty", "urban"]))
    if _happens(rng, _SOMETIMES):
        return load(name, {"ttis": SCHEDULED_TTIS, **_SAME_TTI})
    rbgs = int(rng.integers(2, 7))
    ues = int(rng.integers(2 * rbgs, 8 * rbgs + 1))
    on, off = rng.uniform(5, 25), rng.uniform(20, 130)
    duty = on / (on + off)
    overrides: dict[str, Any] = {
        **_SAME_TTI,
        "ues": ues,
        "rbgs": rbgs,
        "ttis": SCHEDULED_TTIS,
        "ack_deletes": _happens(rng, _RARELY),
        "traffic.mean_on_ttis": on,
        "traffic.mean_off_ttis": off,
        "traffic.load": float(min(1.0, rng.uniform(0.3, 0.9) * rbgs / (ues * duty))),
        "control.loss_probability": float(rng.choice([0.0, 0.02, 0.05])),
        "control.delay_ttis": int(rng.choice([0, 1, 1, 1, 1, 2])),
        "control.max_dcms_per_tti": int(rng.choice([0, 1, 1, 2, 2, 4, 16])),
        "control.ucm_period_ttis": int(rng.choice([1, 2, 4, 8, 12, 24, *rng.integers(3, 33, size=6)])),
        "decision_delay": _decision_delay(rng),
    }
    return load(name, overrides)


def paper(rng: np.random.Generator, count: int) -> list[Scenario]:
    """Cells of `paper`, over small populations and loads."""
    return [
        load("paper", {"ues": int(rng.integers(2, 9)), "traffic.load": float(rng.uniform(0.3, 0.6))})
        for _ in range(count)
    ]


def opaque(symbols: int) -> Draw:
    """Cells of `paper` with an opaque vocabulary, over populations."""

    def draw(rng: np.random.Generator, count: int) -> list[Scenario]:
        vocabulary = {"kind": "opaque", "symbols": symbols}
        return [load("paper", {"ues": n, "vocabulary": vocabulary}) for n in rng.integers(2, 9, count).tolist()]

    return draw


def _decision_delay(rng: np.random.Generator) -> list[float]:
    """As in a scenario: seldom 1 to 8 TTIs, otherwise none."""
    return [0.0] * int(rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 7, 8])) + [1.0] if _happens(rng, _RARELY) else []


def _happens(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)
