# SPDX-License-Identifier: MIT
"""What there is in a folder of results, whichever command wrote it."""

import json
import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmac.agents.evaluation.meaning import meanings
from llmac.agents.evaluation.metrics import NAMES
from llmac.agents.report import episodes
from llmac.agents.report.episodes import Episode
from llmac.bridge.errors import LlmacError


@dataclass(slots=True)
class Contents:
    """What the page shows; what a folder does not have is empty."""

    name: str
    """Of the folder."""
    summary: dict[str, Any] = field(default_factory=dict)
    """summary.json."""
    episodes: list[Episode] = field(default_factory=list)
    meanings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By agent; rows of `Meaning.row`, over all seeds of the trace."""
    metrics: dict[str, list[float | None]] = field(default_factory=dict)
    """metrics.parquet of a training run, by name."""
    protocol: list[dict[str, Any]] = field(default_factory=list)
    """protocol.parquet of a training run, row by row."""
    runs: dict[str, list[Any]] = field(default_factory=dict)
    """runs.parquet of `llmac run`: agents, seeds and metrics, by column."""
    claims: list[dict[str, Any]] = field(default_factory=list)
    """claims.json of `llmac reproduce`, row by row."""
    figures: dict[str, str] = field(default_factory=dict)
    """Data URIs of the pictures, by name."""


def read(folder: Path, seeds: Sequence[int] | None = None) -> Contents:
    """Read the folder of `llmac run`, `llmac validate`, `llmac reproduce` or `llmac train`.

    Args:
        folder: that was given as --out.
        seeds: those whose episodes are shown.

    Raises:
        LlmacError: there is nothing in it that could be shown, or a file cannot be read.
    """
    if not folder.is_dir():
        raise LlmacError(f"{folder}: there is no such folder")
    contents = Contents(folder.resolve().name)
    _add_results(contents, folder)
    if (folder / "trace.parquet").is_file():
        _add_episodes(contents, folder, seeds)
    elif seeds:
        raise LlmacError(f"--seeds: {folder} has no trace.parquet, which `llmac run --out` writes")
    if (folder / "metrics.parquet").is_file():
        table = episodes.parquet(folder / "metrics.parquet")
        contents.metrics = {name: [_finite(v) for v in table[name].to_pylist()] for name in table.column_names}
    if (folder / "protocol.parquet").is_file():
        contents.protocol = episodes.parquet(folder / "protocol.parquet").to_pylist()
    if not (contents.summary or contents.episodes or contents.metrics or contents.claims or contents.figures):
        raise LlmacError(
            f"{folder}: there are no results here; give the folder of `llmac run --out`, `llmac validate --out`, "
            "`llmac reproduce --out` or `llmac train --out`"
        )
    return contents


def _add_results(contents: Contents, folder: Path) -> None:
    if (folder / "summary.json").is_file():
        contents.summary = _json(folder / "summary.json")
    # Of a sweep there are too many, and the page tells of its cells.
    if contents.summary and "cells" not in contents.summary and (folder / "runs.parquet").is_file():
        contents.runs = _runs(folder / "runs.parquet")
    if (folder / "claims.json").is_file():
        contents.claims = _json(folder / "claims.json")["claims"]
    for picture in sorted((folder / "figures").glob("*.png")):
        contents.figures[picture.stem] = "data:image/png;base64," + b64encode(picture.read_bytes()).decode()


def _add_episodes(contents: Contents, folder: Path, seeds: Sequence[int] | None) -> None:
    trace, ttis = episodes.read(folder, "trace.parquet"), episodes.read(folder, "ttis.parquet")
    contents.episodes = list(episodes.packed(trace, ttis, seeds))
    for agent in episodes.names(trace):
        contents.meanings[agent] = [m.row() for m in meanings(episodes.of_agent(trace, agent))]


def _runs(path: Path) -> dict[str, list[Any]]:
    table = episodes.parquet(path)
    missing = [name for name in ("agent", "seed", *NAMES) if name not in table.column_names]
    if missing:
        raise LlmacError(f"{path}: there is no column {missing[0]}; let `llmac run --out` write it again")
    columns = {name: table[name].to_pylist() for name in ("agent", "seed")}
    return {**columns, **{name: [_finite(v) for v in table[name].to_pylist()] for name in NAMES}}


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LlmacError(f"{path}: this is not JSON: {error}") from error


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
