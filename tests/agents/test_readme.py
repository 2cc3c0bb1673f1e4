# SPDX-License-Identifier: MIT
"""The tables of the README are those of the runs that are stored in docs/data."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from llmac.agents import registry
from llmac.agents.evaluation import summary
from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.evaluation.sweep import table as tables

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("scenario", ["paper", "near-far"])
def test_readme_shows_the_table_of_the_stored_runs(scenario: str) -> None:
    runs = tables.read(ROOT / "docs" / "data" / f"readme-{scenario}.parquet")
    first, seeds = runs.iloc[0], sorted(set(runs["seed"]))
    cell = f"{first['ues']} UEs, {first['rbgs']} RBGs, {first['ttis']} TTIs"
    title = f"{scenario}: {cell}, {len(seeds)} seeds from {seeds[0]}, ns-{first['ns3_version']}"
    agents = {
        name: summary.estimates(runs.loc[runs["agent"] == name, list(NAMES)].to_dict("records"))
        for name in registry.SHOWN
    }
    written = io.StringIO()
    Console(file=written, width=80).print(summary.table(title, agents))
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    assert "\n".join(line for line in lines if line) in _without_blank_lines((ROOT / "README.md").read_text())


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line)
