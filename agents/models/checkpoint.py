# SPDX-License-Identifier: MIT
"""Checkpoints: a folder with one Hugging Face model folder for each role and a manifest.

    manifest.json     format, what it was made by, style of the prompts, which roles sample, SHA-256 of every other file
    bs/  ue/          config.json, model.safetensors, tokenizer.json, tokenizer_config.json

Or, for two LoRA adapters on a pretrained model, which is not copied:

    manifest.json     the same, and path or id of the base, with a fingerprint of its weights
    bs/  ue/          adapter_config.json, adapter_model.safetensors

A checkpoint is written beside its place and renamed into it when it is complete and on disk.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from llmac.agents.language.prompts import Role, Style
from llmac.agents.models import lora
from llmac.agents.models.chat import Frame, frame
from llmac.agents.models.device import device
from llmac.agents.models.pretrained import ROLE_KEY, load_pretrained
from llmac.agents.models.runs import newest_policy
from llmac.bridge.errors import LlmacError

_FORMAT = 2
"""1: other prompts, which the models of today do not know."""
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The models of both roles and their common tokenizer.

    Attributes:
        models: in evaluation mode.
        tokenizer: of both.
        made_by: what the manifest says about its origin.
        style: how their prompts are worded.
        base: path or id of the pretrained model that both are made from; None for models of their own.
        sampling: roles that draw their sentences from the model's distribution when they play; the others say the most
            probable one.
    """

    models: Mapping[Role, PreTrainedModel]
    tokenizer: PreTrainedTokenizerFast
    made_by: Mapping[str, Any]
    style: Style = Style.COMPACT
    base: str | None = None
    sampling: frozenset[Role] = frozenset()

    @property
    def frame(self) -> Frame:
        """What stands around a prompt."""
        return Frame() if self.base is None else frame(self.tokenizer)


def check_place(folder: Path) -> None:
    """Make sure that a checkpoint may be written there.

    Raises:
        LlmacError: the folder holds something else.
    """
    if folder.exists() and not (folder / _MANIFEST).is_file() and any(folder.iterdir()):
        raise LlmacError(f"{folder}: this is no checkpoint that could be replaced; give a new folder")


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, in the place of an earlier one if there is one.

    Raises:
        LlmacError: the folder cannot be written, or holds something else.
    """
    check_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
            made = Path(temporary) / "new"
            _write(made, checkpoint)
            if folder.exists():
                folder.rename(Path(temporary) / "old")
            made.rename(folder)
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise LlmacError(f"{folder}: the checkpoint cannot be written: {why}") from error


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        LlmacError: there is none, it is damaged, it is of another format, or the base of its adapters is not to be had.
    """
    manifest = _manifest(folder)
    for name, digest in manifest["sha256"].items():
        if not (folder / name).is_file():
            raise LlmacError(f"{folder}: the checkpoint is damaged: {name} is missing")
        if _sha256(folder / name) != digest:
            raise LlmacError(f"{folder}: the checkpoint is damaged: {name} is not what the manifest says")
    logging.disable_progress_bar()
    style = Style(manifest.get("style", Style.COMPACT))
    base = manifest.get("base")
    sampling = frozenset(Role(role) for role in manifest["sampling"])
    if base is None:
        # Not AutoTokenizer: for Qwen2 it puts the pre-tokenizer of the original models in the place of the file's.
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / Role.BS)
        models = {role: _whole_model(folder / role, role) for role in Role}
        return Checkpoint(models, tokenizer, manifest["made_by"], style, sampling=sampling)
    shared, tokenizer = load_pretrained(base["model"])
    if lora.fingerprint(shared) != base["fingerprint"]:
        raise LlmacError(f"{folder}: its adapters were trained on another {base['model']} than the one that is here")
    models = lora.load_adapters(shared, {role: folder / role for role in Role})
    return Checkpoint(models, tokenizer, manifest["made_by"], style, base["model"], sampling)


def open_any(where: str) -> Checkpoint:
    """A checkpoint by its folder or that of its training run, or a pretrained model by its folder or id.

    The newest checkpoint of a run; a pretrained model plays both roles untrained.

    Raises:
        LlmacError: it cannot be used.
    """
    folder = newest_policy(Path(where).expanduser())
    if (folder / _MANIFEST).is_file():
        return load(folder)
    model, tokenizer = load_pretrained(where)
    return Checkpoint(dict.fromkeys(Role, model), tokenizer, {"model": where}, Style.INSTRUCT, where)


def _whole_model(folder: Path, role: Role) -> PreTrainedModel:
    loaded: Any = AutoModelForCausalLM.from_pretrained(folder)
    model: PreTrainedModel = loaded.to(device()).eval()
    trained_for = getattr(model.config, ROLE_KEY, role)
    if trained_for != role:
        raise LlmacError(f"{folder}: this model was trained to speak as {trained_for}, not as {role}")
    return model


def _write(folder: Path, checkpoint: Checkpoint) -> None:
    logging.disable_progress_bar()
    for role, model in checkpoint.models.items():
        if checkpoint.base is None:
            setattr(model.config, ROLE_KEY, role.value)
            checkpoint.tokenizer.save_pretrained(folder / role)
        # Of a base with an adapter this writes the adapter alone.
        model.save_pretrained(folder / role)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {str(path.relative_to(folder)): _sha256(path) for path in files}
    manifest: dict[str, Any] = {
        "format": _FORMAT,
        "made_by": dict(checkpoint.made_by),
        "style": checkpoint.style,
        "sampling": sorted(checkpoint.sampling),
    }
    if checkpoint.base is not None:
        manifest["base"] = {"model": checkpoint.base, "fingerprint": lora.fingerprint(checkpoint.models[Role.BS])}
    manifest["sha256"] = digests
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for path in [*files, folder / _MANIFEST]:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise LlmacError(f"{folder}: there is no checkpoint here ({_MANIFEST} cannot be read)") from error
    except json.JSONDecodeError as error:
        raise LlmacError(f"{folder}: the checkpoint is damaged: {_MANIFEST} is not JSON") from error
    if manifest.get("format") != _FORMAT:
        raise LlmacError(
            f"{folder}: a checkpoint of format {manifest.get('format')}, and this version reads {_FORMAT}; its models "
            "know other prompts, so that it has to be made again (llmac clone, llmac train)"
        )
    return manifest


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
