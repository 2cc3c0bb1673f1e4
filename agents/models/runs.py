# SPDX-License-Identifier: MIT
"""Where the checkpoints of a training run lie: RUN/checkpoints/000120 after 120 updates, and in it policy/."""

from pathlib import Path


def numbered(run: Path) -> list[Path]:
    """Folders of a run's checkpoints, newest first."""
    found = [folder for folder in (run / "checkpoints").glob("*") if folder.name.isdecimal()]
    return sorted(found, key=lambda folder: int(folder.name), reverse=True)


def newest_policy(folder: Path) -> Path:
    """Of a run's folder that of its newest policy; any other folder as it is."""
    found = numbered(folder)
    return found[0] / "policy" if found else folder
