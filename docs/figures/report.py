# SPDX-License-Identifier: MIT
"""Take docs/figures/report-*.png, pictures of the pages of `llmac report`, with Chromium.

llmac run near-far --agents aloha,grant,llm --seeds 4 --out run
llmac run near-far --ues 64 --rbgs 16 --load 0.2 --ttis 2000 --seeds 1 --agents random,grant --out crowd
llmac train paper --from-scratch --ues 2:4 --set updates=16 --set environments=12 --set validate_every=2 --out train
for folder in run crowd train; do llmac report $folder; done
python docs/figures/report.py run crowd train
"""

import shutil
import sys
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
                _open(page, crowd)
                page.set_viewport_size({"width": 1280, "height": 900})
                for _ in range(4):
                    page.click("#out")
                _at(page, 60)
                _take(page, "#episode", "report-crowd", height=900)
                _open(page, train)
                _take(page, "#protocol", "report-training", height=760)
        browser.close()


def _open(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    page.locator("body[data-ready]").wait_for()


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
