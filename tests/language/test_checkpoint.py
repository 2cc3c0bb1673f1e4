# SPDX-License-Identifier: MIT
"""Checkpoints: what is saved is loaded; what is damaged is refused in words."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from llmac.agents.language.phrases import Vocabulary
from llmac.agents.language.prompts import Role
from llmac.agents.models import checkpoint
from llmac.agents.models.checkpoint import Checkpoint
from llmac.bridge.errors import LlmacError


@pytest.fixture
def saved(tmp_path: Path, vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]) -> Path:
    folder = tmp_path / "new" / "made"
    checkpoint.save(
        folder, Checkpoint(models, vocabulary.tokenizer, {"command": "test"}, sampling=frozenset({Role.UE}))
    )
    return folder


def test_what_is_saved_is_loaded(saved: Path, vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]) -> None:
    loaded = checkpoint.load(saved)
    assert loaded.made_by == {"command": "test"}
    assert loaded.sampling == {Role.UE}
    text = "Device. 4 ack grant 3 to 417; m12"
    assert loaded.tokenizer.encode(text) == vocabulary.tokenizer.encode(text)
    for role in Role:
        assert not loaded.models[role].training
        for name, tensor in models[role].state_dict().items():
            assert torch.equal(loaded.models[role].state_dict()[name], tensor)


def test_it_is_a_hugging_face_model_in_safetensors(saved: Path) -> None:
    assert {path.name for path in (saved / "bs").iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert AutoModelForCausalLM.from_pretrained(saved / "bs").config.model_type == "qwen2"


def test_an_earlier_checkpoint_is_replaced_and_nothing_else_is_left(
    saved: Path, vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]
) -> None:
    checkpoint.save(saved, Checkpoint(models, vocabulary.tokenizer, {"command": "again"}))
    assert checkpoint.load(saved).made_by == {"command": "again"}
    assert list(saved.parent.iterdir()) == [saved]


def test_another_folder_is_not_replaced(
    tmp_path: Path, vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]
) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(LlmacError, match="no checkpoint that could be replaced"):
        checkpoint.save(tmp_path, Checkpoint(models, vocabulary.tokenizer, {}))


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(LlmacError, match="there is no checkpoint here"):
        checkpoint.load(tmp_path)


def test_a_flipped_bit(saved: Path) -> None:
    weights = saved / "ue" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(LlmacError, match=r"ue/model.safetensors is not what the manifest says"):
        checkpoint.load(saved)


def test_a_missing_file(saved: Path) -> None:
    (saved / "bs" / "tokenizer.json").unlink()
    with pytest.raises(LlmacError, match=r"bs/tokenizer.json is missing"):
        checkpoint.load(saved)


def test_another_format(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(
        LlmacError, match="a checkpoint of format 99, and this version reads 2; its models know other prompts"
    ):
        checkpoint.load(saved)


def test_a_broken_manifest(saved: Path) -> None:
    (saved / "manifest.json").write_text("{")
    with pytest.raises(LlmacError, match=r"manifest.json is not JSON"):
        checkpoint.load(saved)
