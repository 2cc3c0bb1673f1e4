# SPDX-License-Identifier: MIT
"""What a model is asked about a sentence: what could come next, and after that, if a guess of it is right.

A guess is checked as in speculative decoding (Leviathan et al., ICML 2023), but walks along the model's own
distributions: at every point the draw chooses from what the model says there, and where it chooses something else than
the guess, what was asked beyond is not used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.memory import Memory, Node
from llmac.agents.engine.sentence import Sentence


@dataclass(slots=True)
class Question:
    """What a row of a batch reads, and the points at which the model is asked what could come next.

    Attributes:
        tokens: to be read.
        known: how many of them are no guess.
        at: index of the token before each point.
        points: node and allowed tokens of each.
    """

    tokens: list[int]
    known: int
    at: list[int]
    points: list[tuple[Node, NDArray[np.int64]]]

    def right(self, said: Sequence[int]) -> int:
        """How many guessed tokens stand when this was said; never all that was, so that something is left to read."""
        guessed = self.tokens[self.known :]
        most = min(len(said) - 1, len(guessed))
        return next((i for i in range(most) if said[i] != guessed[i]), most)


def ask(memory: Memory, node: Node, sentence: Sentence, unread: list[int], guess: Sequence[int]) -> Question:
    """A question about an open sentence.

    Args:
        memory: where the answers belong.
        node: where the sentence is.
        sentence: is left as it is.
        unread: tokens before the point where it is, at least one.
        guess: the tokens of a whole sentence, or none.
    """
    question = Question(list(unread), len(unread), [len(unread) - 1], [(node, sentence.allowed)])
    said = len(sentence.tokens)
    if list(guess[:said]) != sentence.tokens:
        return question
    guide = sentence.guide()
    while said < len(guess) and guess[said] in guide.allowed:
        token = guess[said]
        guide.advance(token)
        if not guide.allowed.size:
            break
        words = (token, *guide.forced)
        said += len(words)
        node = memory.after(node, words)
        question.tokens += words
        question.at.append(len(question.tokens) - 1)
        question.points.append((node, guide.allowed))
    return question
