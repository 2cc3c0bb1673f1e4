# SPDX-License-Identifier: MIT
"""A policy: the networks of both roles and the sizes they were made for.

A checkpoint is a folder:

manifest.json     format, sizes, vocabulary, what it was made by, SHA-256 of the weights
bs.safetensors    weights of the BS's network
ue.safetensors    weights of the network that all UEs share
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load_file, save_file

from llmac.agents.language.prompts import Role
from llmac.agents.mappo.actor import Actor
from llmac.agents.mappo.features import follower_width, leader_widths
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Opaque, Semantic

_MANIFEST = "manifest.json"
_FORMAT: Literal[1] = 1
_Size = Annotated[int, Field(ge=1, le=1024)]


class Sizes(BaseModel):
    """What a network has inputs and outputs for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ues: _Size
    """M, UEs that the BS can tell apart."""
    rbgs: _Size
    """RBGs that it can grant and that UEs can use."""
    vocabulary: Annotated[Semantic | Opaque, Field(discriminator="kind")]
    """Of the control messages."""
    memory: _Size
    """k, TTIs that are seen at once."""
    width: _Size
    """Of the hidden layers."""

    @property
    def codes(self) -> Codes:
        """Of a cell that has exactly this."""
        return Codes(self.rbgs, self.vocabulary)


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    sizes: Sizes
    made_by: dict[str, Any]
    sha256: dict[Role, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """Both networks."""

    sizes: Sizes
    actors: Mapping[Role, Actor]
    made_by: Mapping[str, Any]
    """What the manifest says about its origin."""

    @classmethod
    def new(cls, sizes: Sizes, seed: int) -> "Policy":
        """One that has learned nothing yet: near the uniform distribution over what is allowed."""
        codes = sizes.codes
        of_ue, of_rbgs = leader_widths(codes)
        bs = Actor(sizes.memory * (sizes.ues * of_ue + of_rbgs), sizes.ues, codes.dcm_codes, sizes.width, seed)
        most = max(codes.access_codes, codes.ucm_codes)
        ue = Actor(sizes.memory * follower_width(codes), 2, most, sizes.width, seed + 1)
        return cls(sizes, {Role.BS: bs.eval(), Role.UE: ue.eval()}, {})

    @classmethod
    def load(cls, folder: Path) -> "Policy":
        """Read a checkpoint.

        Raises:
            LlmacError: there is none, it is damaged, or it is of another format.
        """
        manifest = _manifest(folder)
        policy = cls.new(manifest.sizes, seed=0)
        for role, actor in policy.actors.items():
            weights = folder / f"{role}.safetensors"
            if not weights.is_file() or _sha256(weights) != manifest.sha256.get(role):
                raise LlmacError(f"{folder}: the checkpoint is damaged: {weights.name} is not what the manifest says")
            actor.load_state_dict(load_file(weights))
        return cls(policy.sizes, policy.actors, manifest.made_by)

    def save(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        """Write a checkpoint into a new folder.

        Raises:
            OSError: it cannot be written.
        """
        folder.mkdir(parents=True)
        digests: dict[Role, str] = {}
        for role, actor in self.actors.items():
            save_file(actor.state_dict(), folder / f"{role}.safetensors")
            digests[role] = _sha256(folder / f"{role}.safetensors")
        manifest = _Manifest(format=_FORMAT, sizes=self.sizes, made_by=dict(made_by), sha256=digests)
        (folder / _MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _manifest(folder: Path) -> _Manifest:
    try:
        content = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise LlmacError(f"{folder}: there is no checkpoint here ({_MANIFEST} cannot be read)") from error
    except json.JSONDecodeError as error:
        raise LlmacError(f"{folder}: the checkpoint is damaged: {_MANIFEST} is not JSON") from error
    try:
        return _Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise LlmacError(f"{folder}: this is no checkpoint of mappo: {where}: {first['msg']}") from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
