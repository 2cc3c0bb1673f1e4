# SPDX-License-Identifier: MIT
"""CURVE: who has the right keys comes in; everybody else is turned away, in words, on both sides."""

import shutil
import socket
import stat
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playing import play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import AddressError, CellCrashError, DeadlineError, KeyFileError
from llmac.bridge.launch.external import ExternalCell, ExternalLauncher
from llmac.bridge.scenario import load
from llmac.bridge.session import Deadlines
from llmac.bridge.wire import keys

SCENARIO = load("paper", {"ttis": 5})


class StartedElsewhere(ExternalLauncher):
    """Starts cells as somebody else would: by hand, with a folder of keys. They wait a second for Python."""

    def __init__(self, cell: Path, keys: Path | None, *, numbered: bool = True) -> None:
        self._numbered = numbered
        self._command = [str(cell), "--wait=2"] + ([f"--keys={keys}"] if keys else [])
        self.cells: list[subprocess.Popen[str]] = []
        self._logs: list[str] = []

    def start(self, endpoint: str, session: int, index: int) -> ExternalCell:
        command = [*self._command, f"--connect={endpoint}", *([f"--process={index}"] if self._numbered else [])]
        self.cells.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return super().start(endpoint, session, index)

    def end(self) -> tuple[int, str]:
        """Exit status and log of the cell that was started last, when all have ended."""
        self._logs += [process.communicate(timeout=10)[1] for process in self.cells[len(self._logs) :]]
        return self.cells[-1].returncode, self._logs[-1]


@contextmanager
def remote(launcher: StartedElsewhere, folder: Path, handshake_s: float = 10.0) -> Generator[ColumnEnv]:
    try:
        with ColumnEnv(
            [SCENARIO],
            launcher=launcher,
            address="tcp://127.0.0.1:*",
            keys=folder / "python",
            deadlines=Deadlines(handshake_s=handshake_s, reset_s=5.0, phase_s=5.0, close_s=2.0),
        ) as env:
            yield env
    finally:
        launcher.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.make(tmp_path)
    return tmp_path


def test_the_files_hold_what_they_should(folder: Path) -> None:
    server = keys.load(folder / "python")
    assert (folder / "cell" / "server.key").read_bytes().strip() == server.public
    assert len(server.clients) == 1
    secrets = [folder / "python" / "secret.key", folder / "cell" / "secret.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in secrets] == [0o600, 0o600]
    keys.make(folder, "other")
    assert keys.load(folder / "python").public == server.public
    assert len(keys.load(folder / "python").clients) == 2


def test_keys_that_cannot_be_used_are_refused(folder: Path) -> None:
    secret = folder / "python" / "secret.key"
    with pytest.raises(KeyFileError, match="exists; give another name"):
        keys.make(folder)
    with pytest.raises(KeyFileError, match="is no name"):
        keys.make(folder, "../cell")
    secret.chmod(0o644)
    with pytest.raises(KeyFileError, match="others can read"):
        keys.load(folder / "python")
    secret.chmod(0o600)
    for content in ("", "x" * 39, '"' * 40):
        secret.write_text(content)
        with pytest.raises(KeyFileError, match="holds no key"):
            keys.load(folder / "python")
    secret.unlink()
    with pytest.raises(KeyFileError, match="cannot be read"):
        keys.load(folder / "python")


def test_a_cell_with_the_right_keys_plays(cell: Path, folder: Path) -> None:
    with ColumnEnv([SCENARIO]) as env:
        expected = play(env, [1])
    launcher = StartedElsewhere(cell, folder / "cell")
    with remote(launcher, folder) as env:
        assert play(env, [1]) == expected
        env.close()
        assert launcher.end() == (0, "")


def test_a_cell_that_python_does_not_know_is_turned_away(cell: Path, folder: Path) -> None:
    (folder / "python" / "clients" / "cell.key").rename(folder / "moved")
    keys.make(folder, "other")
    launcher = StartedElsewhere(cell, folder / "cell")
    with (
        pytest.raises(DeadlineError, match=r"handshake: no answer within 1 s; a cell whose key is not in"),
        remote(launcher, folder, handshake_s=1.0),
    ):
        pass
    status, log = launcher.end()
    assert status == 3
    assert "refuses the key of this cell" in log


@pytest.mark.parametrize("has_keys", [True, False])
def test_a_cell_that_does_not_know_python_does_not_get_through(cell: Path, folder: Path, has_keys: bool) -> None:
    keys.make(folder / "elsewhere")
    shutil.copy(folder / "elsewhere" / "cell" / "server.key", folder / "cell" / "server.key")
    launcher = StartedElsewhere(cell, folder / "cell" if has_keys else None)
    with (
        pytest.raises(
            DeadlineError, match=r"another server\.key was turned away" if has_keys else "a cell without keys, or"
        ),
        remote(launcher, folder, handshake_s=1.0),
    ):
        pass
    status, log = launcher.end()
    assert status == 5
    assert ("does not have the key in server.key" if has_keys else "if it asks for keys, give --keys") in log


@pytest.mark.parametrize("numbered", [True, False])  # False: as in a container, by the name of its host
def test_a_cell_that_was_started_again_is_taken_at_the_next_reset(cell: Path, folder: Path, numbered: bool) -> None:
    launcher = StartedElsewhere(cell, folder / "cell", numbered=numbered)
    with remote(launcher, folder) as env:
        expected = play(env, [1])
        launcher.cells[0].kill()
        launcher.cells[0].wait()
        endpoint = env._session._listener.endpoint  # pyright: ignore[reportPrivateUsage]
        launcher.start(endpoint, 0, 0).stop(0.0)
        with pytest.raises(CellCrashError, match=r"elsewhere\), environment 0, reset: the cell was started again"):
            env.reset([1])
        launcher_start, launcher.start = launcher.start, ExternalLauncher().start  # it is there already
        assert play(env, [1]) == expected
        launcher.start = launcher_start


def test_an_address_that_others_reach_needs_keys(cell: Path, folder: Path) -> None:
    with pytest.raises(AddressError, match="needs keys, which `llmac keys` makes"):
        ColumnEnv([SCENARIO], address="tcp://0.0.0.0:*")
    for arguments, words in {
        ("--connect=tcp://192.0.2.1:5555",): "with keys only",
        ("--connect=http://127.0.0.1:5555",): "no ipc or tcp endpoint",
        ("--connect=ipc:///tmp/x", f"--keys={folder}"): "cannot be read",
    }.items():
        ended = subprocess.run(
            [cell, "--process=0", *arguments], capture_output=True, text=True, timeout=10, check=False
        )
        assert ended.returncode == 2
        assert words in ended.stderr


def test_a_secret_that_others_can_read_is_refused_by_the_cell(cell: Path, folder: Path) -> None:
    (folder / "cell" / "secret.key").chmod(0o640)
    command = [cell, "--process=0", "--connect=ipc:///tmp/x", f"--keys={folder / 'cell'}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 2
    assert "others can read" in ended.stderr


def test_a_cell_may_come_before_python(cell: Path, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    command = [cell, f"--connect={address}", "--process=0", "--wait=20", f"--keys={folder / 'cell'}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        env = ColumnEnv([SCENARIO], launcher=ExternalLauncher(), address=address, keys=folder / "python")
        assert play(env, [1])
        env.close()
        assert process.wait(10) == 0
