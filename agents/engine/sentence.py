# SPDX-License-Identifier: MIT
"""Sentences on their way: the places that can be reached, and what a model thinks of the choices there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Choice, Draw, Guide, OfAll, Reply
from llmac.agents.engine.kernels import distributions
from llmac.agents.language.phrases import Vocabulary


class Node:
    """A place in the sentences that can answer a prompt: a choice, or the end.

    It refers to the places after it, and not to those before: what is given up is gone without a search for cycles.

    Attributes:
        guide: what may come next.
        tokens: said so far, with those that the guide forces.
        choice: what the model thinks of this one, when it is known.
        choices: before, where `go_on` came by.
        log_prob: of what was said, likewise.
        entropy: of the choices before, likewise.
    """

    __slots__ = ("_following", "_reply", "choice", "choices", "entropy", "guide", "log_prob", "tokens")

    def __init__(self, guide: Guide, said: tuple[int, ...] = ()) -> None:
        self.guide = guide
        self.tokens = said + guide.forced if guide.forced else said
        self.choice: Choice | None = None
        self._following: dict[int, Node] = {}
        self.choices: tuple[Choice, ...] = ()
        self.log_prob = self.entropy = 0.0
        self._reply: Reply | None = None

    @property
    def complete(self) -> bool:
        """Whether the sentence ends here."""
        return not self.guide.allowed.size

    def after(self, token: int) -> "Node":
        """The place after `token`, one of the allowed."""
        node = self._following.get(token)
        if node is None:
            node = self._following[token] = Node(self.guide.after(token), self.tokens + (token,))  # noqa: RUF005 (takes half the time)
        return node

    def go_on(self, choice: Choice, uniform: float | None) -> "Node":
        """The place after the choice of this one: by a uniform number in [0, 1), else of what is most probable."""
        token, log_prob = (choice.best, choice.best_log_prob) if uniform is None else choice.pick(uniform)
        node = self.after(token)
        if not node.choices:
            node.choices = (*self.choices, choice)
            node.log_prob = self.log_prob + log_prob
            node.entropy = self.entropy + choice.entropy
        return node

    def reply(self, vocabulary: Vocabulary) -> Reply:
        """The decision, where the sentence is complete and was come to by `go_on`."""
        if self._reply is None:
            sentence = vocabulary.decode(self.tokens).strip()
            self._reply = Reply(sentence, self.tokens, self.log_prob, self.entropy, self.choices)
        return self._reply


class Choices:
    """Choices that a model is asked about together.

    Attributes:
        nodes: at least one.
        tokens: [sum of k] the k allowed tokens of each node, one node after the other.
        ends: [nodes] where those of each node end.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        allowed = [node.guide.allowed for node in nodes]
        self.tokens = np.concatenate(allowed)
        self.ends = np.cumsum([tokens.size for tokens in allowed])

    def let_know(self, logits: NDArray[np.float32]) -> None:
        """Tell the nodes what the model thinks of their choices, by the logits of the tokens."""
        log_probs, cumulative, entropy, best = distributions(logits, self.ends)
        of_all = OfAll(self.tokens, log_probs, cumulative)
        columns = [column.tolist() for column in (self.ends, entropy, self.tokens[best], log_probs[best])]
        start = 0
        for node, end, of_choice, token, log_prob in zip(self.nodes, *columns, strict=True):
            node.choice = Choice(len(node.tokens), of_all, start, end, of_choice, token, log_prob)
            start = end


class Chance:
    """Uniform numbers for the choices of some requests, by request and number of the choice.

    Args:
        draw: where they come from; None: there are none.
        requests: how many.
    """

    def __init__(self, draw: Draw | None, requests: int) -> None:
        self._draw = draw
        self._requests = np.arange(requests)
        self._numbers: list[list[float]] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._draw is not None

    def of(self, request: int, choice: int) -> float | None:
        """The number for a choice of a request."""
        if self._draw is None:
            return None
        if choice >= len(self._numbers):
            # For all requests and several choices at once, which costs little more than for one.
            more = np.arange(len(self._numbers), choice + _AT_ONCE)
            drawn = self._draw(np.tile(self._requests, len(more)), more.repeat(len(self._requests)))
            self._numbers += drawn.reshape(len(more), -1).tolist()
        return self._numbers[choice][request]


_AT_ONCE = 4
