# SPDX-License-Identifier: MIT
"""`llmac doctor`: what is installed, what is missing, what to type."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated

import typer
from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from llmac.bridge.compiled import COMPILED
from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.local import find_executable
from llmac.v1.digest import SCHEMA_DIGEST

_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        what: its name.
        found: version or place; empty if missing.
        advice: what to type; empty if all is well.
    """

    what: str
    found: str
    advice: str = ""


def doctor(
    clean: Annotated[bool, typer.Option("--clean", help="Remove containers that a killed llmac has left.")] = False,
) -> None:
    """Tell what is installed, what is missing and what to type; exit status 1 if something is missing."""
    if clean:
        from llmac.bridge.launch.docker import connect, remove_abandoned  # noqa: PLC0415 (the SDK is slow to import)

        removed = remove_abandoned(connect())
        Console(highlight=False).print(f"removed {', '.join(removed)}" if removed else "there is nothing to remove")
        return
    findings = [_python(), *_packages(), _compiled(), *_cell()]
    table = Table("", "found", "what to do")
    for finding in findings:
        table.add_row(finding.what, finding.found or "missing", finding.advice)
    Console(highlight=False, markup=False).print(table)
    if any(finding.advice for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    return Finding("python", sys.version.split()[0])


def _packages() -> Iterator[Finding]:
    for text in metadata.requires("llmac") or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        advice = f'type: pip install "{requirement}"'
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(requirement.name, "", advice)
            continue
        yield Finding(
            requirement.name, version, "" if requirement.specifier.contains(version, prereleases=True) else advice
        )


def _compiled() -> Finding:
    interpreted = "interpreted, which is slower: it could not be compiled, or sources changed since (docs/wire.md)"
    return Finding("llmac", "compiled" if COMPILED else interpreted)


def _cell() -> Iterator[Finding]:
    try:
        executable = find_executable()
    except CellMissingError as error:
        yield Finding("llmac-cell", "", str(error))
        for tool in ("cmake", "ninja", "g++", "protoc"):
            place = shutil.which(tool)
            yield Finding(tool, place or "", "" if place else _DEBIAN)
        return
    try:
        answer = subprocess.run(  # noqa: S603 (the executable that every run starts)
            [executable, "--version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("llmac-cell", str(executable), f"it does not run ({error}); build it again")
        return
    said = " ".join(answer.stdout.split())
    if answer.returncode != 0:
        yield Finding("llmac-cell", str(executable), f"it does not run: {answer.stderr.strip()[-200:]}")
    elif SCHEMA_DIGEST not in said:
        yield Finding("llmac-cell", str(executable), "it was built from another schema; build it again")
    else:
        yield Finding("llmac-cell", f"{executable} ({said.replace(SCHEMA_DIGEST, SCHEMA_DIGEST[:8])})")


_DEBIAN = (
    "type: apt-get install libns3-dev ns3 libgsl-dev libzmq3-dev cppzmq-dev libprotobuf-dev protobuf-compiler "
    "cmake ninja-build g++"
)
