# SPDX-License-Identifier: MIT
"""What a model has said about prompts before: identical prompts have identical distributions.

The UEs of a cell meet the same few observations again and again, within a TTI and from one to the next. What the model
thinks of them stays true until its weights change, so it is kept. When there is too much of it all is forgotten: what
recurs is soon met again.
"""

from llmac.agents.engine.backend import Request
from llmac.agents.engine.sentence import Choices, Node

NODES = 2**16
"""That are kept from one decision to the next at most; a node takes about a kilobyte."""

_TOKENS_PER_NODE = 40
"""Whose log-probabilities take a kilobyte."""


class Memory:
    """Beginnings of sentences, by the prompt and what may be said, since the last change of the weights."""

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        """Number of nodes."""
        return self._nodes

    def clear(self) -> None:
        """Forget everything."""
        # By the state; mostly with one guide.
        self._beginnings: dict[str, list[Node]] = {}
        self._nodes = 0

    def grow(self, choices: Choices) -> None:
        """Count choices that became known; without the grammar they are over the whole vocabulary."""
        self._nodes += len(choices.nodes) + len(choices.tokens) // _TOKENS_PER_NODE

    def make_room(self) -> None:
        """Forget everything if there is too much; to be called between decisions."""
        if self._nodes > NODES:
            self.clear()

    def beginning(self, request: Request) -> Node:
        """Where the answer to a request begins."""
        guide = request.guide
        known = self._beginnings.setdefault(request.state, [])
        for node in known:
            if node.guide is guide or node.guide == guide:
                return node
        self._nodes += 1
        known.append(Node(guide))
        return known[-1]
