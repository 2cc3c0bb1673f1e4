# SPDX-License-Identifier: MIT
"""The documentation says what the code does."""

from pathlib import Path

from llmac.agents.evaluation.metrics import NAMES
from llmac.bridge.scenario import builtin_names
from llmac.bridge.scenario.fields import markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_scenario_page_has_the_table_of_fields_as_it_is() -> None:
    assert markdown() in (DOCS / "scenarios.md").read_text()


def test_every_builtin_scenario_is_described() -> None:
    page = (DOCS / "scenarios.md").read_text()
    assert all(f"| `{name}` |" in page for name in builtin_names())


def test_every_metric_is_defined() -> None:
    page = (DOCS / "metrics.md").read_text()
    assert all(f"`{name}`" in page for name in NAMES)
