# SPDX-License-Identifier: MIT
"""Guesses of sentences from what was said when the prompt read alike."""

import pytest

from llmac.agents.engine import habits as habits_module
from llmac.agents.engine.habits import Habits


def test_numbers_are_taken_from_where_they_stood_in_the_prompt() -> None:
    habits = Habits()
    assert not habits.guess(" 4 wait 84 3 18 2 heard 33:")
    # RBG 3 might be the level of UE 84, until that differs.
    habits.learn(" 4 wait 84 3 18 2 heard 33:", "ack 33; grant 0 to 84; grant 3 to 18; end")
    habits.learn(" 4 wait 51 5 7 1 heard 9:", "ack 9; grant 0 to 51; grant 3 to 7; end")
    assert habits.guess(" 4 wait 62 6 40 7 heard 12:") == "ack 12; grant 0 to 62; grant 3 to 40; end"
    assert not habits.guess(" 4 wait 62 6 heard 12:")


def test_none_is_something_else_than_some() -> None:
    habits = Habits()
    habits.learn(" have 0:", "hold")
    habits.learn(" have 3:", "hold; sr")
    assert habits.guess(" have 0:") == "hold"
    assert habits.guess(" have 12:") == "hold; sr"


def test_what_was_said_last_counts() -> None:
    habits = Habits()
    habits.learn(" have 3 heard 2:", "transmit 2; bsr 3")
    habits.learn(" have 5 heard 1:", "transmit 1; bsr 4")
    assert habits.guess(" have 9 heard 3:") == "transmit 3; bsr 4"
    habits.learn(" have 9 heard 3:", "delete; sr")
    assert habits.guess(" have 8 heard 2:") == "delete; sr"


def test_habits_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits_module, "_MOST", 5)
    habits = Habits()
    known = 0
    for length in range(20):
        habits.learn(" more" * length, "hold")
        known = sum(bool(habits.guess(" more" * n)) for n in range(20))
        assert known <= 5
    assert known > 0
