# SPDX-License-Identifier: MIT
"""PPO of adapters of a pretrained model, in real cells: what learns, what does not, and what is saved."""

from pathlib import Path

import pytest
import torch
from foreign import bpe_tokenizer, save_model

from llmac.agents.language.prompts import Role, Style
from llmac.agents.learning import store
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.run import Training
from llmac.agents.learning.start import learner_of
from llmac.agents.models import checkpoint, lora


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("foreign") / "model", bpe_tokenizer())


def test_adapters_learn_and_their_base_does_not(base: Path, tmp_path: Path) -> None:
    config = TrainConfig.parse(
        {
            "domains": [{"scenario": "paper", "ues": [2, 2]}],
            "start": str(base),
            "updates": 2,
            "environments": 2,
            "ttis": 3,
            "critic_updates": 0,
            "critic": "prompt",
            "precision": "bfloat16",
            "gradient_accumulation": 2,
            "epochs": 1,
        },
        "test",
    )
    learner = learner_of(config)
    before = {role: _trained(learner.models[role]) for role in Role}
    print_of_base = lora.fingerprint(learner.models[Role.BS])  # pyright: ignore[reportArgumentType]
    training = Training(config, learner)
    try:
        training.step()
        store.save(tmp_path, training.state())
    finally:
        training.close()
    saved = store.load_newest(tmp_path)
    loaded = checkpoint.load(saved.policy)
    assert (loaded.style, loaded.base) == (Style.INSTRUCT, str(base))
    assert lora.fingerprint(loaded.models[Role.BS]) == print_of_base
    for role in Role:
        after = _trained(loaded.models[role])
        assert after.keys() == before[role].keys()
        assert any(not torch.equal(after[name], before[role][name]) for name in after)
        assert all(".lora_" in name for name in after)
    resumed = Training(config, learner_of(config, saved.policy))
    try:
        resumed.resume(saved)
        resumed.step()
    finally:
        resumed.close()
    assert resumed.update == 2


def _trained(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Copies of the weights that are not frozen."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
