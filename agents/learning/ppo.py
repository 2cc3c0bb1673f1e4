# SPDX-License-Identifier: MIT
"""Proximal policy optimisation (Schulman et al., arXiv 1707.06347) of one role's model, and the fit of the critic.

Deviations from the usual update: the ratio is one of whole sentences, since a decision is a sentence; log-probabilities
are over the tokens that the guide allowed; decisions with the same prompt and the same sentence are one row. The last
is exact: they have the same ratio r, and the clipped surrogate min(r A, clip(r) A) of an advantage A is
min(r, 1 + eps) A for A > 0 and max(r, 1 - eps) A for A < 0, so that a row needs two sums of advantages only.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from llmac.agents.learning.critic import Critic, Scenes, spans
from llmac.agents.learning.likelihood import batches, choices_of
from llmac.agents.learning.recording import Example

_SCENES_PER_STEP = 512
_TOO_FAR = 8.0
"""Times `kl_limit`: an epoch that went so far from the old policy is undone. A single step can lose all that was
learned, and the clip, which only takes gradients away, does not keep it from that."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What one role decided in a batch of episodes."""

    examples: Sequence[Example]
    """The different ones."""
    index: NDArray[np.int64]
    """[decisions] into `examples`."""


@dataclass(frozen=True, slots=True)
class PpoOptions:
    """See llmac.agents.learning.config.TrainConfig."""

    clip: float
    epochs: int
    minibatches: int
    kl_limit: float
    entropy: float
    max_grad_norm: float
    kl_penalty: float | None = None
    """Weight of a penalty on the KL divergence; None: the update ends early instead."""
    gradient_accumulation: int = 1
    bfloat16: bool = False


class Rows(Protocol):
    """Different decisions of one role; each stands for as many as were alike."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[rows] those of similar lengths go into one minibatch."""
        ...

    def ask(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probability and entropy in nats of each of these decisions, as the model sees them now."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """What rows weigh, [rows] each."""

    gain: torch.Tensor
    """Sum of the positive advantages."""
    loss: torch.Tensor
    """Sum of the negative ones."""
    count: torch.Tensor
    """Decisions that a row stands for."""

    @classmethod
    def of(cls, index: NDArray[np.int64], rows: int, advantage: NDArray[np.float64]) -> "Weights":
        """Of decisions whose advantages, [decisions], are normalised here.

        Args:
            index: [decisions] row of each.
            rows: number of rows.
            advantage: [decisions]
        """
        scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        parts = (np.maximum(scaled, 0), np.minimum(scaled, 0), np.ones(len(scaled)))
        return cls(*(torch.from_numpy(np.bincount(index, part, rows)).float() for part in parts))

    def take(self, rows: NDArray[np.int64]) -> "Weights":
        """Those of some of the rows."""
        return Weights(self.gain[rows], self.loss[rows], self.count[rows])


def improve(
    model: PreTrainedModel,
    optimiser: torch.optim.Optimizer,
    decisions: Decisions,
    advantage: NDArray[np.float64],
    options: PpoOptions,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Make sentences with positive advantages more probable; see `ascend`.

    Args:
        model: changed in place.
        optimiser: of its weights.
        decisions: of the episodes.
        advantage: [decisions]
        options: of PPO.
        rng: orders the minibatches.

    Returns:
        What `ascend` tells, and distinct (rows over decisions).
    """
    kept = _rows_with_a_choice(decisions)
    sentences = _Sentences(model, [decisions.examples[i] for i in kept], bfloat16=options.bfloat16)
    weights = Weights.of(decisions.index, len(decisions.examples), advantage).take(kept)
    told = ascend(model, optimiser, sentences, weights, options, rng)
    # The decisions without a choice have no entropy.
    told["entropy"] *= float(weights.count.sum()) / len(decisions.index)
    return {**told, "distinct": len(decisions.examples) / len(decisions.index)}


def ascend(
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    rows: Rows,
    weights: Weights,
    options: PpoOptions,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Make decisions with positive advantages more probable, as far as the clip and the KL divergence let them.

    Args:
        model: changed in place.
        optimiser: of its weights.
        rows: that the model decided.
        weights: of the rows.
        options: of PPO.
        rng: orders the minibatches.

    Returns:
        approx_kl, clip_fraction, entropy (nats per decision before the update), epochs (that were made), and
        undone (1 if the last of them was).
    """
    if not rows.lengths.size:
        return dict.fromkeys(("approx_kl", "clip_fraction", "entropy", "epochs", "undone"), 0.0)
    # Without dropout: the policy that is improved is the one that played, and nothing is drawn.
    model.eval()
    old, entropy = _ask_all(rows)
    size = max(1, -(-len(old) // options.minibatches))
    decisions = float(weights.count.sum())
    per_step = decisions / -(-len(old) // size)
    clipped, kl, epochs, undone = 0.0, 0.0, 0, False
    while epochs < options.epochs and not undone and (kl <= options.kl_limit or options.kl_penalty is not None):
        epochs += 1
        before = _Snapshot(model, optimiser)
        kl_sum, clip_sum = 0.0, 0.0
        for minibatch in batches(rows.lengths, size, rng):
            for batch in np.array_split(minibatch, min(options.gradient_accumulation, len(minibatch))):
                here = weights.take(batch)
                log_prob, batch_entropy = rows.ask(batch)
                log_ratio = log_prob - old[batch]
                ratio = log_ratio.exp()
                surrogate = (
                    ratio.clamp(max=1 + options.clip) * here.gain + ratio.clamp(min=1 - options.clip) * here.loss
                )
                # KL(old || new), estimated without bias and never below zero (Schulman, 2020, "k3").
                divergence = here.count * (ratio - 1 - log_ratio)
                bonus = options.entropy * here.count * batch_entropy - (options.kl_penalty or 0.0) * divergence
                (-(surrogate + bonus).sum() / per_step).backward()
                kl_sum += float(divergence.detach().sum())
                clip_sum += float((here.count * ((ratio.detach() - 1).abs() > options.clip)).sum())
            torch.nn.utils.clip_grad_norm_(model.parameters(), options.max_grad_norm)
            optimiser.step()
            optimiser.zero_grad()
        kl, clipped = kl_sum / decisions, clip_sum / decisions
        undone = options.kl_penalty is None and kl > _TOO_FAR * options.kl_limit
        if undone:
            before.restore()
    return {
        "approx_kl": kl,
        "clip_fraction": clipped,
        "entropy": float((weights.count * entropy).sum()) / decisions,
        "epochs": float(epochs),
        "undone": float(undone),
    }


class _Snapshot:
    """The weights that are trained and the state of their optimiser, as they are now."""

    def __init__(self, model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> None:
        self._weights = [(p, p.detach().clone()) for p in model.parameters() if p.requires_grad]
        self._optimiser = optimiser
        self._state = deepcopy(optimiser.state_dict())

    def restore(self) -> None:
        """Bring them back."""
        with torch.no_grad():
            for parameter, weight in self._weights:
                parameter.copy_(weight)
        self._optimiser.load_state_dict(self._state)


def adapted(kl_penalty: float, kl: float, target: float) -> float:
    """The weight of the KL penalty for the next update (Schulman et al., arXiv 1707.06347, section 4)."""
    if kl > 1.5 * target:
        return 2 * kl_penalty
    return kl_penalty / 2 if kl < target / 1.5 else kl_penalty


def fit_critic(
    critic: Critic,
    optimiser: torch.optim.Optimizer,
    scenes: Scenes,
    cell_target: NDArray[np.float64],
    ue_target: NDArray[np.float64],
    epochs: int,
    rng: np.random.Generator,
) -> float:
    """Fit the values to their targets, [S] and [M] (NaN: none); returns the explained variance of the cells' before."""
    with torch.inference_mode():
        before = critic(scenes)[0].numpy()
    start = np.cumsum(scenes.count) - scenes.count
    for _ in range(epochs):
        order = rng.permutation(len(scenes.count))
        for first in range(0, len(order), _SCENES_PER_STEP):
            chosen = order[first : first + _SCENES_PER_STEP]
            cell, ue = critic(scenes.take(chosen))
            of_ue = torch.from_numpy(ue_target[spans(start[chosen], scenes.count[chosen])]).float()
            known = ~of_ue.isnan()
            loss = torch.nn.functional.mse_loss(cell, torch.from_numpy(cell_target[chosen]).float())
            if bool(known.any()):
                loss = loss + torch.nn.functional.mse_loss(ue[known], of_ue[known])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(critic.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
    return 1 - float(np.var(cell_target - before) / max(np.var(cell_target), 1e-12))


def _rows_with_a_choice(decisions: Decisions) -> NDArray[np.int64]:
    """Rows whose sentence could have been another one; the others teach nothing."""
    return np.flatnonzero([bool(example.choices) for example in decisions.examples])


class _Sentences:
    """Sentences of a language model; see Rows."""

    def __init__(self, model: PreTrainedModel, examples: Sequence[Example], *, bfloat16: bool) -> None:
        self._model = model
        self._examples = examples
        self._bfloat16 = bfloat16
        self.lengths = np.array([len(e.tokens) for e in examples], dtype=np.int64)

    def ask(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ask the model about whole sentences."""
        with torch.autocast(self._model.device.type, torch.bfloat16, enabled=self._bfloat16):
            asked = choices_of(self._model, [self._examples[i] for i in rows])
        # A few numbers for each row, wherever the model is.
        return asked.sentence_log_probs(len(rows)).cpu(), asked.sentence_entropies(len(rows)).cpu()


@torch.inference_mode()
def _ask_all(rows: Rows, size: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy of each row, as the trainer computes them."""
    order = np.argsort(rows.lengths, kind="stable")
    log_prob, entropy = torch.zeros(len(order)), torch.zeros(len(order))
    for first in range(0, len(order), size):
        part = order[first : first + size]
        log_prob[part], entropy[part] = rows.ask(part)
    return log_prob, entropy
