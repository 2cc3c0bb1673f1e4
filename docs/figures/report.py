# SPDX-License-Identifier: MIT
"""Take docs/figures/report-*.png, pictures of the pages of `llmac report`, with Chromium.

llmac run near-far --agents aloha,grant,llm --seeds 4 --out run
llmac run near-far --ues 64 --rbgs 16 --load 0.2 --ttis 2000 --seeds 1 --agents random,grant --out crowd
llmac train --config agents/checkpoints/scratch.yaml --set seed=5 --out train
for folder in run crowd train; do llmac report $folder; done
python docs/figures/report.py run crowd train

What it costs to open the page of the crowd is printed.
"""

import shutil
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """One picture of each part of the page, some light, some dark."""
    run, crowd, train = (Path(argument).resolve() / "report.html" for argument in sys.argv[1:])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
            _open(page, run)
            page.select_option("#right", "aloha")
            _at(page, 17)
            _take(page, "#episode", f"report-episode-{scheme}", height=1060)
            if scheme == "light":
                _take(page, "#meaning", "report-meaning", height=1080)
                _tell_cost(page, crowd)
                page.set_viewport_size({"width": 1280, "height": 900})
                for _ in range(4):
                    page.click("#out")
                _at(page, 60)
                _take(page, "#episode", "report-crowd", height=900)
                _open(page, train)
                _take(page, "#learned", "report-training", height=760)
                _take_course(page, "report-course", updates=(0, 20, 40, 70))
        browser.close()


def _open(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    page.locator("body[data-ready]").wait_for()


def _tell_cost(page: Page, path: Path) -> None:
    """Open a page, and say how large it is and how much processor time its main thread takes for that."""
    measured = page.context.new_cdp_session(page)
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})
    _open(page, path)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    metrics = {metric["name"]: metric["value"] for metric in measured.send("Performance.getMetrics")["metrics"]}
    sys.stdout.write(f"{path}: {path.stat().st_size / 1e6:.1f} MB, opened in {metrics['TaskDuration']:.2f} s\n")


def _take_course(page: Page, name: str, updates: Sequence[int]) -> None:
    """What two pairs of variables had to do with each other after some of the validations, from left to right."""
    rows: list[Image.Image] = []
    for pair in ("UE: the UCM that a UE sends and the UE's buffer", "BS: the DCM that a UE hears and what the UE does"):
        pictures = [_pair_after(page, count, pair) for count in updates]
        rows.append(Image.new("RGB", (sum(p.width for p in pictures), max(p.height for p in pictures)), "white"))
        left = 0
        for picture in pictures:
            rows[-1].paste(picture, (left, 0))
            left += picture.width
    whole = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        whole.paste(row, (0, top))
        top += row.height
    whole.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def _pair_after(page: Page, updates: int, pair: str) -> Image.Image:
    page.focus("#validation")
    page.keyboard.press("Home")
    for _ in range(int(page.get_attribute("#validation", "max") or 0)):
        if int(page.locator("#updates").inner_text()) < updates:
            page.keyboard.press("ArrowRight")
    box = page.locator("#then .pair", has=page.locator("h4", has_text=pair))
    box.locator("h4").evaluate("(title, text) => { title.textContent = text; }", f"After {updates} updates: {pair}")
    return Image.open(BytesIO(box.screenshot()))


def _at(page: Page, tti: int) -> None:
    page.fill("#tti", str(tti))
    page.press("#tti", "Enter")


def _take(page: Page, part: str, name: str, height: int) -> None:
    """The upper part of a section, in 64 colours, which keeps the file small."""
    page.add_style_tag(content="header { position: static !important; }")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = page.locator(part).bounding_box()
    if box is None:
        raise SystemExit(f"{name}: the page has no {part}")
    target = FOLDER / f"{name}.png"
    box["height"] = min(height, box["height"])
    page.screenshot(path=target, full_page=True, clip=box)
    Image.open(target).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
