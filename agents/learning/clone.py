# SPDX-License-Identifier: MIT
"""Behaviour cloning: both roles learn to say what a teacher says, from traces recorded in ns-3.

Deviations from plain supervised fine-tuning: the loss is over the tokens that the guide allows, at the positions where
it left a choice, so that the model learns the distribution that it will be asked for; and a state counts with the
square root of how often it was recorded, so that rare ones are learned, too.

    llmac clone --out DIR
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.baselines.babble import Babble
from llmac.agents.evaluation.tune import FIRST_VALIDATION_SEED
from llmac.agents.language.labels import SHORT_LABELS
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role, Style
from llmac.agents.learning import cells
from llmac.agents.learning.likelihood import batches, choices_of
from llmac.agents.learning.recording import Example, Recorded, record
from llmac.agents.learning.teacher import Teacher
from llmac.agents.models import tokenizer
from llmac.agents.models.checkpoint import Checkpoint, check_place, save
from llmac.agents.models.lora import with_adapters
from llmac.agents.models.pretrained import load_pretrained
from llmac.agents.models.small import small_model
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.pag.grammar import Grammar


class TeacherName(StrEnum):
    """Whom to clone."""

    LEASE = "lease"
    """Grants by turns and leases (teacher.py), in cells of all kinds."""
    TURNS = "turns"
    """Grants by turns alone, in `paper`, and hardly learned: a start for PPO that takes seconds."""
    ACCESS = "access"
    """Channel access, and messages without a meaning, in `paper` with the opaque vocabulary."""


@dataclass(frozen=True, slots=True)
class CloneOptions:
    """How cloning is done; the shipped checkpoint was made with the defaults."""

    seed: int = 0
    """Of the scenarios, the episodes (training seeds are below 1,000,000), the weights and the order of examples."""
    speculate: float = 0.35
    """Of the teacher: so often an RBG that nobody asked for is granted; PPO can tell whether that is good."""
    environments: int = 96
    """That are recorded at once."""
    rounds: int = 32
    """Batches of episodes, in turn from each kind of cells."""
    teacher: TeacherName = TeacherName.LEASE
    """Whom the models learn from."""
    symbols: int = 2
    """K, of the opaque vocabulary in which `access` babbles."""
    slip: float = 0.05
    """Probability that a UE does something else than the teacher says while it is recorded."""
    base: str | None = None
    """Folder or Hub id of a pretrained model that gets an adapter for each role; without, small models are made."""
    bs_layers: int = 2
    ue_layers: int = 2
    bs_steps: int = 16000
    ue_steps: int = 8000
    batch: int = 64
    """Examples per step."""
    learning_rate: float = 3e-3
    """At its peak; it rises over the first twentieth of the steps and falls to zero as a cosine."""
    temperature: float = 0.4
    """At which small models of UEs speak: what the teacher says half of the time remains so, what it never says
    vanishes."""
    held_out: float = 0.03
    """Share of the examples that is kept for the report."""

    @classmethod
    def of(cls, teacher: TeacherName, **others: Any) -> Self:
        """Those that suit a teacher: there is little to be learned of those that stay in `paper`."""
        little: dict[TeacherName, dict[str, Any]] = {
            TeacherName.TURNS: {"environments": 48, "rounds": 1, "bs_steps": 250, "ue_steps": 150},
            TeacherName.ACCESS: {"rounds": 1, "bs_steps": 300, "ue_steps": 200},
        }
        return cls(teacher=teacher, **(little.get(teacher, {}) | others))


@dataclass(frozen=True, slots=True)
class RoleReport:
    """How well one role was learned."""

    examples: int
    """Different ones that were recorded."""
    sentence_accuracy: float
    """Share of held-out examples with a choice in which every choice of the teacher is the most probable one."""
    choice_nll: float
    """Mean negative log-likelihood of a choice, in nats, over the held-out examples."""


Advance = Callable[[str, float], None]
"""(what is going on, share of it that is done)"""


def clone(
    out: Path,
    options: CloneOptions,
    processes: int = 1,
    advance: Advance = lambda _, __: None,
    where: Mapping[str, Any] | None = None,
    grammar: Grammar | None = None,
) -> dict[Role, RoleReport]:
    """Clone the teacher and write a checkpoint.

    Args:
        out: folder of the checkpoint.
        options: what to do.
        processes: cell processes.
        advance: told about the progress.
        where: other arguments of `ColumnEnv`, that say where the cells run.
        grammar: how the models are to speak; by default as docs/pag.md tells.

    Raises:
        LlmacError: the cell cannot run, or the checkpoint cannot be written.
    """
    check_place(out)
    learner = _learner(options, grammar)
    examples = _record(options, learner, processes, advance, where or {}, grammar)
    steps = {Role.BS: options.bs_steps, Role.UE: options.ue_steps}
    reports = {
        role: _fit(model, role, examples[role], steps[role], options, advance) for role, model in learner.models.items()
    }
    if options.teacher is not TeacherName.ACCESS and options.base is None:
        cool(learner.models[Role.UE], options.temperature)
    save(out, learner)
    return reports


@torch.no_grad()
def cool(model: PreTrainedModel, temperature: float) -> None:
    """Divide all logits of a small model by a temperature, in its weights."""
    norm: Any = model.base_model.norm
    norm.weight /= temperature


def _learner(options: CloneOptions, grammar: Grammar | None) -> Checkpoint:
    """Models that have learned nothing yet."""
    made_by = {"command": "llmac clone", **asdict(options)}
    if options.base is not None:
        base, its_tokenizer = load_pretrained(options.base)
        return Checkpoint(with_adapters(base, options.seed), its_tokenizer, made_by, Style.INSTRUCT, options.base)
    trained = tokenizer.train(grammar)
    layers = {Role.BS: options.bs_layers, Role.UE: options.ue_layers}
    models = {role: small_model(trained, options.seed, n) for role, n in layers.items()}
    # For contention UEs have to break the symmetry between them; who only babbles, all of them.
    sampling = frozenset(Role if options.teacher is TeacherName.ACCESS else {Role.UE})
    return Checkpoint(models, trained, made_by, sampling=sampling)


def _kinds(options: CloneOptions) -> Sequence[tuple[cells.Draw, int]]:
    """Cells to record in, and the TTIs of an episode."""
    match options.teacher:
        case TeacherName.LEASE:
            return ((cells.free, cells.FREE_TTIS), (cells.scheduled, cells.SCHEDULED_TTIS))
        case TeacherName.TURNS:
            return ((cells.paper, cells.FREE_TTIS),)
        case TeacherName.ACCESS:
            return ((cells.opaque(options.symbols), cells.FREE_TTIS),)


def _record(
    options: CloneOptions,
    learner: Checkpoint,
    processes: int,
    advance: Advance,
    where: Mapping[str, Any],
    grammar: Grammar | None,
) -> dict[Role, Recorded]:
    phrasebook = Phrasebook(Vocabulary(learner.tokenizer), grammar)
    rng = np.random.default_rng(options.seed)
    teacher = Babble(options.seed) if options.teacher is TeacherName.ACCESS else Teacher(options.speculate)
    recorded = {role: Recorded() for role in Role}
    kinds = _kinds(options)
    done, total = 0, sum(kinds[round_ % len(kinds)][1] for round_ in range(options.rounds))

    def on_tti() -> None:
        nonlocal done
        done += 1
        advance(f"record {options.teacher} in ns-3", done / total)

    for round_ in range(options.rounds):
        draw, ttis = kinds[round_ % len(kinds)]
        scenarios = draw(rng, options.environments)
        first = options.seed + round_ * options.environments
        # Seeds from 1,000,000 are for validation.
        seeds = np.arange(first, first + options.environments, dtype=np.uint64) % np.uint64(FIRST_VALIDATION_SEED)
        # Labels of two and more tokens, which only a large cell needs, are learned in small ones.
        spaces = rng.choice([SHORT_LABELS, 10 * SHORT_LABELS], size=len(scenarios), p=[0.93, 0.07]).tolist()
        with ColumnEnv(scenarios, processes=processes, ttis=ttis, **where) as env:
            made = record(
                env,
                teacher,
                scenarios,
                seeds,
                phrasebook,
                options.slip,
                spaces,
                on_tti,
                learner.style,
                learner.frame,
            )
        for role in Role:
            recorded[role].add(made[role])
    return recorded


def _fit(
    model: PreTrainedModel, role: Role, recorded: Recorded, steps: int, options: CloneOptions, advance: Advance
) -> RoleReport:
    """Train on the examples; returns how well those held out are predicted."""
    # With one thread the sums are made in one order: the same weights whatever the number of cores.
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    examples, weights = list(recorded.examples.values()), recorded.weights()
    shuffled = rng.permutation(len(examples))
    kept = max(1, int(options.held_out * len(examples)))
    held_out = [examples[i] for i in shuffled[:kept] if examples[i].choices]
    training = shuffled[kept:]
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=0.01, betas=(0.9, 0.98))
    # Its rise has to be longer than one step, or it divides by zero; a shorter fit ends before it does.
    total = max(steps, 21)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.learning_rate, total_steps=total, pct_start=0.05)
    model.eval()  # without dropout, whose draws nobody could repeat
    lengths = np.array([len(examples[i].tokens) for i in training])
    for step, batch in enumerate(_endless_batches(lengths, options.batch, steps, rng)):
        chosen = training[batch]
        if not any(examples[i].choices for i in chosen):
            continue
        asked = choices_of(model, [examples[i] for i in chosen])
        weight = torch.from_numpy(weights[chosen]).float()[asked.owner]
        loss = functional.nll_loss(asked.log_probs, asked.chosen, reduction="none") @ weight / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        optimiser.zero_grad()
        advance(f"fit {role}", (step + 1) / steps)
    return _report(model, len(examples), held_out)


def _endless_batches(
    lengths: NDArray[np.int64], size: int, steps: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """`steps` batches of indices of examples of similar lengths."""
    endless = chain.from_iterable(batches(lengths, size, rng) for _ in repeat(None))
    return islice(endless, steps)


@torch.inference_mode()
def _report(model: PreTrainedModel, examples: int, held_out: Sequence[Example]) -> RoleReport:
    if not held_out:
        return RoleReport(examples, float("nan"), float("nan"))
    right, nll, choices = 0, 0.0, 0
    size = 256
    for first in range(0, len(held_out), size):
        batch = held_out[first : first + size]
        asked = choices_of(model, batch)
        hit = asked.log_probs.argmax(dim=-1) == asked.chosen
        right += len(batch) - len(asked.owner[~hit].unique())
        nll -= float(asked.sentence_log_probs(len(batch)).sum())
        choices += len(asked.chosen)
    return RoleReport(examples, right / len(held_out), nll / choices)
