# SPDX-License-Identifier: MIT
"""A folder of results, the command, and a browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from llmac.agents.cli import main


def _llmac(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["llmac", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(scope="session")
def llmac() -> Callable[..., int]:
    """The command; returns its exit status."""
    return _llmac


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `llmac run`: agents that collide, that are told, and that speak, over lossy control channels."""
    folder = tmp_path_factory.mktemp("run")
    arguments = ("--agents", "random,grant,llm", "--seeds", "3", "--ttis", "60", "--out", str(folder))
    assert _llmac("run", "near-far", *arguments, "--set", "control.loss_probability=0.1") == 0
    return folder


@pytest.fixture(scope="session")
def validation_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `llmac validate`."""
    folder = tmp_path_factory.mktemp("validation")
    cells = ("--scenario", "paper", "--ues", "2,4", "--loads", "0.5", "--seeds", "2", "--set", "ttis=30")
    arguments = ("validate", "grant", "--agents", "aloha", *cells, "--processes", "1", "--out", str(folder))
    # In a process of its own, since a pool of processes leaves one behind that ends with the interpreter.
    command = [sys.executable, "-c", "from llmac.agents.cli import main; main()", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="session")
def training_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `llmac train`."""
    folder = tmp_path_factory.mktemp("training")
    small = ("updates=2", "environments=4", "ttis=6", "validate_every=1", "epochs=1", "minibatches=2")
    sets = [argument for setting in small for argument in ("--set", setting)]
    assert _llmac("train", "paper", "--from-scratch", *sets, "--out", str(folder)) == 0
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; ./test says where it is, so that there it cannot be missed."""
    names = [os.environ.get("LLMAC_BROWSER"), "chromium", "chromium-browser", "google-chrome"]
    where = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if where is None:
        assert not names[0], f"LLMAC_BROWSER: there is no {names[0]}"
        pytest.skip("there is no Chromium on the PATH; install it (apt install chromium), or name one in LLMAC_BROWSER")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=where, args=["--disable-dev-shm-usage"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, llmac: Callable[..., int], tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Writes the page of a folder and opens it, without a network; errors of the page fail the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light", offline=True)
    problems: list[str] = []

    def opened(folder: Path, *arguments: str) -> Page:
        target = tmp_path / "report.html"
        assert llmac("report", str(folder), "--out", str(target), *arguments) == 0
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.on("request", lambda request: problems.append(request.url) if request.url != target.as_uri() else None)
        page.goto(target.as_uri())
        page.locator("body[data-ready]").wait_for()
        return page

    yield opened
    context.close()
    assert not problems
