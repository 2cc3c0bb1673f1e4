# SPDX-License-Identifier: MIT
"""Proximal policy optimisation (Schulman et al., arXiv 1707.06347) of one role's model, and the fit of the critic.

Deviations from the usual update: the ratio is one of whole sentences, since a decision is a sentence; log-probabilities
are over the tokens that the guide allowed; decisions with the same prompt and the same sentence are one row. The last
is exact: they have the same ratio r, and the clipped surrogate min(r A, clip(r) A) of an advantage A is
min(r, 1 + eps) A for A > 0 and max(r, 1 - eps) A for A < 0, so that a row needs two sums of advantages only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from llmac.agents.learning.critic import Critic, Scenes, spans
from llmac.agents.learning.likelihood import batches, choices_of
from llmac.agents.learning.recording import Example

_SCENES_PER_STEP = 512


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


def improve(
    model: PreTrainedModel,
    optimiser: torch.optim.Optimizer,
    decisions: Decisions,
    advantage: NDArray[np.float64],
    options: PpoOptions,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Make decisions with positive advantages more probable, as far as the clip and the KL limit let them.

    Args:
        model: changed in place.
        optimiser: of its weights.
        decisions: of the episodes.
        advantage: [decisions]
        options: of PPO.
        rng: orders the minibatches.

    Returns:
        approx_kl, clip_fraction, entropy (nats per decision), epochs (that were made) and distinct (rows over
        decisions).
    """
    rows = _rows_with_a_choice(decisions)
    scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    weight = {
        name: np.bincount(decisions.index, values, len(decisions.examples))[rows]
        for name, values in (
            ("gain", np.maximum(scaled, 0)),
            ("loss", np.minimum(scaled, 0)),
            ("count", np.ones(len(scaled))),
        )
    }
    gain, loss, count = (torch.from_numpy(weight[name]).float() for name in ("gain", "loss", "count"))
    examples = [decisions.examples[i] for i in rows]
    lengths = np.array([len(e.tokens) for e in examples])
    old, entropy = _ask(model, examples)
    size = max(1, -(-len(examples) // options.minibatches))
    per_step = float(count.sum()) / -(-len(examples) // size)
    clipped, kl, epochs = 0.0, 0.0, 0
    model.train()
    while epochs < options.epochs and kl <= options.kl_limit:
        epochs += 1
        kl_sum, clip_sum = 0.0, 0.0
        for batch in batches(lengths, size, rng):
            here = torch.from_numpy(batch)
            asked = choices_of(model, [examples[i] for i in batch])
            log_ratio = asked.sentence_log_probs(len(batch)) - old[here]
            ratio = log_ratio.exp()
            surrogate = ratio.clamp(max=1 + options.clip) * gain[here] + ratio.clamp(min=1 - options.clip) * loss[here]
            bonus = options.entropy * count[here] * asked.sentence_entropies(len(batch))
            (-(surrogate + bonus).sum() / per_step).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), options.max_grad_norm)
            optimiser.step()
            optimiser.zero_grad()
            with torch.no_grad():
                kl_sum += float((count[here] * (ratio - 1 - log_ratio)).sum())
                clip_sum += float((count[here] * ((ratio - 1).abs() > options.clip)).sum())
        kl, clipped = kl_sum / float(count.sum()), clip_sum / float(count.sum())
    model.eval()
    return {
        "approx_kl": kl,
        "clip_fraction": clipped,
        "entropy": float((count * entropy).sum() / len(scaled)),
        "epochs": float(epochs),
        "distinct": len(decisions.examples) / len(decisions.index),
    }


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


@torch.inference_mode()
def _ask(model: PreTrainedModel, examples: Sequence[Example], size: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy of each example's sentence, as the trainer computes them."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].tokens))
    log_prob, entropy = torch.zeros(len(examples)), torch.zeros(len(examples))
    for first in range(0, len(order), size):
        part = order[first : first + size]
        asked = choices_of(model, [examples[i] for i in part])
        log_prob[part] = asked.sentence_log_probs(len(part))
        entropy[part] = asked.sentence_entropies(len(part))
    return log_prob, entropy
