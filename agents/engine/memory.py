# SPDX-License-Identifier: MIT
"""What a model has said about prompts before: identical prompts have identical distributions.

The UEs of a cell meet the same few observations again and again, within a TTI and from one to the next. What the model
thinks of them stays true until its weights change, so it is kept. When there is too much of it all is forgotten: what
recurs is soon met again.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmac.agents.engine.sentence import Options

NODES = 2**16
"""That are kept from one decision to the next at most; a node takes about a kilobyte."""

_TOKENS_PER_NODE = 40
"""Whose options take a kilobyte."""


class Node:
    """A prompt and the words said since.

    Attributes:
        options: what can be said next, by the bytes of the allowed tokens.
        following: nodes that were reached from here, by the tokens said in between.
    """

    __slots__ = ("following", "options")

    def __init__(self) -> None:
        self.options: dict[bytes, Options] = {}
        self.following: dict[tuple[int, ...], Node] = {}


class Memory:
    """Nodes of the prompts that were met since the last change of the weights, as far as they fit."""

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        """Number of nodes."""
        return self._nodes

    def clear(self) -> None:
        """Forget everything."""
        self._prompts: dict[str, Node] = {}
        self._nodes = 0

    def grow(self, tokens: int) -> None:
        """Count options over that many tokens: without the grammar they are the whole vocabulary."""
        self._nodes += tokens // _TOKENS_PER_NODE

    def make_room(self) -> None:
        """Forget everything if there is too much; to be called between decisions."""
        if self._nodes > NODES:
            self.clear()

    def of(self, state: str) -> Node:
        """The node of a prompt."""
        node = self._prompts.get(state)
        if node is None:
            node = self._prompts[state] = self._new()
        return node

    def after(self, node: Node, tokens: tuple[int, ...]) -> Node:
        """The node that `tokens` lead to."""
        if not tokens:
            return node
        following = node.following.get(tokens)
        if following is None:
            following = node.following[tokens] = self._new()
        return following

    def _new(self) -> Node:
        self._nodes += 1
        return Node()
