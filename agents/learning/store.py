# SPDX-License-Identifier: MIT
"""The folder of a training run: configuration, checkpoints, metrics.

    config.yaml              what the run is made from
    checkpoints/000120/      the state after 120 updates: policy/ (a checkpoint that `llmac run` plays),
                             trainer.safetensors (critic, optimisers), trainer.json (the rest), manifest.json (SHA-256)
    metrics.parquet          one row per update
    protocol.parquet         what the messages meant in each validation
    tensorboard/             the same, and the times

A checkpoint is written to a temporary folder, flushed to the disk and renamed: a folder with a number is whole. One
that it replaces stays as .old-000120 until it is there. Should the disk have damaged it all the same, the one before it
is used.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from llmac.agents.models.runs import REPLACED, numbered
from llmac.bridge.errors import LlmacError

_FORMAT = 1
_KEPT = 2


@dataclass(slots=True)
class TrainingState:
    """Everything that the rest of a run depends on, besides its configuration.

    All chance is drawn from the run's seed and the number of the update, so that no state of a generator is needed.
    """

    save_policy: Callable[[Path], None]
    """Writes what `llmac run` can play, into a new folder."""
    tensors: Mapping[str, torch.Tensor]
    """Of the critic and the optimisers, by name."""
    update: int
    """Updates that were made."""
    rows: list[dict[str, float]]
    """Of metrics.parquet."""
    protocol: list[dict[str, Any]]
    """Of protocol.parquet."""


@dataclass(slots=True)
class Saved:
    """A TrainingState as it was saved."""

    policy: Path
    """Folder of what `save_policy` wrote."""
    made_by: Mapping[str, Any]
    """What its manifest says it was made by, the run's configuration among it."""
    tensors: Mapping[str, torch.Tensor]
    update: int
    rows: list[dict[str, float]]
    protocol: list[dict[str, Any]]


def save(run: Path, state: TrainingState) -> Path:
    """Write a checkpoint of the run, and metrics.parquet; returns the checkpoint's folder.

    Raises:
        LlmacError: it cannot be written.
    """
    folder = run / "checkpoints"
    target = folder / f"{state.update:06d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for abandoned in folder.glob(".new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        state.save_policy(new / "policy")
        save_file({name: tensor.contiguous() for name, tensor in state.tensors.items()}, new / "trainer.safetensors")
        told = {"update": state.update, "rows": state.rows, "protocol": state.protocol}
        (new / "trainer.json").write_text(json.dumps(told))
        files = sorted(path for path in new.rglob("*") if path.is_file())
        manifest = {"format": _FORMAT, "sha256": {str(path.relative_to(new)): _sha256(path) for path in files}}
        (new / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        for path in [*files, new / "manifest.json", *(p for p in new.rglob("*") if p.is_dir()), new]:
            _flush(path)
        # The tables first: should the run be killed now, they are written again when it is resumed.
        names = list(dict.fromkeys(name for row in state.rows for name in row))
        _write(run / "metrics.parquet", pa.table({name: [row.get(name) for row in state.rows] for name in names}))
        _write(run / "protocol.parquet", pa.Table.from_pylist(state.protocol))
        if target.exists():
            making_way = folder / f"{REPLACED}{target.name}"
            shutil.rmtree(making_way, ignore_errors=True)
            target.rename(making_way)
        new.rename(target)
        _flush(folder)
        newest_first = numbered(run)
        replaced = set(folder.glob(f"{REPLACED}*")).difference(newest_first)
        for old in (*replaced, *newest_first[_KEPT:]):
            # A network file system may keep what is still mapped into memory; that is no reason to stop.
            shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise LlmacError(f"{target}: the checkpoint cannot be written: {why}") from error
    return target


def load_newest(run: Path) -> Saved:
    """Read the newest checkpoint that is whole.

    Raises:
        LlmacError: there is none, or it is of another format.
    """
    problems: list[str] = []
    for folder in numbered(run):
        problem = _problem(folder)
        if problem is None:
            trainer = json.loads((folder / "trainer.json").read_text())
            return Saved(
                policy=folder / "policy",
                made_by=json.loads((folder / "policy" / "manifest.json").read_text())["made_by"],
                tensors=load_file(folder / "trainer.safetensors"),
                update=trainer["update"],
                rows=trainer["rows"],
                protocol=trainer.get("protocol", []),  # runs of version 0.1.0 began without
            )
        problems.append(f"{folder.name}: {problem}")
    told = "; ".join(problems) or "there is none"
    raise LlmacError(f"{run}: no checkpoint can be resumed ({told}); train without --resume into another folder")


def _problem(folder: Path) -> str | None:
    """Why a checkpoint cannot be used, or None."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        if manifest["format"] != _FORMAT:
            return f"format {manifest['format']}, and this version reads {_FORMAT}"
        damaged = [name for name, digest in manifest["sha256"].items() if _sha256(folder / name) != digest]
    except (OSError, ValueError, KeyError) as error:
        return f"the manifest does not fit ({error})"
    return f"{damaged[0]} is damaged" if damaged else None


def _write(path: Path, table: pa.Table) -> None:
    new = path.with_name(f".{path.name}.new")
    pq.write_table(table, new)
    _flush(new)
    new.rename(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
