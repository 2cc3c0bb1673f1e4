# SPDX-License-Identifier: MIT
"""The project's engine: all decisions of a phase in a few batched calls of one causal language model.

What is saved, compared with generating each sentence alone:
- the role's instruction is read once per set of weights; its keys and values serve every prompt;
- what was asked before, in this phase or an earlier one, is not asked again (memory.py);
- decisions with the same state and the same words so far are one row of the batch;
- tokens that the guide forces are fed along with the next choice, so that they cost no call of their own;
- a sentence that is guessed right takes one call (habits.py, questions.py);
- logits are computed for allowed tokens only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedModel

from llmac.agents.engine.backend import Draw, Reply, Request
from llmac.agents.engine.decoder import LARGEST, Decoder
from llmac.agents.engine.habits import Habits
from llmac.agents.engine.memory import Memory, Node
from llmac.agents.engine.questions import Question, ask
from llmac.agents.engine.rows import Rows
from llmac.agents.engine.sentence import Sentence, options_of, uniforms
from llmac.agents.engine.suitable import refuse_unsuitable
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
        habits: guess what will be said.
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
        self.habits = Habits()
        self._suitable = False
        self._trunk: Trunk | None = None
        self._prefixes: dict[tuple[int, ...], torch.Tensor] = {}

    def weights_changed(self) -> None:
        """See Backend."""
        self._trunk = None
        self._prefixes.clear()
        self.memory.clear()

    def check(self, states: Sequence[str]) -> None:
        """See Backend.

        Raises:
            LlmacError: also if it is not a model for the engine.
        """
        if not self._suitable:
            refuse_unsuitable(self._model, self._instruction)
            self._suitable = True
        self._encode(states)

    @torch.inference_mode()
    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        """See Backend."""
        self.memory.make_room()
        sentences = [Sentence(request.guide) for request in requests]
        nodes = [
            self.memory.after(self.memory.of(request.state), tuple(sentence.tokens))
            for request, sentence in zip(requests, sentences, strict=True)
        ]
        phase = _Phase(requests, sentences, nodes, draw)
        unknown = self._go_on(phase, [i for i, sentence in enumerate(sentences) if sentence.allowed.size])
        for members in self._batches(phase, unknown):
            self._decide_batch(phase, members)
        replies = [sentence.reply(self._vocabulary.decode(sentence.tokens)) for sentence in sentences]
        for state, said in {requests[i].state: replies[i].sentence for i in unknown}.items():
            self.habits.learn(state, said)
        return replies

    def _go_on(self, phase: "_Phase", members: Sequence[int]) -> list[int]:
        """Go on with the open sentences of `members` as far as memory goes; returns those that it does not complete."""
        unknown: list[int] = []
        while members:
            still: list[int] = []
            for i, uniform in zip(members, uniforms(phase.draw, members, phase.sentences), strict=True):
                sentence, node = phase.sentences[i], phase.nodes[i]
                options = node.options.get(sentence.allowed.tobytes())
                if options is None:
                    unknown.append(i)
                    continue
                phase.nodes[i] = self.memory.after(node, sentence.choose(options, uniform))
                if sentence.allowed.size:
                    still.append(i)
            members = still
        return unknown

    def _batches(self, phase: "_Phase", members: Sequence[int]) -> Iterator[list[int]]:
        """Batches of members whose prompts have similar lengths, and of bounded memory."""
        if not members:
            return
        states = list(dict.fromkeys(phase.requests[i].state for i in members))
        phase.prompts.update(zip(states, self._encode(states), strict=True))
        guesses = {state: f" {guess}" for state in states if (guess := self.habits.guess(state))}
        phase.guesses.update(zip(guesses, self._vocabulary.encode(list(guesses.values())), strict=True))
        length = {i: len(phase.unread(i)) for i in members}
        order = sorted(members, key=length.__getitem__, reverse=True)
        bytes_per_token = self._prefix(()).nbytes // len(self._instruction)
        while order:
            longest = length[order[0]]
            # As much again may be said.
            tokens = len(self._instruction) + 2 * longest
            most = max(1, KEY_VALUE_BYTES // (tokens * bytes_per_token))
            # Half of a row may be padding: a call costs more than that.
            batch = [i for i in order[:most] if 2 * length[i] >= longest]
            order = order[len(batch) :]
            yield batch

    def _decide_batch(self, phase: "_Phase", members: list[int]) -> None:
        """Complete the sentences of `members`."""
        # What all rows begin with is computed once.
        shared = _common([phase.unread(i) for i in members])
        questions: dict[_Point, Question] = {}
        for i in members:
            # Members at the same point are one row.
            if phase.point(i) not in questions:
                questions[phase.point(i)] = self._question(phase, i, phase.unread(i)[len(shared) :])
        rows = Rows(self._prefix(shared), len(questions), max(len(q.tokens) for q in questions.values()))
        while True:
            asked = list(questions.values())
            feed = rows.place([question.tokens for question in asked], [question.at for question in asked])
            self._answer(asked, self._calls().hidden(rows, feed))
            number = {point: row for row, point in enumerate(questions)}
            before = {i: (number[phase.point(i)], len(phase.sentences[i].tokens)) for i in members}
            members = self._go_on(phase, members)
            if not members:
                return
            parents: list[int] = []
            kept: list[int] = []
            questions = {}
            for i in members:
                if phase.point(i) in questions:
                    continue
                row, length = before[i]
                said = phase.sentences[i].tokens[length:]
                right = asked[row].right(said)
                questions[phase.point(i)] = self._question(phase, i, said[right:])
                parents.append(row)
                kept.append(asked[row].known + right)
            rows.select(parents, kept)

    def _question(self, phase: "_Phase", i: int, unread: list[int]) -> Question:
        sentence = phase.sentences[i]
        # Without the grammar each point takes the whole vocabulary: too much for a guess.
        free = sentence.allowed.size == self._vocabulary.size
        guess = [] if free else phase.guesses.get(phase.requests[i].state, [])
        return ask(self.memory, phase.nodes[i], sentence, unread, guess)

    def _answer(self, questions: Sequence[Question], hidden: torch.Tensor) -> None:
        """Let memory know what can be said next.

        Args:
            questions: of all rows.
            hidden: [rows, most, width] hidden states before the points of each.
        """
        points = [point for question in questions for point in question.points]
        counts = np.array([len(question.points) for question in questions])
        row = np.arange(len(questions)).repeat(counts)
        place = np.arange(len(points)) - (counts.cumsum() - counts).repeat(counts)
        allowed = [tokens for _, tokens in points]
        said = np.concatenate(allowed)
        union = np.unique(said)
        row, place, index = (torch.from_numpy(array).to(hidden.device) for array in (row, place, union))
        head: Any = self._model.get_output_embeddings()
        bias = None if head.bias is None else head.bias[index]
        logits = functional.linear(hidden[row, place], head.weight[index], bias).float().cpu().numpy()
        of_point = np.arange(len(points)).repeat([tokens.size for tokens in allowed])
        options = options_of(logits[of_point, union.searchsorted(said)], allowed)
        for (node, tokens), option in zip(points, options, strict=True):
            node.options[tokens.tobytes()] = option
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


def _common(segments: list[list[int]]) -> tuple[int, ...]:
    """Tokens that all segments begin with and that are not the whole of any."""
    least, most = min(segments), max(segments)
    shortest = min(map(len, segments)) - 1
    same = next((i for i in range(shortest) if least[i] != most[i]), shortest)
    return tuple(least[:same])


_Point = tuple[Node, bytes]
"""A prompt and the words said since, and the tokens that are allowed there."""


@dataclass(frozen=True, slots=True)
class _Phase:
    """What is decided together.

    Attributes:
        requests: all of them.
        sentences: [requests] as far as they are.
        nodes: [requests] where in memory they are.
        draw: see Backend.decide.
        prompts: tokens by state.
        guesses: tokens of the sentence that is guessed, by state.
    """

    requests: Sequence[Request]
    sentences: Sequence[Sentence]
    nodes: list[Node]
    draw: Draw | None
    prompts: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    guesses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def point(self, i: int) -> _Point:
        """Where a sentence is."""
        return self.nodes[i], self.sentences[i].allowed.tobytes()

    def unread(self, i: int) -> list[int]:
        """Prompt of a request, after the instruction, and the words so far."""
        return [*self.prompts[self.requests[i].state], *self.sentences[i].tokens]
