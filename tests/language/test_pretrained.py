# SPDX-License-Identifier: MIT
"""Pretrained models with their own tokenizers, zero-shot and with adapters, on checkpoints in Hugging Face's format."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign import VOCABULARY, bpe_tokenizer, save_model
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llmac.agents import registry
from llmac.agents.engine.backend import BackendName, Reply
from llmac.agents.engine.backends import BACKENDS
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.phrases import Vocabulary
from llmac.agents.language.prompts import Role, Style, template
from llmac.agents.models import checkpoint, lora, pretrained
from llmac.agents.models.chat import Frame, frame
from llmac.agents.models.checkpoint import Checkpoint
from llmac.agents.models.device import pretrained_dtype
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load
from llmac.v1 import wire_pb2


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return bpe_tokenizer()


@pytest.fixture(scope="session")
def foreign(tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("foreign") / "model", tokenizer)


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmac.agents.models.pretrained.pretrained_dtype", lambda: torch.float32)


def said_in_the_cell(agent: LanguageAgent, ttis: int = 3) -> tuple[list[Reply], int]:
    """Replies of both roles, and how many actions the cell did not accept."""
    cells = [load("near-far", {"ues": 5})] * 2
    seeds = np.array([1_000_500, 1_000_501], dtype=np.uint64)
    agent.reset(cells, seeds)
    replies: list[Reply] = []
    invalid = 0
    with ColumnEnv(cells, ttis=ttis) as env:
        leaders = env.reset(seeds)
        while not leaders.done:
            followers = env.lead(agent.lead(leaders))
            leaders = env.follow(agent.follow(followers))
            invalid += int(leaders.counters[:, wire_pb2.COUNTER_INVALID].sum())
            replies += [*agent.leader_replies, *agent.follower_replies]
    return replies, invalid


def test_a_pretrained_model_plays_untrained_in_the_hardwares_type(foreign: Path) -> None:
    loaded = checkpoint.open_any(str(foreign))
    assert len(loaded.tokenizer) > 100_000
    assert loaded.style == Style.INSTRUCT
    assert loaded.models[Role.BS] is loaded.models[Role.UE]
    assert loaded.models[Role.BS].dtype == pretrained_dtype()
    agent = registry.make(f"llm:{foreign}")
    assert isinstance(agent, LanguageAgent)
    replies, invalid = said_in_the_cell(agent)
    assert invalid == 0
    assert len({reply.sentence for reply in replies}) > 1


@pytest.mark.usefixtures("float32")
def test_both_backends_say_the_same(foreign: Path) -> None:
    ours, _ = said_in_the_cell(LanguageAgent.load(foreign, sample=True))
    expected, _ = said_in_the_cell(LanguageAgent.load(foreign, backend=BackendName.GENERATE, sample=True))
    assert [reply.sentence for reply in ours] == [reply.sentence for reply in expected]
    assert [reply.log_prob for reply in ours] == pytest.approx([reply.log_prob for reply in expected], abs=1e-4)


def test_a_prompt_stands_in_the_chat_template(tokenizer: PreTrainedTokenizerFast) -> None:
    assert frame(tokenizer) == Frame("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n")
    ids = Vocabulary(tokenizer).encode([frame(tokenizer).before])[0]
    assert ids[0] == tokenizer.convert_tokens_to_ids("<|im_start|>")


def test_without_a_chat_template_a_text_begins_as_texts_do(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    plain = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    plain.chat_template = None
    assert frame(plain) == Frame()


def trained(models: dict[Role, PreTrainedModel]) -> None:
    """As if trained: adapters that change something."""
    generator = torch.Generator().manual_seed(1)
    for model in models.values():
        for name, parameter in model.named_parameters():
            if ".lora_B." in name:
                parameter.data.normal_(std=0.1, generator=generator)


def log_probs(models: dict[Role, PreTrainedModel]) -> dict[Role, torch.Tensor]:
    tokens = torch.arange(1, 30)[None]
    with torch.no_grad():
        return {role: model(input_ids=tokens).logits[0, -1].float().log_softmax(0) for role, model in models.items()}


def test_adapters_share_their_base_and_come_back_from_a_checkpoint(foreign: Path, tmp_path: Path) -> None:
    base, own_tokenizer = pretrained.load_pretrained(str(foreign))
    models = lora.with_adapters(base, seed=0)
    before = log_probs({Role.BS: base})[Role.BS]
    assert torch.equal(log_probs(models)[Role.UE], before)
    trained(models)
    after = log_probs(models)
    assert not torch.allclose(after[Role.BS], after[Role.UE])
    assert torch.equal(log_probs({Role.BS: base})[Role.BS], before)
    for model in models.values():
        assert model.get_input_embeddings().weight is base.get_input_embeddings().weight
        trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        assert trainable
        assert all(".lora_" in name for name in trainable)

    folder = tmp_path / "made"
    checkpoint.save(folder, Checkpoint(models, own_tokenizer, {}, Style.INSTRUCT, str(foreign)))
    assert (folder / "ue" / "adapter_model.safetensors").stat().st_size < 200_000
    loaded = checkpoint.load(folder)
    assert loaded.style == Style.INSTRUCT
    for role, values in log_probs(dict(loaded.models)).items():
        assert torch.equal(values, after[role])
    replies, invalid = said_in_the_cell(LanguageAgent.load(folder))
    assert replies
    assert invalid == 0


@pytest.mark.usefixtures("float32")
def test_an_adapted_model_says_the_same_through_both_backends(foreign: Path, tmp_path: Path) -> None:
    base, own_tokenizer = pretrained.load_pretrained(str(foreign))
    models = lora.with_adapters(base, seed=0)
    trained(models)
    checkpoint.save(tmp_path / "made", Checkpoint(models, own_tokenizer, {}, Style.INSTRUCT, str(foreign)))
    ours, _ = said_in_the_cell(LanguageAgent.load(tmp_path / "made"), ttis=1)
    expected, _ = said_in_the_cell(LanguageAgent.load(tmp_path / "made", backend=BackendName.GENERATE), ttis=1)
    assert [reply.sentence for reply in ours] == [reply.sentence for reply in expected]
    assert [reply.log_prob for reply in ours] == pytest.approx([reply.log_prob for reply in expected], abs=1e-4)


def test_adapters_on_another_base_are_refused(
    foreign: Path, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    copy = shutil.copytree(foreign, tmp_path / "base")
    base, own_tokenizer = pretrained.load_pretrained(str(copy))
    models = lora.with_adapters(base, seed=0)
    checkpoint.save(tmp_path / "made", Checkpoint(models, own_tokenizer, {}, Style.INSTRUCT, str(copy)))
    save_model(copy, tokenizer, seed=1)
    with pytest.raises(LlmacError, match="its adapters were trained on another"):
        checkpoint.load(tmp_path / "made")
    shutil.rmtree(copy)
    with pytest.raises(LlmacError, match="there is no such folder"):
        checkpoint.load(tmp_path / "made")


def test_an_unknown_id_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(LlmacError, match=r"^nobody/nothing: there is no such folder, and the Hugging Face Hub gave"):
        registry.make("llm:nobody/nothing")
    with pytest.raises(LlmacError, match="no model on the Hugging Face Hub is called that"):
        registry.make("llm:/no/such/folder")


def test_half_of_a_checkpoint_is_refused(
    models: dict[Role, PreTrainedModel], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    checkpoint.save(tmp_path / "made", Checkpoint(models, vocabulary.tokenizer, {}))
    with pytest.raises(LlmacError, match="this is the ue half of a checkpoint"):
        registry.make(f"llm:{tmp_path / 'made' / 'ue'}")


def test_adapters_alone_are_refused(foreign: Path, tmp_path: Path) -> None:
    base, own_tokenizer = pretrained.load_pretrained(str(foreign))
    adapted = lora.with_adapters(base, seed=0)
    checkpoint.save(tmp_path / "made", Checkpoint(adapted, own_tokenizer, {}, Style.INSTRUCT, str(foreign)))
    with pytest.raises(LlmacError, match="LoRA adapters without their base; give the checkpoint"):
        registry.make(f"llm:{tmp_path / 'made' / 'bs'}")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LlmacError, match=r"neither a model nor a checkpoint"):
        registry.make(f"llm:{tmp_path}")


def test_a_damaged_model_is_refused(foreign: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(foreign, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"no")
    with pytest.raises(LlmacError, match="no causal language model that can be loaded"):
        registry.make(f"llm:{copy}")


@pytest.mark.parametrize("backend", list(BackendName))
def test_a_prompt_beyond_the_context_is_refused(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, backend: BackendName
) -> None:
    folder = save_model(tmp_path / "short", tokenizer, max_position_embeddings=200)
    loaded = checkpoint.open_any(str(folder))
    instruction = template(Role.UE, Style.INSTRUCT).instruction
    made = BACKENDS[backend](loaded.models[Role.UE], Vocabulary(loaded.tokenizer), instruction, "")
    with pytest.raises(LlmacError, match=r"a prompt of \d+ tokens is too long for the model's context of 200 tokens"):
        made.check([" a state"])


def test_the_tokenizer_is_of_real_size(tokenizer: PreTrainedTokenizerFast) -> None:
    assert len(tokenizer) >= VOCABULARY
    text = "grant 0 to 4; ack 2; end"
    assert Vocabulary(tokenizer).decode(Vocabulary(tokenizer).encode([text])[0]) == text
