# SPDX-License-Identifier: MIT
"""Pretrained causal language models in Hugging Face's format, by the path of a folder or by their id on the Hub."""

import json
import re
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from llmac.agents.models.device import device, pretrained_dtype
from llmac.agents.models.runs import numbered
from llmac.bridge.errors import LlmacError

ROLE_KEY = "llmac_role"
"""In the config.json of a model that was trained to speak as one role."""

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_HUB_DEADLINE_S = 10.0
_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


def load_pretrained(where: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A model in evaluation mode on the best device, and its tokenizer.

    Args:
        where: folder, or id on the Hub; what was downloaded before is found without network.

    Raises:
        LlmacError: there is no such model, or it cannot be used.
    """
    folder = find(where)
    config = _config(folder)
    if ROLE_KEY in config:
        raise LlmacError(
            f"{where}: this is the {config[ROLE_KEY]} half of a checkpoint and cannot speak for both roles; "
            f"give the folder above it"
        )
    logging.disable_progress_bar()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=pretrained_dtype(), use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise LlmacError(
            f"{where}: this is no causal language model that can be loaded: {_first_line(error)}"
        ) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise LlmacError(f"{where}: its tokenizer has no tokenizer.json, without which no grammar can be expressed")
    if tokenizer.eos_token_id is None:
        raise LlmacError(f"{where}: its tokenizer cannot express the grammar: it has no end-of-sequence token")
    # What the model was trained to say, not what its makers thought best for a chat.
    model.generation_config = GenerationConfig()
    return model.to(device()).eval(), tokenizer


def find(where: str) -> Path:
    """The folder of a model.

    Raises:
        LlmacError: there is none.
    """
    folder = Path(where).expanduser()
    if folder.is_dir():
        return folder
    if folder.parent.parent.name == "checkpoints" and numbered(folder.parent.parent.parent):
        raise LlmacError(f"{where}: the training has gone on without this checkpoint; give a copy of one that is there")
    if not _HUB_ID.fullmatch(where):
        raise LlmacError(f"{where}: there is no such folder, and no model on the Hugging Face Hub is called that")
    try:
        return Path(snapshot_download(where, allow_patterns=_FILES, etag_timeout=_HUB_DEADLINE_S))
    except (OSError, HFValidationError) as error:
        raise LlmacError(
            f"{where}: there is no such folder, and the Hugging Face Hub gave no model of that id: {_first_line(error)}"
        ) from error


def _config(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (folder / "adapter_config.json").is_file():
            raise LlmacError(
                f"{folder}: these are LoRA adapters without their base; give the checkpoint, which is the folder above"
            ) from None
        raise LlmacError(
            f"{folder}: this is neither a model nor a checkpoint; a model has a config.json, a checkpoint has a "
            "manifest.json"
        ) from None
    except (OSError, json.JSONDecodeError) as error:
        raise LlmacError(f"{folder}: config.json cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
