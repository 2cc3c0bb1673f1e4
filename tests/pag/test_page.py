# SPDX-License-Identifier: MIT
"""docs/pag.md: its examples do what they show, and it tells of all that there is."""

import doctest
import re
from dataclasses import fields
from pathlib import Path

from llmac.agents.language.speech import Rules


def test_examples() -> None:
    page = Path(__file__).parents[2] / "docs" / "pag.md"
    results = doctest.testfile(str(page), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0


def test_the_page_shows_the_grammar_and_names_the_rules() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "pag.md").read_text()
    comment, source = (root / "bridge" / "pag" / "ue.lark").read_text().split("\n", 1)
    assert comment.startswith("//")
    assert f"```lark\n{source}```" in page
    section = page.split("## Context rules")[1]
    told = re.findall(r"^\| `(\S+)` \|", section, re.MULTILINE)
    assert sorted(told) == sorted(rule.name.replace("_", "-") for rule in fields(Rules))
