# SPDX-License-Identifier: MIT
"""The modules that exchanges and sentences go through: compiled where that can be, and never of other sources."""

import importlib.util
import json
import os
import runpy
import shutil
import sys
import sysconfig
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from llmac.bridge.compiled import COMPILED

PROTO = Path(__file__).parents[2] / "proto"


def can_compile() -> bool:
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return bool(importlib.util.find_spec("mypyc") and shutil.which("cc") and headers.is_file())


@pytest.mark.skipif(not can_compile() or "LLMAC_INTERPRETED" in os.environ, reason="nothing can be compiled here")
def test_what_can_be_compiled_is() -> None:
    assert COMPILED, "compiled sources have changed; compile them: pip install --no-build-isolation -e ."


def finder(tree: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.setattr(sys, "meta_path", sys.meta_path.copy())  # to which the script adds its own
    made = runpy.run_path(str(PROTO / "llmac_compiled.py"))["CompiledModules"]
    return made(str(tree), str(compiled)).find_spec


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The sources of what is compiled, and modules that pass for compiled from them, in `compiled` beside it."""
    script = runpy.run_path(str(PROTO / "compile_modules.py"))
    tree, compiled = tmp_path / "python", tmp_path / "compiled"
    for module in script["MODULES"]:
        file = f"{module.replace('.', '/')}.py"
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROTO.parent / file.removeprefix("llmac/"), tree / file)
    made_from = script["sources"](tree)
    for name in (*script["MODULES"], "0123__mypyc"):
        file = compiled / f"{name.replace('.', '/')}{made_from['suffix']}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (compiled / "sources.json").write_text(json.dumps(made_from))
    return tree


def test_what_is_compiled_is_found_until_a_source_changes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Any:
        return finder(tree, tree.with_name("compiled"), monkeypatch)(name)

    monkeypatch.delenv("LLMAC_INTERPRETED", raising=False)
    found = find("llmac.bridge.wire.frame").origin
    assert found == str(tree.with_name("compiled") / "llmac/bridge/wire") + f"/frame{EXTENSION_SUFFIXES[0]}"
    assert find("0123__mypyc") is not None
    assert find("llmac.bridge.errors") is None
    assert find("json") is None

    monkeypatch.setenv("LLMAC_INTERPRETED", "1")
    assert find("llmac.bridge.wire.frame") is None
    monkeypatch.delenv("LLMAC_INTERPRETED")
    with (tree / "llmac/bridge/session.py").open("a") as source:
        source.write("# another line\n")
    assert find("llmac.bridge.wire.frame") is None  # all of them: they call each other without asking


def test_nothing_is_found_where_nothing_is_compiled(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finder(tree, tree / "nowhere", monkeypatch)("llmac.bridge.wire.frame") is None
