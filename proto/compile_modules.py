# SPDX-License-Identifier: MIT
"""Compiles the modules that every exchange with a cell, or every sentence, goes through: the same sources, by mypyc.

    python proto/compile_modules.py TREE OUT

TREE holds the package llmac. OUT gets the extension modules and, in sources.json, the SHA-256 of what they were made
from; when that is there already, nothing is done. Needs mypyc, a C compiler and Python's headers.
"""

import hashlib
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

MODULES = [
    "llmac.agents.engine.backend",
    "llmac.agents.engine.draft",
    "llmac.agents.engine.memory",
    "llmac.agents.engine.sentence",
    "llmac.agents.language.guides",
    "llmac.agents.language.phrases",
    "llmac.bridge.envs.columns",
    "llmac.bridge.session",
    "llmac.bridge.step",
    "llmac.bridge.timing",
    "llmac.bridge.wire.column",
    "llmac.bridge.wire.frame",
    "llmac.bridge.wire.layout",
    "llmac.bridge.wire.limits",
    "llmac.bridge.wire.replies",
    "llmac.bridge.wire.requests",
    "llmac.bridge.wire.template",
    "llmac.bridge.wire.transport",
]
SETTINGS = Path(__file__).with_name("mypyc.ini")


def sources(tree: Path) -> dict[str, Any]:
    """What an extension module is made from, for JSON."""
    files = [f"{module.replace('.', '/')}.py" for module in MODULES]
    digests = {file: hashlib.sha256((tree / file).read_bytes()).hexdigest() for file in files}
    return {"sources": digests, "suffix": sysconfig.get_config_var("EXT_SUFFIX")}


def compile_modules(tree: Path, out: Path) -> None:
    """Fill `out`; raises what mypyc, setuptools or the compiler raise when it cannot be."""
    made_from, record = sources(tree), out / "sources.json"
    if record.is_file() and json.loads(record.read_text()) == made_from:
        return
    shutil.rmtree(out, ignore_errors=True)

    from mypyc.build import mypycify  # noqa: PLC0415 (may be missing)
    from setuptools import setup  # noqa: PLC0415

    scratch = out / "scratch"
    os.chdir(tree)  # mypy names modules by their place below it
    modules = [argument for module in MODULES for argument in ("-p", module)]
    settings = [f"--config-file={SETTINGS}", f"--cache-dir={scratch / 'mypy'}"]
    extensions = mypycify([*settings, *modules], target_dir=str(scratch))
    arguments = ["--quiet", "build_ext", f"--build-lib={out}", f"--build-temp={scratch}"]
    setup(name="llmac", ext_modules=extensions, script_args=arguments)
    shutil.rmtree(scratch)
    record.write_text(json.dumps(made_from, indent=1) + "\n")


if __name__ == "__main__":
    compile_modules(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
