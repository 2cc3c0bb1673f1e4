# SPDX-License-Identifier: MIT
"""`llmac reproduce`: real runs in every figure, claims that follow from them, layers that are what they say."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llmac.agents.evaluation.robust import relative_gain
from llmac.agents.evaluation.sweep import table as tables
from llmac.agents.figures.style import looks
from llmac.agents.reproduce import churn, plan
from llmac.agents.reproduce.populations import trained_with
from llmac.bridge.scenario import load

pytestmark = pytest.mark.timeout(300)  # commands that import and spawn, on a machine that may be busy

CONVENTIONAL = (
    "arrival-rate",
    "network-size",
    "generalisation",
    "changing-population",
    "simulator-gap",
    "decision-delay",
    "claims",
)


SMALL = """
from dataclasses import replace
from llmac.agents.cli import main, reproduce
reproduce.QUICK = replace(
    reproduce.QUICK, seeds=2, ttis=30, loads=(0.2, 0.8), populations=(2, 4), delays=(0, 2), claims=("near-far",)
)
main()
"""


def test_every_figure_of_conventional_agents_is_drawn_from_runs(tmp_path: Path) -> None:
    arguments = ("sps", "--agents", "grant,aloha", "--quick", "--only", ",".join(CONVENTIONAL), "--out", str(tmp_path))
    # In a process of its own, since a pool of processes leaves one behind that ends with the interpreter.
    command = [sys.executable, "-c", SMALL, "reproduce", *arguments, "--processes", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert ended.returncode == 0, ended.stderr
    for name in CONVENTIONAL:
        for kind in ("png", "pdf", "csv"):
            assert (tmp_path / "figures" / f"{name}.{kind}").stat().st_size > 200
    runs = tables.read(tmp_path / "runs.parquet")
    claims = json.loads((tmp_path / "claims.json").read_text())["claims"]
    assert {claim["scenario"] for claim in claims} == {"paper", "near-far"}
    for claim in claims:
        here = runs[(runs["setting"] == plan.CLAIMS) & (runs["scenario"] == claim["scenario"])]
        metric = "goodput_dpdu_per_tti" if claim["claim"] == "throughput" else "jain_index"
        means = here.groupby("agent")[metric].mean()
        assert claim["measured"] == pytest.approx(means["sps"] / means[claim["over"]] - 1)
        assert claim["low"] <= claim["measured"] <= claim["high"]
    populations = pd.read_csv(tmp_path / "figures" / "generalisation.csv")
    assert set(populations["agent"]) == {"genie", "aloha", "grant", "mappo", "mappo-4", "sps"}
    gap = pd.read_csv(tmp_path / "figures" / "simulator-gap.csv")
    assert set(gap["layer"]) == set(plan.LAYERS)
    assert gap["mean"].between(0, 1).all()


def test_populations_of_training_are_those_of_the_manifest(tmp_path: Path) -> None:
    assert trained_with("mappo-4", "paper") == (4, 4)
    assert trained_with("mappo", "paper") == trained_with("mappo", "near-far") == (2, 8)
    assert trained_with("mappo", "bursty") is None
    assert trained_with("grant", "paper") is None
    domains = [
        {"scenario": "paper", "ues": [3, 5], "set": {}},
        {"scenario": "near-far", "ues": None, "set": {"ues": 9}},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"made_by": {"domains": domains}}))
    assert trained_with(f"llm:{tmp_path}", "paper") == (3, 5)
    assert trained_with(f"llm:{tmp_path}", "near-far") == (9, 9)


def test_agents_look_different() -> None:
    agents = ["genie", "grant", "llm", "mappo", "mappo-4", "llm:a/1", "llm:a/2", "llm:b/1", "mappo:c"]
    drawn = {(look.colour, look.line, look.marker) for look in looks(agents).values()}
    assert len(drawn) == len(agents)


def test_layers_are_added_one_to_the_other() -> None:
    cells = {name: load("paper", fields) for name, fields in plan.layers()}
    assert cells["paper"] == load("paper")
    assert cells["control loss"].error_model.model == "mutual-information"
    assert cells["control loss"].control.loss_probability > 0
    assert not cells["control loss"].decision_delay
    assert cells["IP traffic"].traffic.model == "ip"
    assert cells["IP traffic"].decision_delay == (0.0, 1.0)


def test_changing_population_keeps_those_that_joined_last() -> None:
    (join, leave) = churn.scenario().churn
    assert (join.join, len(leave.leave)) == (4, 6)
    assert max(leave.leave) < churn.scenario().ues + join.join


def test_relative_gain_has_the_interval_of_the_delta_method() -> None:
    rng = np.random.default_rng(2)
    others = rng.normal(2.0, 0.1, size=400)
    values = 1.5 * others + rng.normal(0.0, 0.1, size=400)
    result = relative_gain(values, others)
    ratio = values.mean() / others.mean()
    error = 1.96 * np.std(values - ratio * others, ddof=1) / others.mean() / np.sqrt(400)
    assert [result.mean, result.low, result.high] == pytest.approx(
        [ratio - 1, ratio - 1 - error, ratio - 1 + error], abs=0.1 * error
    )
