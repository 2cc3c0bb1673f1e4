# SPDX-License-Identifier: MIT
"""Clicks through the page in headless Chromium; what it shows is checked against the files, read by other means."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from llmac.agents.evaluation.metrics import NAMES

Open = Callable[..., Page]
AGENTS, SEEDS = ("random", "grant", "llm"), (2_000_000, 2_000_001, 2_000_002)
NOTHING = "\N{EN DASH}"
OF_EPISODES = {
    "goodput_dpdu_per_tti",
    "collision_rate",
    "duplicate_rate",
    "loss_rate",
    "drop_rate",
    "signalling_bits_per_tti",
    "invalid_action_rate",
    "utility",
}


def _rows(folder: Path, name: str, **where: object) -> list[dict[str, Any]]:
    filters: Any = [(column, "=", value) for column, value in where.items()] or None
    return pq.read_table(folder / f"{name}.parquet", filters=filters).to_pylist()


def _tti(page: Page) -> int:
    return int(page.locator("#tti").input_value())


def _told(folder: Path, agent: str, tti: int) -> str:
    """What is said aloud of a TTI, from the trace."""
    cell = _rows(folder, "ttis", agent=agent, seed=SEEDS[0], tti=tti)[0]
    rows = _rows(folder, "trace", agent=agent, seed=SEEDS[0], tti=tti)
    spoken: list[str] = []
    for rbg, decoded in enumerate(cell["rbg"]):
        on_it = [row["ue"] for row in rows if row["rbg"] == rbg]
        others = [str(ue) for ue in on_it if ue != decoded]
        again = any(row["ue"] == decoded and row["outcome"] == "decoded duplicate" for row in rows)
        if decoded == -1:
            text = "idle"
        elif decoded >= 0:
            text = (
                f"UE {decoded} decoded"
                + (" again" if again else "")
                + (f", over {', '.join(others)}" if others else "")
            )
        else:
            text = f"collision of {', '.join(others)}" if len(on_it) > 1 else f"UE {on_it[0]} not decoded"
        spoken.append(f"RBG {rbg} {text}")
    return f"{agent}: {'; '.join(spoken)}."


def test_the_numbers_are_those_of_summary_json(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    summary = json.loads((run_folder / "summary.json").read_text())["agents"]
    expect(page.locator("nav a")).to_have_text(["Episode", "What the messages mean", "Results"])
    for agent in AGENTS:
        for name in NAMES:
            cell = page.locator(f'#summary td[data-agent="{agent}"][data-metric="{name}"]')
            assert float(cell.get_attribute("data-mean") or "nan") == summary[agent][name]["mean"]
    page.select_option("#right", "")
    found: dict[tuple[str, str], list[float]] = {}
    for agent in AGENTS:
        page.select_option("#left", agent)
        for seed in SEEDS:
            page.select_option("#seed", str(seed))
            expect(page.locator("#rates th", has_text=f"{agent}, seed {seed}")).to_be_visible()
            for cell in page.locator("#rates td[data-metric]").all():
                key = agent, cell.get_attribute("data-metric") or ""
                found.setdefault(key, []).append(float(cell.get_attribute("data-value") or "nan"))
    assert {metric for _, metric in found} == OF_EPISODES
    for (agent, metric), values in found.items():
        assert len(values) == len(SEEDS)
        assert np.mean(values) == pytest.approx(summary[agent][metric]["mean"], rel=1e-12), (agent, metric)


def test_every_way_to_move_through_time(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    grid = page.locator(".rbgs").first
    page.click("#first")
    page.click("#forth")
    page.click("#forth")
    page.click("#back")
    assert _tti(page) == 1
    page.click("#last")
    assert _tti(page) == 59
    page.fill("#tti", "17")
    page.press("#tti", "Enter")
    assert _tti(page) == 17
    page.focus("#scrub")
    page.keyboard.press("ArrowRight")
    assert _tti(page) == 18
    grid.focus()
    for key, tti in (
        ("ArrowLeft", 17),
        ("PageDown", 27),
        ("PageUp", 17),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("End", 59),
        ("ArrowRight", 59),
    ):
        page.keyboard.press(key)
        assert _tti(page) == tti, key
    page.click("#all")
    box = grid.bounding_box()
    assert box is not None
    column = (box["width"] - 58) / 60
    page.mouse.move(box["x"] + 58 + 20.5 * column, box["y"] + 40)
    page.mouse.down()
    assert _tti(page) == 20
    page.mouse.move(box["x"] + 58 + 31.5 * column, box["y"] + 40)
    page.mouse.up()
    assert _tti(page) == 31
    grid.focus()
    for _ in range(8):
        page.keyboard.press("+")
    expect(page.locator("#overview")).to_have_attribute("aria-valuetext", re.compile(r"TTIs (29|3\d) to 3\d"))
    page.locator("#overview").focus()
    page.keyboard.press("ArrowRight")
    assert _tti(page) >= 31
    overview = page.locator("#overview").bounding_box()
    assert overview is not None
    page.mouse.click(overview["x"] + overview["width"] * 0.1, overview["y"] + 10)
    assert _tti(page) < 12
    page.press(".rbgs >> nth=0", " ")
    expect(page.locator("#play")).to_have_text("Pause")
    page.click("#play")
    expect(page.locator("#play")).to_have_text("Play")


@pytest.mark.parametrize("agent", AGENTS)
def test_a_tti_is_told_as_the_trace_has_it(open_page: Open, run_folder: Path, agent: str) -> None:
    page = open_page(run_folder, "--seeds", str(SEEDS[0]))
    page.select_option("#left", agent)
    page.select_option("#right", "grant" if agent != "grant" else "random")
    panel = page.locator(".panel").first
    expect(panel.locator("h3")).to_contain_text(agent)
    for tti in (0, 7, 33, 59):
        page.fill("#tti", str(tti))
        page.press("#tti", "Enter")
        expect(page.locator("#told")).to_contain_text(_told(run_folder, agent, tti))
        rows = _rows(run_folder, "trace", agent=agent, seed=SEEDS[0], tti=tti)
        lines = panel.locator("tbody tr")
        expect(lines).to_have_count(len(rows))
        for line, row in zip(lines.all(), rows, strict=True):
            cells = [text.strip() for text in line.locator("th, td").all_inner_texts()]
            assert cells[0].split()[1] == str(row["ue"])
            assert cells[1] == str(row["buffer"])
            shown = {NOTHING: "null", "nothing": "null"}
            messages = [row["ucm_received"], row["dcm_sent"], row["dcm_received"]]
            assert [shown.get(text, text) for text in cells[2:5]] == messages
            assert cells[6 if agent == "llm" else 7] == row["outcome"]
            if agent == "llm":
                assert cells[5] == row["sentence"]
                assert float(cells[7]) == pytest.approx(np.exp(row["log_prob"]), abs=6e-4)
                assert float(cells[8]) == pytest.approx(row["entropy"], abs=6e-4)
        if agent == "llm":
            expect(panel.locator(".said q")).to_have_text(rows[0]["bs_sentence"])
            expect(panel.locator(".said")).to_contain_text(f"probability {np.exp(rows[0]['bs_log_prob']):.3f}")


def test_the_grid_is_painted_as_the_trace_has_it(open_page: Open, run_folder: Path) -> None:
    """The top of a cell is vermilion in a collision, of the UE's colour where it was decoded, else as if idle."""
    page = open_page(run_folder)
    page.select_option("#left", "random")
    page.click("#all")
    page.fill("#tti", "59")
    page.press("#tti", "Enter")
    expect(page.locator("#overview")).to_have_attribute("aria-valuetext", "TTIs 0 to 59")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    cells = _rows(run_folder, "ttis", agent="random", seed=SEEDS[0])[:59]
    painted: list[list[list[int]]] = page.evaluate(
        """([ttis, rbgs]) => {
            const canvas = document.querySelector(".rbgs");
            const width = (canvas.clientWidth - 58) / 60, height = (canvas.clientHeight - 18) / rbgs;
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const pixel = (x, y) => [...data.subarray(4 * (y * canvas.width + x)).subarray(0, 3)];
            const at = (tti, rbg) => pixel(Math.floor(58 + (tti + 0.5) * width), Math.floor(18 + rbg * height + 3));
            return Array.from({ length: ttis }, (_, tti) => Array.from({ length: rbgs }, (_, rbg) => at(tti, rbg)));
        }""",
        [len(cells), 4],
    )
    palette = [(0x56, 0xB4, 0xE9), (0x00, 0x9E, 0x73), (0xF0, 0xE4, 0x42), (0xCC, 0x79, 0xA7), (0x00, 0x72, 0xB2)]
    kinds: set[str] = set()
    for cell, row in zip(cells, painted, strict=True):
        trace = _rows(run_folder, "trace", agent="random", seed=SEEDS[0], tti=cell["tti"])
        for rbg, (decoded, colour) in enumerate(zip(cell["rbg"], row, strict=True)):
            outcomes = [r["outcome"] for r in trace if r["rbg"] == rbg]
            rgb = tuple(colour)
            if "decoded" in outcomes:
                assert rgb == palette[decoded % 5]
                kinds.add("decoded")
            elif "collided" in outcomes:
                assert rgb == (0xD5, 0x5E, 0x00)
                kinds.add("collision")
            elif not outcomes or "decoded duplicate" in outcomes:
                assert rgb == (0xEE, 0xF0, 0xF3)
                kinds.add("duplicate" if outcomes else "idle")
    assert kinds == {"decoded", "collision", "duplicate", "idle"}


def test_two_agents_stand_side_by_side_at_one_seed(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    page.select_option("#left", "random")
    page.select_option("#right", "llm")
    page.select_option("#seed", str(SEEDS[1]))
    headings = page.locator("#rates thead th")
    expect(headings).to_have_text(
        ["metric", f"random, seed {SEEDS[1]}", "all seeds", f"llm, seed {SEEDS[1]}", "all seeds"]
    )
    left, right = (panel.bounding_box() for panel in page.locator(".panel").all())
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    page.locator(".panel").nth(1).locator("tbody tr").nth(3).click()
    assert page.locator("#ue").input_value() == "3"
    expect(page.locator("tr.chosen")).to_have_count(2)
    page.set_viewport_size({"width": 700, "height": 900})
    tops = [box["y"] for panel in page.locator(".panel").all() if (box := panel.bounding_box())]
    assert tops[1] > tops[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_what_messages_mean_is_what_was_measured(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    table = page.locator("#bits tbody tr")
    expect(table).to_have_count(8)
    heard = table.nth(7).locator("td, th").all_inner_texts()
    assert heard[:3] == ["DCM heard", "UE's access", "response"]
    assert heard[3] == "noise"  # random does not listen
    assert float(heard[4]) > 1.5  # grant does as it is told
    page.select_option("#speaker", "grant")
    obeyed = page.locator("#tables .pair").nth(7)
    expect(obeyed.locator("caption")).to_have_text("P(what the UE does | message)")
    headings = obeyed.locator("thead th").all_inner_texts()
    row = obeyed.locator("tbody tr", has=page.get_by_role("rowheader", name="grant 1", exact=True))
    cells = dict(zip(headings, row.locator("th, td").all_inner_texts(), strict=True))
    trace = [r for r in _rows(run_folder, "trace", agent="grant") if r["dcm_received"] == "grant 1"]
    assert int(cells["times"].replace(",", "")) == len(trace)
    transmitted = sum(r["access"] == "transmit 1" for r in trace)
    assert cells["transmit 1"] == f"{round(100 * transmitted / len(trace))}%"


def test_it_is_used_by_keyboard_and_read_aloud(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    nameless: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, [tabindex='0'], a")]
            .filter((e) => !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    order: list[str] = []
    page.evaluate("document.body.focus()")
    for _ in range(24):
        page.keyboard.press("Tab")
        focused: dict[str, str] = page.evaluate(
            """() => ({ name: document.activeElement.id || document.activeElement.className,
                        outline: getComputedStyle(document.activeElement).outlineStyle })"""
        )
        assert focused["outline"] != "none", focused
        order.append(focused["name"])
    controls = [
        "theme",
        "seed",
        "left",
        "right",
        "ue",
        "first",
        "back",
        "tti",
        "forth",
        "last",
        "play",
        "out",
        "in",
        "all",
    ]
    assert order[: order.index("theme") + len(controls)][-len(controls) :] == controls
    assert order[order.index("all") + 1 :][:4] == ["scrub", "overview", "rbgs", "said"]
    page.keyboard.press("Shift+Tab")
    page.locator(".rbgs").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#ue").input_value() == "1"


def test_light_and_dark(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder, "--seeds", str(SEEDS[0]))
    body = page.locator("body")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    page.emulate_media(color_scheme="dark")
    expect(body).to_have_css("background-color", "rgb(20, 23, 28)")
    page.click("#theme")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("#theme")).to_have_text("Dark")


def test_every_run_is_told_and_leads_to_its_episode(open_page: Open, run_folder: Path) -> None:
    page = open_page(run_folder)
    rows = page.locator("#by-run tbody tr")
    expect(rows).to_have_count(len(SEEDS))
    runs = {(row["agent"], row["seed"]): row for row in _rows(run_folder, "runs")}
    agents = page.locator("#by-run thead th").all_inner_texts()[1:]
    assert set(agents) == {*AGENTS, "genie"}
    for metric in ("goodput_dpdu_per_tti", "mean_delay_tti"):
        page.select_option("#run-metric", metric)
        for seed, row in zip(SEEDS, rows.all(), strict=True):
            for agent, cell in zip(agents, row.locator("td").all_inner_texts(), strict=True):
                assert float(cell.replace("\N{MINUS SIGN}", "-")) == pytest.approx(runs[agent, seed][metric], rel=1e-3)
    rows.nth(2).locator("button").click()
    expect(page.locator("#rates th", has_text=f"seed {SEEDS[2]}").first).to_be_visible()
    expect(page.locator("#seed")).to_be_focused()


def test_who_was_left_out_and_the_claims_are_told(open_page: Open, validation_folder: Path, tmp_path: Path) -> None:
    summary = json.loads((validation_folder / "summary.json").read_text())
    assert summary["refused"] == []
    folder = tmp_path / "some"
    folder.mkdir()
    left_out = {"agent": "sps", "cell": "paper, 2 UEs", "why": "too few symbols"}
    (folder / "summary.json").write_text(json.dumps({**summary, "refused": [left_out]}))
    claim = {"claim": "throughput", "claimed": 0.776, "scenario": "paper", "agent": "llm", "over": "aloha"}
    (folder / "claims.json").write_text(json.dumps({"claims": [{**claim, "measured": 1.25, "low": 1.2, "high": -0.1}]}))
    page = open_page(folder)
    row = page.get_by_role("table", name="Left out").locator("tbody tr")
    expect(row.locator("th, td")).to_have_text(["sps", "paper, 2 UEs", "too few symbols"])
    row = page.get_by_role("table", name="Claims of the paper").locator("tbody tr")
    told = ["throughput", "+77.6%", "paper", "llm over aloha", "+125% +120% to \N{MINUS SIGN}10%"]
    expect(row.locator("th, td")).to_have_text(told)


def test_the_page_of_a_training_run(open_page: Open, training_folder: Path) -> None:
    page = open_page(training_folder)
    expect(page.locator("nav a")).to_have_text(["Training"])
    goodput = pq.read_table(training_folder / "metrics.parquet")["validation/goodput_over_bound"].to_pylist()
    label = page.locator("#curves svg").first.get_attribute("aria-label") or ""
    first, last = re.findall(r"validation from ([\d.]+) to ([\d.]+)", label)[0]
    assert float(first) == pytest.approx(goodput[0], rel=1e-3)
    assert float(last) == pytest.approx(goodput[-1], rel=1e-3)
    expect(page.locator("#updates")).to_have_text("2")
    page.focus("#validation")
    page.keyboard.press("Home")
    expect(page.locator("#updates")).to_have_text("0")
    reports = _rows(training_folder, "protocol", updates=0, message="ucm_sent", other="buffer")[0]
    times = page.locator("#then .pair").first.locator("tbody td:nth-child(2)").all_inner_texts()
    assert sum(int(text.replace(",", "")) for text in times) == sum(reports["counts"])


def test_the_page_of_a_validation(open_page: Open, validation_folder: Path) -> None:
    page = open_page(validation_folder)
    summary = json.loads((validation_folder / "summary.json").read_text())
    expect(page.locator("nav a")).to_have_text(["Results"])
    for agent in ("genie", "aloha", "grant"):
        for name, value in summary["agents"][agent].items():
            cell = page.locator(f'#summary td[data-agent="{agent}"][data-metric="{name}"]')
            shown = cell.get_attribute("data-mean")
            assert (None if shown is None else float(shown)) == value["mean"]
    expect(page.locator("#by-cell tbody tr")).to_have_count(len(summary["cells"]))
    page.select_option("#metric", "jain_index")
    shown = page.locator("#by-cell tbody tr").first.locator("td").last.inner_text().split()[0]
    agent = page.locator("#by-cell thead th").last.inner_text()
    assert float(shown) == pytest.approx(summary["cells"][0]["agents"][agent]["jain_index"]["mean"], rel=1e-3)
    figures = sorted(path.stem for path in (validation_folder / "figures").glob("*.png"))
    pictures = page.locator("#figures img")
    expect(pictures).to_have_count(len(figures))
    page.locator("#figures").scroll_into_view_if_needed()
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 100


@pytest.mark.slow
def test_64_ues_and_2000_ttis_open_in_3_seconds(open_page: Open, llmac: Callable[..., int], tmp_path: Path) -> None:
    cell = ("--ues", "64", "--rbgs", "16", "--load", "0.2", "--ttis", "2000", "--seeds", "1")
    assert llmac("run", "near-far", *cell, "--agents", "random,grant", "--out", str(tmp_path / "run")) == 0
    page = open_page(tmp_path / "run")
    assert (tmp_path / "report.html").stat().st_size < 30e6
    # Processor time of the page's main thread, which all of its work but unpacking is on: others may use the machine.
    measured = page.context.new_cdp_session(page)
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()
    page.locator("body[data-ready]").wait_for()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    metrics = {metric["name"]: metric["value"] for metric in measured.send("Performance.getMetrics")["metrics"]}
    assert 0 < metrics["TaskDuration"] < 1.5
    assert page.locator(".panel").first.locator("tbody tr").count() < 40  # of 64, those in view
    page.click("#all")
    expect(page.locator("#overview")).to_have_attribute("aria-valuetext", "TTIs 0 to 1999")
