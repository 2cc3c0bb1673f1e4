# SPDX-License-Identifier: MIT
"""The project's engine: all decisions of a phase in a few batched calls of one causal language model.

What is saved, compared with generating each sentence alone:
- the role's instruction is read once per set of weights; its keys and values serve every prompt;
- what was asked before, in this phase or an earlier one, is not asked again (memory.py);
- decisions with the same state and the same words so far are one row of the batch;
- tokens that the guide forces are fed along with the next choice, so that they cost no call of their own;
- logits are computed for allowed tokens only.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.engine.backend import Draw, Reply, Request
from llmac.agents.engine.decoder import LARGEST, Decoder
from llmac.agents.engine.memory import Memory, Node
from llmac.agents.engine.rows import Rows
from llmac.agents.engine.sentence import Sentence, options_of, uniforms
from llmac.agents.engine.trunk import HuggingFaceTrunk, Trunk
from llmac.agents.language.phrases import Vocabulary
from llmac.agents.models.context import check_length

KEY_VALUE_BYTES = 2**28
"""Bound of the memory for keys and values; what does not fit at once is decided in several batches."""

_PREFIXES = 64
"""Common beginnings whose keys and values are kept."""


class Engine:
    """A Backend over a Hugging Face causal language model.

    Args:
        model: in evaluation mode, on its device.
        vocabulary: of the model.
        instruction: text that every prompt of the role begins with.
        after: text that every prompt ends with, after the state.

    Attributes:
        memory: of what was asked since the last change of the weights.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, instruction: str, after: str = "") -> None:
        if model.num_parameters() < LARGEST:
            # More threads make small models slower, and fight with the cell's processes for the cores.
            torch.set_num_threads(1)
        self._model = model
        self._vocabulary = vocabulary
        self._instruction = vocabulary.encode([instruction])[0]
        self._after = after
        self.memory = Memory()
        self._trunk: Trunk | None = None
        self._prefixes: dict[tuple[int, ...], torch.Tensor] = {}

    def weights_changed(self) -> None:
        """See Backend."""
        self._trunk = None
        self._prefixes.clear()
        self.memory.clear()

    def check(self, states: Sequence[str]) -> None:
        """See Backend."""
        self._encode(states)

    @torch.inference_mode()
    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """See Backend."""
        self.memory.make_room()
        sentences = [Sentence(request.guide) for request in requests]
        nodes = [
            self.memory.after(self.memory.of(request.state), sentence.forced())
            for request, sentence in zip(requests, sentences, strict=True)
        ]
        unknown = self._recall(sentences, nodes, draw)
        for members, segments in self._batches(unknown, requests, sentences):
            self._decide_batch(members, segments, sentences, nodes, draw)
        return [sentence.reply(self._vocabulary.decode(sentence.tokens)) for sentence in sentences]

    def _recall(self, sentences: Sequence[Sentence], nodes: list[Node], draw: Draw | None) -> list[int]:
        """Go on with each sentence as far as memory goes; returns those that it does not complete."""
        unknown: list[int] = []
        known = [i for i, sentence in enumerate(sentences) if sentence.open]
        while known:
            still: list[int] = []
            for i, uniform in zip(known, uniforms(draw, known, sentences), strict=True):
                sentence = sentences[i]
                options = nodes[i].options.get(sentence.allowed.tobytes())
                if options is None:
                    unknown.append(i)
                    continue
                nodes[i] = self.memory.after(nodes[i], sentence.choose(options, uniform))
                if sentence.open:
                    still.append(i)
            known = still
        return unknown

    def _batches(
        self, members: Sequence[int], requests: Sequence[Request], sentences: Sequence[Sentence]
    ) -> Iterator[tuple[list[int], list[tuple[int, ...]]]]:
        """Batches of requests, with the prompt and the words so far of each, of similar length and bounded memory."""
        if not members:
            return
        states = list(dict.fromkeys(requests[i].state for i in members))
        prompts = dict(zip(states, self._encode(states), strict=True))
        segments = {i: (*prompts[requests[i].state], *sentences[i].tokens) for i in members}
        order = sorted(members, key=lambda i: len(segments[i]), reverse=True)
        bytes_per_token = self._prefix(()).nbytes // len(self._instruction)
        while order:
            longest = len(segments[order[0]])
            # As much again may be said.
            tokens = len(self._instruction) + 2 * longest
            most = max(1, KEY_VALUE_BYTES // (tokens * bytes_per_token))
            # Half of a row may be padding: a call costs more than that.
            batch = [i for i in order[:most] if 2 * len(segments[i]) >= longest]
            order = order[len(batch) :]
            yield batch, [segments[i] for i in batch]

    def _decide_batch(
        self,
        members: list[int],
        segments: list[tuple[int, ...]],
        sentences: Sequence[Sentence],
        nodes: list[Node],
        draw: Draw | None,
    ) -> None:
        """Complete the sentences of `members`, which go on from `nodes`."""
        # Members at the same node are one row. What all rows begin with is computed once.
        row_of = {nodes[i]: segment for i, segment in zip(members, segments, strict=True)}
        shared = _common(list(row_of.values()))
        rows = Rows(self._prefix(shared), len(row_of), max(map(len, segments)) - len(shared))
        new = [segment[len(shared) :] for segment in row_of.values()]
        row = {node: index for index, node in enumerate(row_of)}
        while members:
            hidden = self._calls().last_hidden(rows, rows.place(new))
            self._ask(hidden, [(row[nodes[i]], nodes[i], sentences[i].allowed) for i in members])
            reached: dict[Node, tuple[int, tuple[int, ...]]] = {}
            still: list[int] = []
            for i, uniform in zip(members, uniforms(draw, members, sentences), strict=True):
                sentence, node = sentences[i], nodes[i]
                said = sentence.choose(node.options[sentence.allowed.tobytes()], uniform)
                if sentence.open:
                    nodes[i] = self.memory.after(node, said)
                    reached[nodes[i]] = (row[node], said)
                    still.append(i)
            members = still
            if members:
                rows.select([parent for parent, _ in reached.values()])
                new = [said for _, said in reached.values()]
                row = {node: index for index, node in enumerate(reached)}

    def _ask(self, hidden: torch.Tensor, points: Sequence[tuple[int, Node, Any]]) -> None:
        """Let nodes know what can be said next.

        Args:
            hidden: [rows, width] last hidden states.
            points: row, node and allowed tokens of each decision.
        """
        # Most points share their allowed tokens with others.
        asked: dict[bytes, tuple[Any, dict[Node, int]]] = {}
        for row, node, allowed in points:
            asked.setdefault(allowed.tobytes(), (allowed, {}))[1][node] = row
        groups = [tokens for tokens, _ in asked.values()]
        union = np.unique(np.concatenate(groups))
        head: Any = self._model.get_output_embeddings()
        index = torch.from_numpy(union).to(hidden.device)
        bias = None if head.bias is None else head.bias[index]
        logits = functional.linear(hidden, head.weight[index], bias).float().cpu().numpy()
        for key, (tokens, rows) in asked.items():
            of_group = logits[np.array(list(rows.values()))[:, None], union.searchsorted(tokens)]
            for node, options in zip(rows, options_of(of_group, tokens), strict=True):
                node.options[key] = options
                self.memory.grow(tokens.size)

    def _encode(self, states: Sequence[str]) -> list[list[int]]:
        """Tokens of each state and of what follows it; refused where they are too many for the model."""
        prompts = self._vocabulary.encode([state + self._after for state in states])
        check_length(self._model.config, len(self._instruction), max(map(len, prompts), default=0))
        return prompts

    def _prefix(self, shared: tuple[int, ...]) -> torch.Tensor:
        """Keys and values of the instruction and what follows it in all prompts of a batch."""
        if shared not in self._prefixes:
            if len(self._prefixes) >= _PREFIXES:
                self._prefixes.clear()
            self._prefixes[shared] = self._calls().prefix([*self._instruction, *shared])
        return self._prefixes[shared]

    def _calls(self) -> Trunk:
        """What calls the model, with its weights as they are."""
        if self._trunk is None:
            self._trunk = Decoder(self._model) if Decoder.can_run(self._model) else HuggingFaceTrunk(self._model)
        return self._trunk


def _common(segments: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Tokens that all segments begin with and that are not the whole of any."""
    least, most = min(segments), max(segments)
    shortest = min(map(len, segments)) - 1
    same = next((i for i in range(shortest) if least[i] != most[i]), shortest)
    return least[:same]
