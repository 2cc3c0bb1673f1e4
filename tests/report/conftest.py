# SPDX-License-Identifier: MIT
"""A folder of results, and the command."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
