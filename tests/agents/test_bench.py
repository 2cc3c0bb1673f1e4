# SPDX-License-Identifier: MIT
"""`llmac bench`: rounds, figures, and each kind tried at a small size."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from llmac.agents.bench.figures import Figure, Target, machine, table, write
from llmac.agents.bench.rounds import interleave, ratios
from llmac.agents.cli import main
from llmac.bridge.errors import LlmacError


def test_measurements_are_taken_in_turn() -> None:
    taken: list[str] = []

    def measure(name: str) -> float:
        taken.append(name)
        return float(len(taken))

    values = interleave({"a": lambda: measure("a"), "b": lambda: measure("b")}, 3)
    assert taken == ["a", "b"] * 3
    assert values == {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert ratios(values["b"], values["a"]) == [2, 4 / 3, 6 / 5]


def test_figures_are_written_with_their_spread(tmp_path: Path) -> None:
    figures = [Figure("ratio", [1.0, 9.0, 3.0], target=Target("≥", 3)), Figure("size_mb", [5.0], "MB", Target("<", 5))]
    write(tmp_path / "f.json", figures, machine())
    document = json.loads((tmp_path / "f.json").read_text())
    assert (document["ratio"], document["ratio_min"], document["ratio_max"]) == (3, 1, 9)
    assert document["size_mb"] == 5
    assert "size_mb_min" not in document
    assert document["cores"] >= 1
    console = Console(width=100, record=True)
    console.print(table("Title", figures, machine()))
    rows = [line.split() for line in console.export_text().splitlines()]
    assert ["ratio", "3", "1", "..", "9", "≥", "3", "met"] in rows
    assert ["size_mb", "5", "MB", "<", "5", "missed"] in rows
    with pytest.raises(LlmacError, match="cannot be written"):
        write(tmp_path, figures, {})


def test_the_cell_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "llmac.agents.bench.cell._SIZES", {"8x4": (8, 4, 15, 5000, 200), "64x16": (64, 16, 50, 500, 50)}
    )
    monkeypatch.setattr("llmac.agents.bench.cell._UE_TTIS", 20_000)
    monkeypatch.setattr("sys.argv", ["llmac", "bench", "cell", "--rounds", "1", "--json", str(tmp_path / "f.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    document = json.loads((tmp_path / "f.json").read_text())
    for size in ("8x4", "64x16"):
        for model in ("log_distance", "uma"):
            assert document[f"ratio_{size}_{model}"] > 1
    assert 0 < document["memory_per_env_mb_8x4"] < 3
    assert document["us_per_tti_1024"] > document["us_per_tti_8"]
    assert 0 < document["us_per_tti_exponent"] < 2


def test_the_bridge_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ["--rounds", "1", "--exchanges", "40", "--json", str(tmp_path / "f.json")]
    monkeypatch.setattr("sys.argv", ["llmac", "bench", "bridge", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    document = json.loads((tmp_path / "f.json").read_text())
    assert document["exchanges_per_s_ipc_128_2p_envs"] > document["exchanges_per_s_ipc_1_env"] > 0
    assert document["ratio_to_ns3gym_128_envs"] > document["ratio_to_ns3gym_1_env"] > 0
    assert document["ratio_to_raw_1_env"] > 0
    assert 0 < document["python_us_per_env_exchange_128"] < 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_language_agents_are_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ["--rounds", "1", "--no-large", "--json", str(tmp_path / "f.json")]
    monkeypatch.setattr("sys.argv", ["llmac", "bench", "agents", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    document = json.loads((tmp_path / "f.json").read_text())
    for agents in ("9", "65", "144", "144_with_duplicates"):
        assert document[f"ratio_to_generate_{agents}"] > 1
    assert 0 < document["mask_share"] < 1
    assert document["env_ttis_per_s"] > 0
    assert 0 < document["ratio_to_grant_run"] < 1
