# SPDX-License-Identifier: MIT
"""CURVE keys: a pair for Python, a pair for each machine with cells, in files of one line of Z85; see docs/wire.md."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import zmq
from zmq.utils import z85

from llmac.bridge.errors import KeyFileError

SERVER = "python"
"""Folder of what Python needs: its secret, and the public keys of the cells that may come."""
SECRET = "secret.key"  # noqa: S105 (a file name)
SERVER_PUBLIC = "server.key"
CLIENTS = "clients"
_Z85_LENGTH = 40


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """What Python needs to speak with remote cells, in Z85."""

    public: bytes
    secret: bytes
    clients: frozenset[bytes]
    """Public keys of the cells that may connect."""


def make(folder: Path, cell: str = "cell") -> Path:
    """Make keys for cells that run elsewhere, and those of Python unless they are there already.

    Args:
        folder: gets `python/`, which stays with Python, and a folder for the cells, to be copied to their machine.
        cell: name of that folder.

    Returns:
        The folder for the cells.

    Raises:
        KeyFileError: there is one of this name, or nothing can be written.
    """
    if cell == SERVER or not re.fullmatch(r"[A-Za-z0-9_-]+", cell):
        raise KeyFileError(f"{cell!r} is no name for the keys of a cell: letters, digits, _ and -, and not {SERVER}")
    server, client = folder / SERVER, folder / cell
    if client.exists():
        raise KeyFileError(f"{client} exists; give another name, or remove it and {server / CLIENTS / f'{cell}.key'}")
    try:
        (server / CLIENTS).mkdir(mode=0o700, parents=True, exist_ok=True)
        client.mkdir(mode=0o700)
        if not (server / SECRET).exists():
            _write_secret(server / SECRET, zmq.curve_keypair()[1])
        public, secret = zmq.curve_keypair()
        (client / SERVER_PUBLIC).write_bytes(zmq.curve_public(_read(server / SECRET)) + b"\n")
        (server / CLIENTS / f"{cell}.key").write_bytes(public + b"\n")
        _write_secret(client / SECRET, secret)  # the last one: where it is, all are
    except OSError as error:
        raise KeyFileError(f"{folder}: no keys can be written there: {error.strerror}") from error
    return client


def load(folder: Path) -> ServerKeys:
    """Read what `make` wrote into `python/`.

    Raises:
        KeyFileError: something is missing, is no key, or others can read the secret.
    """
    secret = _read(folder / SECRET)
    if (folder / SECRET).stat().st_mode & 0o077:
        raise KeyFileError(f"others can read {folder / SECRET}; type: chmod 600 {folder / SECRET}")
    clients = frozenset(_read(path) for path in (folder / CLIENTS).glob("*.key"))
    if not clients:
        raise KeyFileError(f"{folder / CLIENTS} holds no public key of a cell; `llmac keys` makes them")
    return ServerKeys(zmq.curve_public(secret), secret, clients)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
        if len(key) == _Z85_LENGTH:
            z85.decode(key)
            return key
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}; `llmac keys` makes it") from error
    except (KeyError, ValueError):  # a character that is none of Z85's
        pass
    raise KeyFileError(f"{path} holds no key: a key has {_Z85_LENGTH} characters of Z85")


def _write_secret(path: Path, key: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key + b"\n")
