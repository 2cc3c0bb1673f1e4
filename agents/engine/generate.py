# SPDX-License-Identifier: MIT
"""The reference backend: `generate` of transformers with a logits processor, one row for each request."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)

from llmac.agents.engine.backend import Draw, Reply, Request
from llmac.agents.engine.sentence import Chance, Choices, Node
from llmac.agents.language.phrases import Vocabulary
from llmac.agents.models.context import check_length, context_length

ROWS = 256
"""Of one call at most."""


class Generate:
    """A Backend over a Hugging Face causal language model; see Engine for the arguments."""

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, instruction: str, after: str = "") -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._instruction = vocabulary.encode([instruction])[0]
        self._after = after

    def weights_changed(self) -> None:
        """See Backend."""

    def check(self, states: Sequence[str]) -> None:
        """See Backend."""
        self._prompts(states)

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """See Backend."""
        prompts = self._prompts([request.state for request in requests])
        chance = Chance(draw, len(requests))
        nodes = [Node(request.guide) for request in requests]
        members = [i for i, node in enumerate(nodes) if not node.complete]
        for first in range(0, len(members), ROWS):
            self._generate(members[first : first + ROWS], prompts, nodes, chance)
        return [node.reply(self._vocabulary) for node in nodes]

    @torch.inference_mode()
    def _generate(
        self, members: Sequence[int], prompts: Sequence[list[int]], nodes: list[Node], chance: Chance
    ) -> None:
        longest = max(len(prompts[i]) for i in members)
        pads = [longest - len(prompts[i]) for i in members]
        end = self._vocabulary.end_of_sentence
        tokens = torch.tensor([[end] * pad + prompts[i] for i, pad in zip(members, pads, strict=True)])
        real = torch.arange(longest) >= torch.tensor(pads)[:, None]
        speaker = _Speaker(members, nodes, chance, longest)
        model: Any = self._model
        model.generate(
            input_ids=tokens.to(model.device),
            attention_mask=real.long().to(model.device),
            generation_config=GenerationConfig(
                do_sample=False,
                max_length=context_length(model.config),
                eos_token_id=None,
                pad_token_id=end,
            ),
            logits_processor=LogitsProcessorList([speaker]),
            stopping_criteria=StoppingCriteriaList([_Finished(speaker)]),
        )

    def _prompts(self, states: Sequence[str]) -> list[list[int]]:
        states_tokens = self._vocabulary.encode([state + self._after for state in states])
        check_length(self._model.config, len(self._instruction), max(map(len, states_tokens), default=0))
        return [[*self._instruction, *tokens] for tokens in states_tokens]


class _Speaker(LogitsProcessor):
    """Chooses the next token of each row, and leaves it as the only one possible."""

    def __init__(self, members: Sequence[int], nodes: list[Node], chance: Chance, prompt: int) -> None:
        self._members = members
        self._nodes = nodes
        self._chance = chance
        self._prompt = prompt

    def said(self, length: int) -> list[bool]:
        """Whether each row's sentence is complete when rows have `length` tokens."""
        number = length - self._prompt
        return [number >= len(node.tokens) and node.complete for node in (self._nodes[i] for i in self._members)]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        number = input_ids.shape[1] - self._prompt
        self._choose([(row, i) for row, i in enumerate(self._members) if len(self._nodes[i].tokens) == number], scores)
        spoken = [self._nodes[i].tokens for i in self._members]
        # The row of a complete sentence goes on with anything until the last one is complete.
        chosen = torch.tensor([tokens[number] if number < len(tokens) else 0 for tokens in spoken])
        only = torch.full_like(scores, -torch.inf)
        only[torch.arange(len(chosen)), chosen] = 0.0
        return only

    def _choose(self, rows: Sequence[tuple[int, int]], scores: torch.Tensor) -> None:
        rows = [(row, i) for row, i in rows if not self._nodes[i].complete]
        if not rows:
            return
        nodes = [self._nodes[i] for _, i in rows]
        choices = Choices(nodes)
        row = np.repeat([row for row, _ in rows], np.diff(choices.ends, prepend=0))
        where = (torch.from_numpy(index).to(scores.device) for index in (row, choices.tokens))
        choices.let_know(scores[tuple(where)].float().cpu().numpy())
        for node, (_, i) in zip(nodes, rows, strict=True):
            if node.choice:
                self._nodes[i] = node.go_on(node.choice, self._chance.of(i, len(node.choices)))


class _Finished(StoppingCriteria):
    """Ends a row when its sentence is complete."""

    def __init__(self, speaker: _Speaker) -> None:
        self._speaker = speaker

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> Any:  # noqa: ARG002
        return torch.tensor(self._speaker.said(input_ids.shape[1]), device=input_ids.device)
