# SPDX-License-Identifier: MIT
"""The project's engine: all decisions of a phase in a few batched calls of one causal language model.

What is saved, compared with generating each sentence alone:
- what was asked before, in this phase or an earlier one, is not asked again (memory.py);
- what prompts begin with, the role's instruction among it, is read once (reading.py);
- a sentence that is guessed right takes one call (draft.py);
- tokens that the guide forces are read along with the next choice, so that they cost no call of their own;
- logits are computed for allowed tokens only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from transformers import PreTrainedModel

from llmac.agents.engine.backend import Choice, Draw, Reply, Request
from llmac.agents.engine.decoder import LARGEST, Decoder
from llmac.agents.engine.draft import Draft
from llmac.agents.engine.memory import Memory
from llmac.agents.engine.reading import Text, Tree
from llmac.agents.engine.sentence import Chance, Choices, Node
from llmac.agents.engine.suitable import refuse_unsuitable
from llmac.agents.engine.trunk import HuggingFaceTrunk, Trunk
from llmac.agents.language.phrases import Vocabulary
from llmac.agents.models.context import check_length

KEY_VALUE_BYTES = 2**28
"""Bound of the memory for keys and values; what does not fit at once is decided in several batches."""

PROMPTS = 2**12
"""Whose tokens are kept; when there are more, all are forgotten: what recurs is soon met again."""


class Engine:
    """A Backend over a Hugging Face causal language model.

    Args:
        model: in evaluation mode, on its device.
        vocabulary: of the model.
        instruction: text that every prompt of the role begins with.
        after: text that every prompt ends with, after the state.

    Attributes:
        memory: of what was asked since the last change of the weights.
        draft: guesses what will be said.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, instruction: str, after: str = "") -> None:
        if model.num_parameters() < LARGEST:
            # More threads make small models slower, and fight with the cell's processes for the cores.
            torch.set_num_threads(1)
        self._model = model
        self._vocabulary = vocabulary
        self._instruction = vocabulary.encode([instruction])[0]
        self._known = np.arange(len(self._instruction))
        self._after = after
        self.memory = Memory()
        self.draft = Draft(vocabulary.texts)
        self._prompts: dict[str, list[int]] = {}
        self._suitable = False
        self._trunk: Trunk | None = None

    def weights_changed(self) -> None:
        """See Backend."""
        self._trunk = None
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
        phase = _Phase(requests, [self.memory.beginning(request) for request in requests], Chance(draw, len(requests)))
        unknown = phase.go_on(range(len(requests)))
        if unknown:
            states = list(dict.fromkeys([requests[i].state for i in unknown]))
            phase.prompts.update(zip(states, self._encode(states), strict=True))
            for members in self._batches(phase, unknown):
                self._decide_batch(phase, members)
        return [node.reply(self._vocabulary) for node in phase.nodes]

    def _batches(self, phase: "_Phase", members: Sequence[int]) -> Iterator[list[int]]:
        """Batches of members whose keys and values have a bounded size."""
        room = KEY_VALUE_BYTES // self._calls().bytes_per_slot - len(self._instruction)
        batch: list[int] = []
        tokens = 0
        for i in members:
            # As much again may be said.
            more = 2 * (len(phase.prompts[phase.requests[i].state]) + len(phase.nodes[i].tokens))
            if batch and tokens + more > room:
                yield batch
                batch, tokens = [], 0
            batch.append(i)
            tokens += more
        yield batch

    def _decide_batch(self, phase: "_Phase", members: Sequence[int]) -> None:
        """Complete the sentences of `members`."""
        trunk = self._calls()
        said = {phase.requests[i].state: i for i in members}
        start = len(self._instruction)
        asked: dict[Choice, _Asked] = {}
        unguessed: set[str] = set()
        # As far as an earlier batch has come: what is not known yet, nothing is known beyond.
        members = phase.go_on(members)
        while members:
            waiting = {phase.nodes[i]: phase.requests[i].state for i in members}
            questions = [self._question(phase.prompts[state], state, node, asked) for node, state in waiting.items()]
            tree = Tree([question.text for question in questions], start)
            start = tree.end
            hidden = [trunk.read(reading) for reading in tree.readings(trunk.most)]
            choices = Choices(list(chain.from_iterable([question.nodes for question in questions])))
            choices.let_know(
                trunk.logits(
                    torch.cat(hidden) if len(hidden) > 1 else hidden[0], tree.answers, choices.tokens, choices.ends
                )
            )
            self.memory.grow(choices)
            for number, question in enumerate(questions):
                if choice := question.nodes[0].choice:
                    asked[choice] = _Asked(tree, number, question.before)
            members = phase.go_on(members)
            unguessed.update([phase.requests[i].state for i in members])
        for state, i in said.items():
            tokens = phase.nodes[i].tokens
            self.draft.learn(state, phase.prompts[state], tokens, guessed=state not in unguessed)

    def _question(self, prompt: list[int], state: str, node: Node, asked: Mapping[Choice, "_Asked"]) -> "_Question":
        """What is to be read for a sentence to go on from a choice, and the choices that are asked about."""
        # Without the grammar each choice is of the whole vocabulary: too much for a guess.
        free = node.guide.allowed.size == self._vocabulary.size
        nodes = [node] if free else [node, *self.draft.guess(state, prompt, node)]
        said = nodes[-1].tokens
        # It goes on from a choice that was asked about, with the one from which that was guessed.
        place = next((asked[choice] for choice in reversed(node.choices) if choice in asked), None)
        if place:
            left = node.choices[-1].position
            known, new = place.tree.path(place.number, place.before + left - 1), said[left:]
            before = -left
        else:
            known, new, before = self._known, [*prompt, *said], len(prompt)
        return _Question(Text(known, new, [before + len(n.tokens) - 1 for n in nodes]), nodes, before)

    def _encode(self, states: Sequence[str]) -> list[list[int]]:
        """Tokens of each state and of what follows it; refused where they are too many for the model."""
        known = self._prompts
        if len(known) > PROMPTS:
            known.clear()
        new = [state for state in states if state not in known]
        known.update(zip(new, self._vocabulary.encode([state + self._after for state in new]), strict=True))
        prompts = [known[state] for state in states]
        check_length(self._model.config, len(self._instruction), max(map(len, prompts), default=0))
        return prompts

    def _calls(self) -> Trunk:
        """What calls the model, with its weights as they are; it has read the instruction."""
        if self._trunk is None:
            self._trunk = Decoder(self._model) if Decoder.can_run(self._model) else HuggingFaceTrunk(self._model)
            nothing = np.empty(0, dtype=np.int64)
            instruction = Text(nothing, self._instruction, [len(self._instruction) - 1])
            for reading in Tree([instruction], 0).readings(self._trunk.most):
                self._trunk.read(reading)
        return self._trunk


class _Question(NamedTuple):
    """What is read for a sentence to go on.

    Attributes:
        text: to be read.
        nodes: choices that are asked about.
        before: new tokens of the text before those of its sentence; less than none where some of these are known.
    """

    text: Text
    nodes: list[Node]
    before: int


class _Asked(NamedTuple):
    """Where a question was read.

    Attributes:
        tree: with its text.
        number: of the text in the tree.
        before: see _Question.
    """

    tree: Tree
    number: int
    before: int


@dataclass(frozen=True, slots=True)
class _Phase:
    """What is decided together.

    Attributes:
        requests: all of them.
        nodes: [requests] where the sentence of each is.
        chance: of the choices.
        prompts: tokens by state, of those that have to be read.
    """

    requests: Sequence[Request]
    nodes: list[Node]
    chance: Chance
    prompts: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def go_on(self, members: Iterable[int]) -> list[int]:
        """Go on with the sentences of `members` as far as choices are known; returns those that are not complete."""
        nodes, chance = self.nodes, self.chance
        # Without chance, what begins alike goes on alike.
        alike: dict[Node, Node] = {}
        for i in members:
            node = first = nodes[i]
            if first in alike:
                nodes[i] = alike[first]
                continue
            while choice := node.choice:
                node = node.go_on(choice, chance.of(i, len(node.choices)))
            nodes[i] = node
            if not chance:
                alike[first] = node
        return [i for i in members if not nodes[i].complete]
