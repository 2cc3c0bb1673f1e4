# SPDX-License-Identifier: MIT
"""The directory of the ipc socket: private, gone afterwards, and nobody else's is touched."""

import os
import stat
import tempfile
from pathlib import Path

from llmac.bridge.wire.transport import Listener, PrivateDirectory


def test_only_the_user_can_enter() -> None:
    listener = Listener()
    directory = Path(listener.endpoint.removeprefix("ipc://")).parent
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert directory.stat().st_uid == os.getuid()
    listener.close()
    assert not directory.exists()
    listener.close()  # a second time is harmless


def test_what_a_killed_owner_left_is_swept_and_what_is_in_use_or_not_ours_stays() -> None:
    temporary = Path(tempfile.gettempdir())
    abandoned, kept, other = (temporary / name for name in ("llmac-bridge-dead", "llmac-bridge-notes", "llmac-results"))
    for directory in (abandoned, kept, other):
        directory.mkdir()
    (abandoned / "cells").touch()
    (kept / "notes.txt").touch()
    first = PrivateDirectory()
    second = PrivateDirectory()
    assert sorted(temporary.iterdir()) == sorted([first.path, second.path, kept, other])
    second.remove()
    first.remove()
    (kept / "notes.txt").unlink()
    kept.rmdir()
    other.rmdir()
