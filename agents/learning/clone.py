# SPDX-License-Identifier: MIT
"""Behaviour cloning: both roles learn to say what a teacher says, from traces recorded in ns-3.

Deviations from plain supervised fine-tuning: the loss is over the tokens that the guide allows, at the positions where
it left a choice, so that the model learns the distribution that it will be asked for; and an example that was recorded
many times counts once, so that rare states are learned as well as common ones.

    llmac clone --out DIR
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.baselines.babble import Babble
from llmac.agents.baselines.grant import Grant
from llmac.agents.language.labels import SHORT_LABELS
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role, Style
from llmac.agents.learning.likelihood import batches, choices_of
from llmac.agents.learning.recording import Example, record
from llmac.agents.models import tokenizer
from llmac.agents.models.checkpoint import Checkpoint, check_place, save
from llmac.agents.models.lora import with_adapters
from llmac.agents.models.pretrained import load_pretrained
from llmac.agents.models.small import small_model
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import Scenario, load


class TeacherName(StrEnum):
    """Whom to clone."""

    GRANT = "grant"
    """Grant-based round robin, in cells of all kinds."""
    ACCESS = "access"
    """Channel access, and messages without a meaning, in `paper` with the opaque vocabulary."""


@dataclass(frozen=True, slots=True)
class CloneOptions:
    """How cloning is done; the shipped checkpoint was made with the defaults."""

    seed: int = 0
    """Of the scenarios, the episodes (training seeds are below 1,000,000), the weights and the order of examples."""
    environments: int = 128
    """That are recorded at once."""
    rounds: int = 12
    """Batches of episodes."""
    teacher: TeacherName = TeacherName.GRANT
    """Whom the models learn from."""
    symbols: int = 2
    """K, of the opaque vocabulary in which `access` babbles."""
    slip: float = 0.05
    """Probability that a UE does something else than the teacher says while it is recorded."""
    base: str | None = None
    """Folder or Hub id of a pretrained model that gets an adapter for each role; without, small models are made."""
    bs_layers: int = 2
    ue_layers: int = 2
    bs_steps: int = 1800
    ue_steps: int = 600
    batch: int = 64
    """Examples per step."""
    learning_rate: float = 3e-3
    """At its peak; it rises over the first twentieth of the steps and falls to zero as a cosine."""
    held_out: float = 0.03
    """Share of the examples that is kept for the report."""


@dataclass(frozen=True, slots=True)
class RoleReport:
    """How well one role was learned."""

    examples: int
    """Different ones that were recorded."""
    sentence_accuracy: float
    """Share of held-out examples in which every choice of the teacher is the most probable one."""
    choice_nll: float
    """Mean negative log-likelihood of a choice, in nats, over the held-out examples."""


Advance = Callable[[str, float], None]
"""(what is going on, share of it that is done)"""


def clone(
    out: Path, options: CloneOptions, processes: int = 1, advance: Advance = lambda _, __: None
) -> dict[Role, RoleReport]:
    """Clone the teacher and write a checkpoint.

    Args:
        out: folder of the checkpoint.
        options: what to do.
        processes: cell processes.
        advance: told about the progress.

    Raises:
        LlmacError: the cell cannot run, or the checkpoint cannot be written.
    """
    check_place(out)
    learner = _learner(options)
    examples = _record(options, learner, processes, advance)
    steps = {Role.BS: options.bs_steps, Role.UE: options.ue_steps}
    reports = {
        role: _fit(model, role, examples[role], steps[role], options, advance) for role, model in learner.models.items()
    }
    save(out, learner)
    return reports


def _learner(options: CloneOptions) -> Checkpoint:
    """Models that have learned nothing yet."""
    made_by = {"command": "llmac clone", **asdict(options)}
    if options.base is not None:
        base, its_tokenizer = load_pretrained(options.base)
        return Checkpoint(with_adapters(base, options.seed), its_tokenizer, made_by, Style.INSTRUCT, options.base)
    trained = tokenizer.train()
    layers = {Role.BS: options.bs_layers, Role.UE: options.ue_layers}
    return Checkpoint({r: small_model(trained, options.seed, n) for r, n in layers.items()}, trained, made_by)


def random_scenarios(rng: np.random.Generator, count: int) -> list[Scenario]:
    """Scenarios over populations, RBGs, loads, rules and the limits of the control channel."""
    return [_random_scenario(rng) for _ in range(count)]


def _random_scenario(rng: np.random.Generator) -> Scenario:
    # 2 to 32 UEs and 1 to 10 RBGs, small numbers more often.
    ues = round(2 * 16 ** rng.random())
    rbgs = round(10 ** rng.random())
    overrides: dict[str, Any] = {
        "ues": ues,
        "rbgs": rbgs,
        "traffic.load": float(min(1.0, rng.uniform(0.2, 1.5) * rbgs / ues)),
        "ack_deletes": _happens(rng, _RARELY),
        "buffer_capacity_dpdus": int(rng.choice([20, 20, 20, 5, 99])),
        "vocabulary": {"kind": "semantic", "bsr_levels": int(rng.choice([6, 6, 6, 3, 8]))},
    }
    if _happens(rng, _SOMETIMES):
        overrides |= {
            "control.loss_probability": float(rng.choice([0.0, 0.05])),
            "control.delay_ttis": int(rng.integers(0, 3)),
            "control.max_dcms_per_tti": int(rng.choice([0, 1, 2, 4])),
            "control.ucm_period_ttis": int(rng.choice([1, 1, 2, 4])),
        }
    return load(str(rng.choice(["paper", "near-far"])), overrides)


def _scenarios(options: CloneOptions, rng: np.random.Generator) -> list[Scenario]:
    if options.teacher is TeacherName.GRANT:
        return random_scenarios(rng, options.environments)
    vocabulary = {"kind": "opaque", "symbols": options.symbols}
    ues = rng.integers(2, 9, options.environments).tolist()
    return [load("paper", {"ues": n, "vocabulary": vocabulary}) for n in ues]


_TTIS = 24
_RARELY, _SOMETIMES = 0.15, 0.3


def _happens(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def _record(options: CloneOptions, learner: Checkpoint, processes: int, advance: Advance) -> dict[Role, list[Example]]:
    phrasebook = Phrasebook(Vocabulary(learner.tokenizer))
    rng = np.random.default_rng(options.seed)
    teacher = Grant() if options.teacher is TeacherName.GRANT else Babble(options.seed)
    scenarios = _scenarios(options, rng)
    recorded: dict[Role, dict[tuple[str, str], Example]] = {role: {} for role in Role}
    done = 0

    def on_tti() -> None:
        nonlocal done
        done += 1
        advance(f"record {options.teacher} in ns-3", done / (_TTIS * options.rounds))

    with ColumnEnv(scenarios, processes=processes, ttis=_TTIS) as env:
        for round_ in range(options.rounds):
            scenarios = _scenarios(options, rng) if round_ else scenarios
            seeds = np.uint64(options.seed + round_ * options.environments) + np.arange(
                options.environments, dtype=np.uint64
            )
            # Labels of two and more tokens, which only a large cell needs, are learned in small ones.
            spaces = rng.choice([SHORT_LABELS, 10 * SHORT_LABELS], size=len(scenarios), p=[0.85, 0.15]).tolist()
            made = record(
                env, teacher, scenarios, seeds, phrasebook, options.slip, spaces, on_tti, learner.style, learner.frame
            )
            for role in Role:
                recorded[role] |= made[role]
    return {role: list(recorded[role].values()) for role in Role}


def _fit(
    model: PreTrainedModel, role: Role, examples: Sequence[Example], steps: int, options: CloneOptions, advance: Advance
) -> RoleReport:
    """Train on the examples; returns how well those held out are predicted."""
    # With one thread the sums are made in one order: the same weights whatever the number of cores.
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    shuffled = rng.permutation(len(examples))
    kept = max(1, int(options.held_out * len(examples)))
    held_out = [examples[i] for i in shuffled[:kept]]
    training = [examples[i] for i in shuffled[kept:]]
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=0.01, betas=(0.9, 0.98))
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.learning_rate, total_steps=steps, pct_start=0.05)
    model.train()
    for step, batch in enumerate(_batches(training, options.batch, steps, rng)):
        asked = choices_of(model, batch)
        loss = functional.nll_loss(asked.log_probs, asked.chosen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        optimiser.zero_grad()
        advance(f"fit {role}", (step + 1) / steps)
    model.eval()
    return _report(model, examples, held_out)


def _batches(examples: Sequence[Example], size: int, steps: int, rng: np.random.Generator) -> Iterator[list[Example]]:
    """`steps` batches of examples of similar lengths."""
    lengths = np.array([len(e.tokens) for e in examples])
    endless = chain.from_iterable(batches(lengths, size, rng) for _ in repeat(None))
    for batch in islice(endless, steps):
        yield [examples[i] for i in batch]


@torch.inference_mode()
def _report(model: PreTrainedModel, examples: Sequence[Example], held_out: Sequence[Example]) -> RoleReport:
    right, nll, choices = 0, 0.0, 0
    size = 256
    for first in range(0, len(held_out), size):
        batch = held_out[first : first + size]
        asked = choices_of(model, batch)
        hit = asked.log_probs.argmax(dim=-1) == asked.chosen
        right += len(batch) - len(asked.owner[~hit].unique())
        nll -= float(asked.sentence_log_probs(len(batch)).sum())
        choices += len(asked.chosen)
    return RoleReport(len(examples), right / len(held_out), nll / choices)
