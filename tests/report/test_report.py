# SPDX-License-Identifier: MIT
"""`llmac report` without a browser: what it refuses, and that the page needs nothing besides itself."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from llmac.agents.report import contents, episodes


def test_the_page_is_one_file_that_reaches_for_nothing(
    llmac: Callable[..., int], run_folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "page.html"
    assert llmac("report", str(run_folder), "--out", str(target)) == 0
    page = target.read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    addresses = set(re.findall(r"https?://[^\"'\s]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which nobody asks for
    assert "default-src 'none'" in page


def test_texts_of_results_cannot_leave_their_place(llmac: Callable[..., int], tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    (tmp_path / "summary.json").write_text(json.dumps({"scenario": name, "agents": {name: {}}}))
    assert llmac("report", str(tmp_path)) == 0
    assert "<script>alert" not in (tmp_path / "report.html").read_text()


def test_seeds_are_those_that_fit_or_those_asked_for(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seeds(asked: list[int] | None) -> list[int]:
        return sorted({episode.seed for episode in contents.read(run_folder, asked).episodes})

    assert seeds(None) == [2_000_000, 2_000_001, 2_000_002]
    assert seeds([2_000_002]) == [2_000_002]
    one = sum(len(e.data) for e in contents.read(run_folder, [2_000_000]).episodes)
    for budget, count in ((0, 1), (int(1.5 * one), 1), (int(2.5 * one), 2)):
        monkeypatch.setattr(episodes, "BUDGET", budget)
        assert len(seeds(None)) == count


def test_what_is_missing_is_told_in_one_sentence(
    llmac: Callable[..., int], run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        capsys.readouterr()
        assert llmac("report", *arguments) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        return message

    assert "there are no results here" in told(str(tmp_path))
    assert "there is no such folder" in told(str(tmp_path / "nowhere"))
    assert "the trace has no seed 5; it has 2000000, 2000001, 2000002" in told(str(run_folder), "--seeds", "5")
    assert "write numbers" in told(str(run_folder), "--seeds", "a")
    assert "cannot be written" in told(str(run_folder), "--out", str(tmp_path / "no" / "page.html"))
    trace = pq.read_table(run_folder / "trace.parquet")
    pq.write_table(trace, tmp_path / "trace.parquet")
    assert "ttis.parquet: there is none beside trace.parquet" in told(str(tmp_path))
    (tmp_path / "ttis.parquet").write_bytes(b"PAR1")
    assert "ttis.parquet: this cannot be read as Parquet" in told(str(tmp_path))
    pq.write_table(trace.drop_columns(["rbg"]), tmp_path / "trace.parquet")
    assert "trace.parquet: there is no column rbg" in told(str(tmp_path))
    (tmp_path / "summary.json").write_text("{")
    assert "summary.json: this is not JSON" in told(str(tmp_path))
