# SPDX-License-Identifier: MIT
"""Nothing that comes from elsewhere is ever executed: no module that could is imported."""

import ast
from pathlib import Path

FORBIDDEN = {"cPickle", "cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
FORBIDDEN_CALLS = {"eval", "exec"}


def sources() -> list[Path]:
    root = Path(__file__).parents[2]
    return [path for folder in ("agents", "bridge", "proto", "scripts") for path in (root / folder).rglob("*.py")]


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def called(tree: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def test_there_is_no_pickle_and_no_eval() -> None:
    assert len(sources()) > 100
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not imported(tree) & FORBIDDEN, path
        assert not called(tree) & FORBIDDEN_CALLS, path


def test_torch_loads_weights_only() -> None:
    """`torch.load` reads pickles unless it is told not to."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only=True" in ast.unparse(node), path
