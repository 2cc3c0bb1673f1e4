# SPDX-License-Identifier: MIT
"""Options that several commands share."""

import fcntl
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from llmac.bridge.errors import LlmacError, ScenarioError

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any scenario field, for instance radio.mcs=4; repeatable."),
]

ChannelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="PRESET|MODEL",
        help="A preset, or a loss model 'ns3::Type[Attribute=value,...]'; repeatable: models are chained. "
        "`llmac channels` lists both.",
    ),
]


def overrides(assignments: list[str] | None, **shortcuts: Any) -> dict[str, Any]:
    """Scenario values by dotted field.

    Args:
        assignments: of `--set`, each FIELD=VALUE with a YAML value.
        shortcuts: values of options of their own, None where not given; `__` in a name stands for the dot.

    Raises:
        ScenarioError: an assignment has another form.
    """
    result = {field.replace("__", "."): value for field, value in shortcuts.items() if value is not None}
    for assignment in assignments or []:
        field, equals, value = assignment.partition("=")
        if not equals or not field:
            raise ScenarioError(f"--set {assignment}: write FIELD=VALUE, for instance --set radio.mcs=4")
        try:
            result[field] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ScenarioError(f"--set {assignment}: the value is not YAML") from error
    return result


def writable_folder(option: str, folder: Path) -> None:
    """Make a folder for results, before the work that fills it.

    Raises:
        LlmacError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise LlmacError(f"{option} {folder}: nothing can be written there: {error.strerror}") from error


def own_folder(context: typer.Context, option: str, folder: Path) -> None:
    """Make a folder for results that no other llmac fills until this command ends, or its process is killed.

    Raises:
        LlmacError: nothing can be written there, or another llmac is at it.
    """
    writable_folder(option, folder)
    try:
        lock = context.with_resource((folder / ".lock").open("a"))
    except OSError as error:
        raise LlmacError(f"{option} {folder}: nothing can be written there: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LlmacError(f"{folder}: another llmac fills this folder; wait for it, or give another one") from error
    except OSError:  # a file system without locks
        pass
