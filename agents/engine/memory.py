# SPDX-License-Identifier: MIT
"""What a model has said about prompts before: identical prompts have identical distributions.

The UEs of a cell meet the same few observations again and again, within a TTI and from one to the next. What the model
thinks of them stays true until its weights change, so it is kept. When there is too much of it all is forgotten: what
recurs is soon met again.
"""

from collections.abc import Sequence

from llmac.agents.engine.backend import Guide, Request
from llmac.agents.engine.sentence import Node

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
        self._beginnings: dict[tuple[str, Guide], Node] = {}
        self._nodes = 0

    def grow(self, nodes: Sequence[Node]) -> None:
        """Count nodes whose choices became known; without the grammar they are over the whole vocabulary."""
        self._nodes += len(nodes) + sum([node.guide.allowed.size for node in nodes]) // _TOKENS_PER_NODE

    def make_room(self) -> None:
        """Forget everything if there is too much; to be called between decisions."""
        if self._nodes > NODES:
            self.clear()

    def beginning(self, request: Request) -> Node:
        """Where the answer to a request begins."""
        key = (request.state, request.guide)
        node = self._beginnings.get(key)
        if node is None:
            self._nodes += 1
            node = self._beginnings[key] = Node(request.guide)
        return node
