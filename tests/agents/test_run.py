# SPDX-License-Identifier: MIT
"""`llmac run` on the real cell: what it writes, what must hold between the agents, and commands that share a folder."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from llmac.agents.cli import main, run, tune
from llmac.agents.evaluation.metrics import NAMES

CONVENTIONAL = "random,aloha,grant,genie"


def _llmac(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["llmac", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def _summary(path: Path) -> dict[str, Any]:
    return json.loads((path / "summary.json").read_text())


@pytest.mark.parametrize("scenario", ["paper", "near-far"])
def test_bound_holds_and_genie_leads_on_20_paired_seeds(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _llmac(monkeypatch, "run", scenario, "--agents", CONVENTIONAL, "--seeds", "20", "--out", str(tmp_path)) == 0
    goodput = {name: agent["goodput_dpdu_per_tti"]["mean"] for name, agent in _summary(tmp_path)["agents"].items()}
    bound = _summary(tmp_path)["agents"]["genie"]["bound_dpdu_per_tti"]["mean"]
    assert goodput["random"] < goodput["aloha"] < goodput["grant"]
    assert all(goodput["genie"] >= 0.99 * other for other in goodput.values())
    assert all(bound >= other for other in goodput.values())


def test_bound_holds_in_every_single_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(1, 11):
        out = tmp_path / str(seed)
        arguments = ("--agents", CONVENTIONAL, "--seeds", "1", "--seed", str(seed), "--out", str(out))
        assert _llmac(monkeypatch, "run", "near-far", "--ttis", "60", *arguments) == 0
        for agent in _summary(out)["agents"].values():
            assert agent["bound_dpdu_per_tti"]["mean"] >= agent["goodput_dpdu_per_tti"]["mean"]


def test_summary_has_every_metric_and_the_trace_agrees_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("--agents", CONVENTIONAL, "--seeds", "3", "--ttis", "50", "--out", str(tmp_path))
    assert _llmac(monkeypatch, "run", "near-far", *arguments) == 0
    summary = _summary(tmp_path)
    assert summary["scenario"] == "near-far"
    assert summary["seeds"] == [2_000_000, 2_000_001, 2_000_002]
    trace = pq.read_table(tmp_path / "trace.parquet")
    assert trace.num_rows == 4 * 3 * 50 * 8
    outcomes = list(zip(trace["agent"].to_pylist(), trace["outcome"].to_pylist(), strict=True))
    for name, agent in summary["agents"].items():
        assert set(agent) == set(NAMES)
        assert all(agent[metric]["mean"] is not None for metric in NAMES)
        decoded = outcomes.count((name, "decoded"))
        assert decoded / (3 * 50) == pytest.approx(agent["goodput_dpdu_per_tti"]["mean"])
        ttis = pq.read_table(tmp_path / "ttis.parquet", filters=[("agent", "=", name)])
        assert ttis.num_rows == 3 * 50
        assert pc.sum(ttis["delivered"]).as_py() == decoded
        assert pc.mean(ttis["utility"]).as_py() == pytest.approx(agent["utility"]["mean"])
        collisions = pc.sum(ttis["collision"]).as_py()
        assert collisions / (3 * 50 * 4) == pytest.approx(agent["collision_rate"]["mean"])


@pytest.mark.parametrize("delay", ["[]", "[0.2, 0.5, 0.3]"])
def test_the_traces_of_ues_and_of_ttis_tell_of_the_same_transmissions(
    delay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lossy = ("--set", "control.loss_probability=0.3", "--set", f"decision_delay={delay}")
    arguments = ("--agents", "random,aloha", "--seeds", "3", "--ttis", "40", "--out", str(tmp_path), *lossy)
    assert _llmac(monkeypatch, "run", "near-far", *arguments) == 0
    rows = pq.read_table(tmp_path / "trace.parquet").to_pylist()
    at = {(row["agent"], row["seed"], row["tti"], row["ue"]): row for row in rows}
    on_rbg: dict[tuple[str, int, int, int], list[str]] = {}
    for row in rows:
        if row["rbg"] is not None:
            on_rbg.setdefault((row["agent"], row["seed"], row["tti"], row["rbg"]), []).append(row["outcome"])
    ttis = pq.read_table(tmp_path / "ttis.parquet").to_pylist()
    last = 39 if delay != "[]" else 40
    collisions = 0
    for tti in ttis:
        if tti["tti"] >= last:
            continue  # what took effect is unknown
        where = (tti["agent"], tti["seed"], tti["tti"])
        for rbg, outcome in enumerate(tti["rbg"]):
            transmissions = on_rbg.get((*where, rbg), [])
            assert (outcome == -1) == (not transmissions)
            assert (outcome >= 0) == any(o.startswith("decoded") for o in transmissions)
            if outcome >= 0:
                assert at[*where, outcome]["rbg"] == rbg
            collisions += outcome == -2 and len(transmissions) > 1
    assert collisions == sum(tti["collision"] for tti in ttis if tti["tti"] < last) > 0
    sent = sum(row["ucm_sent"] != "null" for row in rows)
    received = [(row, at.get((row["agent"], row["seed"], row["tti"] - 1, row["ue"]))) for row in rows]
    heard = [(row, before) for row, before in received if row["ucm_received"] != "null"]
    assert 0 < len(heard) < 0.9 * sent
    if delay == "[]":
        assert all(before is not None and before["ucm_sent"] == row["ucm_received"] for row, before in heard)


def test_differences_are_between_the_same_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("--agents", "aloha,genie", "--against", "grant", "--seeds", "4", "--ttis", "60", "--out")
    assert _llmac(monkeypatch, "run", "paper", *arguments, str(tmp_path)) == 0
    summary = _summary(tmp_path)
    against = summary["against"]
    assert against["agent"] == "grant"
    assert set(against["differences"]) == {"aloha", "genie"}
    aloha = against["differences"]["aloha"]["goodput_dpdu_per_tti"]
    means = {name: agent["goodput_dpdu_per_tti"]["mean"] for name, agent in summary["agents"].items()}
    assert aloha["mean"] == pytest.approx(means["aloha"] - means["grant"])
    assert aloha["ci95"][1] < 0
    bound = against["differences"]["genie"]["bound_dpdu_per_tti"]
    assert (bound["mean"], bound["ci95"], bound["pairs"]) == (0, [0, 0], 4)


def test_every_agent_meets_the_same_arrivals_and_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The bound is a function of every arrival and every link outcome of a run, and of nothing that the agents do.
    arguments = ("--agents", CONVENTIONAL, "--seeds", "4", "--ttis", "40", "--json")
    assert _llmac(monkeypatch, "run", "near-far", *arguments, "--out", str(tmp_path)) == 0
    bounds = {agent["bound_dpdu_per_tti"]["mean"] for agent in _summary(tmp_path)["agents"].values()}
    assert len(bounds) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "nowhere"), "there is no such scenario"),
        (("run", "paper", "--agents", "nobody"), "there is no agent 'nobody'"),
        (("run", "paper", "--set", "radio.mcs=99"), "radio.mcs: input should be less than or equal to 28 (it is 99)"),
        (("run", "paper", "--set", "radio"), "write FIELD=VALUE"),
        (("run", "paper", "--agents", "random", "--out", "/dev/null/x"), "nothing can be written there"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    arguments: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _llmac(monkeypatch, *arguments) == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.startswith("llmac: ")
    assert message.count("\n") == 1


def test_the_log_of_ns3_is_kept_for_each_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NS_LOG", "OfdmaCell=all|prefix_time:OfdmaSession")
    arguments = ("--agents", "grant", "--seeds", "2", "--ttis", "3", "--processes", "2", "--out", str(tmp_path))
    for _ in range(2):  # what an earlier run has left is replaced
        assert _llmac(monkeypatch, "run", "paper", *arguments) == 0
        for process in range(2):
            text = (tmp_path / f"cell-{process}.log").read_text()
            assert text.count("an episode of 1 environments and 3 TTIs begins") == 2  # grant and the reference
            assert text.count("+0.002000000s OfdmaCell:BeginTti(") == 2


def test_the_frames_are_logged_and_printed_and_the_time_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "wire.log"
    arguments = ("--agents", "random,grant", "--seeds", "2", "--ttis", "5", "--processes", "2", "--out", str(tmp_path))
    assert _llmac(monkeypatch, "run", "paper", *arguments, "--log-wire", str(log)) == 0
    timing = _summary(tmp_path)["timing"]
    assert list(timing) == ["random", "grant"]
    for spent in timing.values():
        assert spent["exchanges"] == 1 + 2 * 5
        assert all(spent[name] > 0 for name in ("encode_s", "wait_s", "decode_s", "cell_simulate_s", "cell_wait_s"))
    capsys.readouterr()
    assert _llmac(monkeypatch, "wire", str(log)) == 0
    printed = capsys.readouterr().out
    assert printed.count(" Closed, ") == 2
    assert printed.count(" FollowerAction of TTI 4, ") == 3 * 2  # random, grant and the genie, in two processes
    assert _llmac(monkeypatch, "wire", str(tmp_path / "summary.json")) == 2
    assert "is no log of frames" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["run", "paper"], ["train", "paper"], ["validate"], ["reproduce"]])
def test_a_folder_that_another_llmac_fills_is_left_alone(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cell-0.log").write_text("of the other one")
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert _llmac(monkeypatch, *command, "--out", str(tmp_path)) == 2
    assert f"{tmp_path}: another llmac fills this folder; wait for it" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "cell-0.log"]
    assert (tmp_path / "cell-0.log").read_text() == "of the other one"


def test_the_summary_of_an_earlier_run_is_gone_when_a_run_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    small = ("run", "paper", "--agents", "grant", "--seeds", "1", "--ttis", "5", "--out", str(tmp_path))
    assert _llmac(monkeypatch, *small) == 0
    assert (tmp_path / "summary.json").is_file()
    monkeypatch.setattr(run, "play", interrupted)
    assert _llmac(monkeypatch, *small) == 130
    assert not (tmp_path / "summary.json").exists()


def test_what_is_tuned_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tuned.yaml"
    arguments = ("tune", "--agents", "tdma", "--seeds", "2", "--set", "ttis=4", "--write", str(file))
    assert _llmac(monkeypatch, *arguments, "paper") == 0

    def meanwhile(*given: Any) -> Any:
        with monkeypatch.context() as undone:
            undone.setattr(tune, "_tune_all", tune_all)
            assert _llmac(undone, *arguments, "near-far") == 0
        return tune_all(*given)

    tune_all = tune._tune_all  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(tune, "_tune_all", meanwhile)
    assert _llmac(monkeypatch, *arguments, "bursty") == 0
    assert set(yaml.safe_load(file.read_text())["tdma"]) == {"paper", "near-far", "bursty"}
    assert list(tmp_path.iterdir()) == [file]
