# SPDX-License-Identifier: MIT
"""What a model thinks of sentences: log-probabilities over the tokens that the guide allowed, with gradients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.learning.recording import Example


@dataclass(frozen=True, slots=True)
class Choices:
    """Every choice of a batch of examples, in their order."""

    log_probs: torch.Tensor
    """[choices, vocabulary] of all tokens; -inf for those that were not allowed."""
    chosen: torch.Tensor
    """[choices] the tokens said."""
    owner: torch.Tensor
    """[choices] index of the example of each."""

    def sentence_log_probs(self, examples: int) -> torch.Tensor:
        """Log-probability of each of the `examples` sentences; 0 for one without a choice."""
        of_choice = self.log_probs.gather(1, self.chosen[:, None])[:, 0]
        return of_choice.new_zeros(examples).index_add(0, self.owner, of_choice)

    def sentence_entropies(self, examples: int) -> torch.Tensor:
        """Sum of the entropies of each sentence's choices, in nats."""
        finite = self.log_probs.masked_fill(self.log_probs.isneginf(), 0)
        of_choice = -(self.log_probs.exp() * finite).sum(dim=1)
        return of_choice.new_zeros(examples).index_add(0, self.owner, of_choice)


def choices_of(model: PreTrainedModel, batch: Sequence[Example]) -> Choices:
    """Ask the model about a batch of examples, of which at least one holds a choice."""
    tokens, hidden = _read(model, batch)
    choices = [(i, choice) for i, example in enumerate(batch) for choice in example.choices]
    row = torch.tensor([i for i, _ in choices], device=tokens.device)
    position = torch.tensor([choice.position for _, choice in choices], device=tokens.device)
    head: Any = model.get_output_embeddings()
    logits = functional.linear(hidden[row, position - 1], head.weight, head.bias).float()
    sizes = [choice.allowed.size for _, choice in choices]
    allowed = torch.zeros(logits.shape, dtype=torch.bool)
    allowed[
        torch.arange(len(choices)).repeat_interleave(torch.tensor(sizes)),
        torch.from_numpy(np.concatenate([choice.allowed for _, choice in choices])),
    ] = True
    log_probs = functional.log_softmax(logits.masked_fill(~allowed.to(logits.device), -torch.inf), dim=-1)
    return Choices(log_probs, tokens[row, position], row)


@torch.no_grad()
def features_of(model: PreTrainedModel, examples: Sequence[Example], size: int = 256) -> torch.Tensor:
    """Hidden state of each example before its first choice, at its end if there is none; [examples, width], float32.

    Up to there an example says nothing but its prompt and what that forces.
    """
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].tokens))
    parts: list[torch.Tensor] = []
    for first in range(0, len(order), size):
        batch = [examples[i] for i in order[first : first + size]]
        at = torch.tensor([(e.choices[0].position if e.choices else len(e.tokens)) - 1 for e in batch])
        parts.append(_read(model, batch)[1][torch.arange(len(batch)), at].float().cpu())
    return torch.cat(parts)[np.argsort(order)]


def _read(model: PreTrainedModel, batch: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens of the examples, [batch, longest], and the hidden states after each."""
    longest = max(len(e.tokens) for e in batch)
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    for i, example in enumerate(batch):
        tokens[i, : len(example.tokens)] = torch.tensor(example.tokens)
    # Padding stands after the end, where causal attention does not see it.
    tokens = tokens.to(model.device)
    return tokens, model.base_model(input_ids=tokens, use_cache=False).last_hidden_state


def batches(lengths: NDArray[np.int64], size: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """One pass over examples of these lengths, in batches of similar lengths, shuffled."""
    order = rng.permutation(len(lengths))
    # Shuffled, then sorted by length within windows of a few batches, then the batches shuffled.
    window = size * 16
    windows = [order[first : first + window] for first in range(0, len(order), window)]
    sorted_ = [part[np.argsort(lengths[part], kind="stable")] for part in windows]
    made = [part[i : i + size] for part in sorted_ for i in range(0, len(part), size)]
    for index in rng.permutation(len(made)):
        yield made[index]
