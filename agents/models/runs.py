# SPDX-License-Identifier: MIT
"""Where the checkpoints of a training run lie: RUN/checkpoints/000120 after 120 updates, and in it policy/."""

from pathlib import Path

REPLACED = ".old-"
"""Before the number of a checkpoint: another one is about to take its place."""


def numbered(run: Path) -> list[Path]:
    """Folders of a run's checkpoints, newest first."""
    folders = sorted((run / "checkpoints").glob("*"))  # those that are replaced, should they still be there, first
    by_update = {int(n): folder for folder in folders if (n := folder.name.removeprefix(REPLACED)).isdecimal()}
    return [by_update[update] for update in sorted(by_update, reverse=True)]


def newest_policy(folder: Path) -> Path:
    """Of a run's folder that of its newest policy; any other folder as it is."""
    found = numbered(folder)
    return found[0] / "policy" if found else folder
