# SPDX-License-Identifier: MIT
"""Sweeps on the real cell: resumed after SIGKILL without a lost or doubled row, and what is told of them."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmac.agents.cli.sweeps import numbers, time_left
from llmac.agents.evaluation.sweep import table as tables
from llmac.agents.evaluation.sweep.costs import Costs, Size
from llmac.agents.evaluation.sweep.runs import Player, Run, grid
from llmac.agents.evaluation.sweep.sweep import Sweep
from llmac.bridge.errors import LlmacError

pytestmark = pytest.mark.timeout(300)  # commands that import and spawn, on a machine that may be busy

KEY = ["agent", *tables.PLACE, "seed"]
SWEEP = ("--agents", "aloha,grant", "--ues", "2,4,8", "--loads", "0.2,0.4,...,0.8", "--set", "ttis=40", "--seeds", "8")


def _command(out: Path, *arguments: str) -> list[str]:
    main = "from llmac.agents.cli import main; main()"
    return [sys.executable, "-c", main, "validate", "sps", "--scenario", "paper", "--out", str(out), *arguments]


def _validate(out: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(_command(out, *arguments), capture_output=True, text=True, check=False, timeout=280)


def _metrics(out: Path) -> Any:
    return tables.read(out / "runs.parquet").drop(columns="seconds").sort_values(KEY).reset_index(drop=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    ended = _validate(out, *SWEEP)
    assert ended.returncode == 0, ended.stderr
    return out


def test_sweep_has_a_row_for_every_agent_cell_and_seed(whole: Path) -> None:
    table = _metrics(whole)
    assert len(table) == 4 * 3 * 4 * 8  # the genie, two rivals and sps; populations; loads .2 .4 .6 .8; seeds
    assert not table.duplicated(KEY).any()
    assert sorted(set(table["load"])) == [0.2, 0.4, 0.6, 0.8]
    assert (table["goodput_dpdu_per_tti"] <= table["bound_dpdu_per_tti"]).all()


def test_killed_sweep_leaves_no_process_and_goes_on_without_a_lost_or_doubled_row(whole: Path, tmp_path: Path) -> None:
    with subprocess.Popen(_command(tmp_path, *SWEEP), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "runs" in line and " 0 of" not in line:  # some are saved, others play
                break
        process.send_signal(signal.SIGKILL)
        process.stderr.read()  # ends when the last process that inherited it has ended
    saved = _metrics(tmp_path)
    assert 0 < len(saved) < len(_metrics(whole))
    resumed = _validate(tmp_path, *SWEEP)
    assert resumed.returncode == 0, resumed.stderr
    assert f"validate: {len(saved)} of " in resumed.stderr  # nothing is played again
    assert _metrics(tmp_path).equals(_metrics(whole))


def test_summary_agrees_with_the_rows(whole: Path) -> None:
    summary, table = json.loads((whole / "summary.json").read_text()), _metrics(whole)
    for agent, metrics in summary["agents"].items():
        of_agent = table[table["agent"] == agent]
        assert metrics["goodput_dpdu_per_tti"]["mean"] == pytest.approx(of_agent["goodput_dpdu_per_tti"].mean())
    assert len(summary["cells"]) == 12
    assert summary["agents"]["genie"]["normalised_utility"]["mean"] == pytest.approx(1.0)
    less = summary["against"]["sps"]["aloha"]["differences"]["goodput_dpdu_per_tti"]
    means = table.groupby("agent")["goodput_dpdu_per_tti"].mean()
    assert less["mean"] == pytest.approx(means["sps"] - means["aloha"])
    assert less["ci95"][0] > 0


def test_figures_are_drawn_with_their_data(whole: Path) -> None:
    for name in ("by-load", "by-ues", "profiles", "comparisons", "advantage-sps"):
        for kind in ("png", "pdf", "csv"):
            assert (whole / "figures" / f"{name}.{kind}").stat().st_size > 200


@pytest.mark.slow
def test_a_language_agent_is_examined_without_its_grammar_too(tmp_path: Path) -> None:
    cell = ("--scenario", "paper", "--ues", "2", "--seeds", "2", "--set", "ttis=8", "--processes", "1")
    main = "from llmac.agents.cli import main; main()"
    arguments = ["validate", "llm", "--agents", "grant", *cell, "--without-grammar", "--out", str(tmp_path)]
    ended = subprocess.run([sys.executable, "-c", main, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    invalid = _metrics(tmp_path).groupby("agent")["invalid_action_rate"].mean()
    assert set(invalid.index) == {"genie", "grant", "llm", "llm, no grammar"}
    assert invalid["llm"] == 0 < invalid["llm, no grammar"]
    assert set(json.loads((tmp_path / "summary.json").read_text())["against"]) == {"llm", "llm, no grammar"}


def test_more_seeds_are_added(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "runs.parquet").write_bytes((whole / "runs.parquet").read_bytes())
    more = ("--agents", "grant", "--ues", "2", "--loads", "0.2", "--set", "ttis=40", "--seeds", "9")
    ended = _validate(tmp_path, *more, "--processes", "1")
    assert ended.returncode == 0, ended.stderr
    assert "validate: 24 of 27 runs" in ended.stderr
    assert len(_metrics(tmp_path)) == len(_metrics(whole)) + 3


def test_runs_of_other_fields_that_look_the_same_are_refused(whole: Path) -> None:
    path = whole / "runs.parquet"
    same, other = (grid(["paper"], [2], [0.2], [], {"ttis": ttis}) for ttis in (40, 50))
    runs = [[Run(Player.of("grant"), cells[0], 2_000_000)] for cells in (same, other)]
    assert tables.played(tables.read(path), runs[0], path) == set(runs[0])
    with pytest.raises(LlmacError, match="are of other weights, parameters or scenario fields than now"):
        tables.played(tables.read(path), runs[1], path)


def test_a_file_that_holds_no_runs_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "runs.parquet").write_text("notes")
    with pytest.raises(LlmacError, match="this is no Parquet file"):
        tables.read(tmp_path / "runs.parquet")


def test_an_agent_that_does_not_exist_is_an_error_and_one_that_cannot_play_is_left_out(tmp_path: Path) -> None:
    cells = grid(["paper"], [2], [], [], {"vocabulary": {"kind": "opaque", "symbols": 2}})
    with pytest.raises(LlmacError, match="there is no agent 'nobody'"):
        Sweep(tmp_path / "runs.parquet", [(Player.of("nobody"), cells[0])], [1])
    sweep = Sweep(tmp_path / "runs.parquet", [(Player.of(name), cells[0]) for name in ("sps", "aloha")], [1])
    assert [refusal.player.name for refusal in sweep.refused] == ["sps"]


def test_lists_of_numbers() -> None:
    assert numbers("--ues", "2,4,...,10", int) == [2, 4, 6, 8, 10]
    assert numbers("--loads", "0.1,0.2,...,0.9", float) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert numbers("--ues", None, int) == []
    for wrong in ("2,4,...,9", "2,...,8", "2,x", "4,4,...,8"):
        with pytest.raises(LlmacError, match="--ues"):
            numbers("--ues", wrong, int)


def test_costs_are_told_within_a_tenth_once_the_least_the_greatest_and_a_middle_one_were_measured() -> None:
    rng, costs = np.random.default_rng(1), Costs()

    def seconds(size: Size) -> float:
        return float(size.ttis * (1e-4 + 2e-5 * size.ues + 1e-6 * size.ues**2) * rng.uniform(0.95, 1.05))

    assert costs.seconds("llm", [Size(200, 8)]) is None
    for ues in (2, 16, 32):
        costs.add("llm", [Size(200, ues)] * 8, sum(seconds(Size(200, ues)) for _ in range(8)))
    between = [Size(200, ues) for ues in range(4, 32, 4)]
    assert costs.seconds("llm", between) == pytest.approx(sum(map(seconds, between)), rel=0.1)
    assert costs.seconds("other", between) is None
    assert [time_left(s) for s in (None, 42.0, 600.0, 9000.0)] == [
        "measuring how long it will take",
        "about 42 s left",
        "about 10 min left",
        "about 2.5 h left",
    ]


def test_fingerprint_tells_weights_and_fields_apart(tmp_path: Path) -> None:
    for name, text in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model").write_text(text)
    (cell,), (other,) = grid(["paper"], [2], [], []), grid(["paper"], [2], [], [], {"radio.mcs": 4})

    def fingerprint(folder: str, where: Any) -> str:
        return Run(Player.of(f"llm:{tmp_path / folder}", "x"), where, 1).fingerprint

    assert fingerprint("a", cell) != fingerprint("c", cell)
    assert fingerprint("a", cell) != fingerprint("a", other)
    assert Player.of("sps").name == "sps"
    assert grid(["near-far"], [], [], ["uma"])[0].channel == "uma"
    assert grid(["near-far"], [], [], [])[0].channel == "log-distance"


def test_a_training_run_takes_part_with_one_of_its_policies_though_it_goes_on(tmp_path: Path) -> None:
    def save(update: str) -> None:
        (tmp_path / "checkpoints" / update / "policy").mkdir(parents=True)
        (tmp_path / "checkpoints" / update / "policy" / "model").write_text(update)

    save("000010")
    player = Player.of(f"llm:{tmp_path}")
    save("000020")
    assert player == Player.of(f"llm:{tmp_path}")  # asked again in the same process
    assert player == Player(f"llm:{tmp_path}", f"llm:{tmp_path}/checkpoints/000010/policy")
    (cell,) = grid(["paper"], [2], [], [])
    later = Player(player.name, f"llm:{tmp_path}/checkpoints/000020/policy")
    assert Run(player, cell, 1).fingerprint != Run(later, cell, 1).fingerprint


def test_names_that_are_no_training_runs_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints" / "000010").mkdir(parents=True)  # the names of agents are no paths
    (tmp_path / "clone").mkdir()
    for name in ("llm", "sps", "llm:", "llm:./clone/", "llm:org/model", "llm:nowhere", "mappo:x:y", "nobody:a"):
        assert Player.of(name) == Player(name, name)
