# SPDX-License-Identifier: MIT
"""The project's engine: all decisions of a phase in a few batched calls of one causal language model.

What is saved, compared with generating each sentence alone:
- the role's instruction is read once per set of weights; its keys and values serve every prompt;
- decisions with the same state and the same words so far are one row of the batch;
- tokens that the guide forces are fed along with the next choice, so that they cost no call of their own;
- logits are computed for allowed tokens only.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache, PreTrainedModel

from llmac.agents.engine.backend import Draw, Guide, Reply, Request
from llmac.agents.language.phrases import Vocabulary
from llmac.bridge.errors import LlmacError

ROWS_PER_BATCH = 256
"""Decisions that are made together at most; bounds the memory for keys and values."""


class Engine:
    """A Backend over a Hugging Face causal language model.

    Args:
        model: in evaluation mode, on its device.
        vocabulary: of the model.
        instruction: text that every prompt of the role begins with.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, instruction: str) -> None:
        # More threads than one are slower for small models, and fight with the cell's processes for the cores.
        torch.set_num_threads(1)
        self._model = model
        self._vocabulary = vocabulary
        self._instruction = vocabulary.encode([instruction])[0]
        self.weights_changed()

    @torch.inference_mode()
    def weights_changed(self) -> None:
        """Read the instruction again; to be called after every change of the model's weights."""
        cache = DynamicCache(config=self._model.config)
        tokens = torch.tensor([self._instruction], device=self._model.device)
        self._model.base_model(input_ids=tokens, past_key_values=cache, use_cache=True)
        layers: list[Any] = cache.layers
        self._prefix: list[tuple[torch.Tensor, torch.Tensor]] = [(layer.keys, layer.values) for layer in layers]

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """See Backend.

        Raises:
            LlmacError: a prompt is longer than the model's context.
        """
        states = list(dict.fromkeys(request.state for request in requests))
        encoded = dict(zip(states, map(tuple, self._vocabulary.encode(states)), strict=True))
        self._check_length(max(map(len, encoded.values()), default=0))
        said: list[list[int]] = [[] for _ in requests]
        log_prob = np.zeros(len(requests))
        # Prompts of similar length share a batch, so that little of it is padding.
        order = sorted(range(len(requests)), key=lambda i: len(encoded[requests[i].state]))
        for first in range(0, len(order), ROWS_PER_BATCH):
            members = order[first : first + ROWS_PER_BATCH]
            self._decide_batch(members, [encoded[r.state] for r in requests], requests, said, log_prob, draw)
        return [
            Reply(self._vocabulary.decode(tokens).strip(), tuple(tokens), float(lp))
            for tokens, lp in zip(said, log_prob, strict=True)
        ]

    @torch.inference_mode()
    def _decide_batch(
        self,
        members: list[int],
        prompts: list[tuple[int, ...]],
        requests: Sequence[Request],
        said: list[list[int]],
        log_prob: NDArray[np.float64],
        draw: Draw | None,
    ) -> None:
        """Make the decisions of `members`; `said` and `log_prob` of theirs are filled in."""
        guides = {i: requests[i].guide for i in members}
        segments: dict[int, Hashable] = {}
        for i in members:
            said[i] = _forced(guides[i])
            segments[i] = (*prompts[i], *said[i])
        members = [i for i in members if guides[i].allowed.size]
        rows, row = _distinct([cast("tuple[int, ...]", segments[i]) for i in members])
        batch = _Batch(self._model, self._prefix, len(rows))
        step = 0
        while members:
            hidden = batch.feed(rows)
            allowed = [guides[i].allowed for i in members]
            uniforms = None if draw is None else draw(np.array(members), step)
            chosen, chosen_log_prob = self._choose(hidden, row, allowed, uniforms)
            log_prob[members] += chosen_log_prob
            step += 1

            open_members: list[int] = []
            continued: list[tuple[int, tuple[int, ...]]] = []
            for i, parent, token in zip(members, row.tolist(), chosen.tolist(), strict=True):
                guides[i].advance(token)
                segment = (token, *_forced(guides[i]))
                said[i] += segment
                if guides[i].allowed.size:
                    open_members.append(i)
                    continued.append((parent, segment))
            members = open_members
            distinct, row = _distinct(continued)
            batch.select([parent for parent, _ in distinct])
            rows = [segment for _, segment in distinct]

    def _choose(
        self,
        hidden: torch.Tensor,
        row: NDArray[np.int64],
        allowed: list[NDArray[np.int64]],
        uniforms: NDArray[np.float64] | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Choose a token for each decision.

        Args:
            hidden: [rows, width] last hidden state of each row.
            row: [d] row of each decision.
            allowed: [d] tokens that each may choose from.
            uniforms: [d] numbers in [0, 1) to choose by; None takes the most probable.

        Returns:
            [d] the tokens and [d] their log-probabilities among the allowed ones.
        """
        sizes = np.array([tokens.size for tokens in allowed])
        flat = np.concatenate(allowed)
        union, column = np.unique(flat, return_inverse=True)
        head: Any = self._model.get_output_embeddings()
        logits = (hidden @ head.weight[torch.from_numpy(union).to(hidden.device)].T).float().cpu().numpy()
        options = np.arange(sizes.max()) < sizes[:, None]
        padded = np.full(options.shape, -np.inf)
        padded[options] = logits[np.repeat(row, sizes), column]
        peak = padded.max(axis=1, keepdims=True)
        log_probs = padded - peak - np.log(np.exp(padded - peak).sum(axis=1, keepdims=True))
        if uniforms is None:
            choice = log_probs.argmax(axis=1)
        else:
            beyond = np.exp(log_probs).cumsum(axis=1) <= uniforms[:, None]
            choice = np.minimum(beyond.sum(axis=1), sizes - 1)
        starts = np.cumsum(sizes) - sizes
        return flat[starts + choice], log_probs[np.arange(len(choice)), choice]

    def _check_length(self, longest: int) -> None:
        context = self._model.config.max_position_embeddings
        # As much again may be said.
        tokens = len(self._instruction) + longest
        if tokens + longest > context:
            raise LlmacError(f"a prompt of {tokens} tokens is too long for the model's context of {context} tokens")


class _Batch:
    """Keys and values of the rows that are being decided.

    Every row occupies the same slots; what is padding in a row is masked out, and positions count real tokens only.
    """

    def __init__(self, model: PreTrainedModel, prefix: list[tuple[torch.Tensor, torch.Tensor]], rows: int) -> None:
        self._model = model
        self._cache = DynamicCache(
            [(k.expand(rows, -1, -1, -1), v.expand(rows, -1, -1, -1)) for k, v in prefix], config=model.config
        )
        self._real = torch.ones(rows, prefix[0][0].shape[2], dtype=torch.bool, device=model.device)

    def feed(self, segments: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Append tokens to each row; returns the hidden state after the last one, [rows, width]."""
        lengths = torch.tensor([len(segment) for segment in segments])
        longest = int(lengths.max())
        tokens = torch.tensor([segment + (0,) * (longest - len(segment)) for segment in segments])
        real = torch.arange(longest) < lengths[:, None]
        positions = self._real.sum(dim=1, keepdim=True) + torch.arange(longest, device=self._real.device)
        self._real = torch.cat([self._real, real.to(self._real.device)], dim=1)
        hidden = self._model.base_model(
            input_ids=tokens.to(self._real.device),
            attention_mask=self._real,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state
        return hidden[torch.arange(len(segments)), lengths - 1]

    def select(self, rows: list[int]) -> None:
        """Go on with these rows, in this order; a row may come more than once."""
        index = torch.tensor(rows, dtype=torch.long, device=self._real.device)
        self._cache.batch_select_indices(index)
        self._real = self._real[index]


_Key = TypeVar("_Key", bound=Hashable)


def _distinct(keys: Sequence[_Key]) -> tuple[list[_Key], NDArray[np.int64]]:
    """The different keys, and for each key its index among them."""
    index: dict[_Key, int] = {}
    places = np.array([index.setdefault(key, len(index)) for key in keys], dtype=np.int64)
    return list(index), places


def _forced(guide: Guide) -> list[int]:
    """Say what the guide leaves no choice about."""
    return list(_forced_tokens(guide))


def _forced_tokens(guide: Guide) -> Iterator[int]:
    while guide.allowed.size == 1:
        token = int(guide.allowed[0])
        guide.advance(token)
        yield token
