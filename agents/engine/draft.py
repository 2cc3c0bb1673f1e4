# SPDX-License-Identifier: MIT
"""Guesses what will be said, so that the model can be asked about a whole sentence at once.

What was said to a prompt is guessed again. To a new prompt a sentence is put together token by token, from what was
said behind the same words where the prompt read alike: a word, or a number that is copied from the prompt or counts on.
Whatever the template and the policy, a few sentences are enough for guesses that are mostly right. A wrong one costs a
little time and nothing else (speculative decoding, Leviathan et al., ICML 2023): the draw walks along the model's own
distributions, and where it chooses something else, what was asked beyond is not used.
"""

import re
from collections.abc import Sequence
from enum import IntEnum

from llmac.agents.engine.sentence import Node

_MOST = 2**13
"""Prompts and situations that are kept; when there are more, all are forgotten: what recurs is soon met again."""

_NUMBER = re.compile(" ?[0-9]+")
_NO_NUMBER = -1
_NOWHERE = -1


class _From(IntEnum):
    """Where a token comes from, with a number that says more."""

    NEXT = 0
    """One more than the number that was last behind the same word."""
    SAME = 1
    """From the prompt, so many places after what was copied last behind the same word."""
    PROMPT = 2
    """From the prompt, so many places after what was copied last."""
    ITSELF = 3
    """It is this one."""


_Source = tuple[_From, int]


class Draft:
    """What was said before.

    Args:
        texts: of the tokens.

    Attributes:
        values: of tokens that are numbers, -1 of the others.
        numbers: tokens by value.
        sources: how often the next token came from where, by situation, the likeliest first.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.values = [int(text) if _NUMBER.fullmatch(text) else _NO_NUMBER for text in texts]
        self.numbers = {value: token for token, value in enumerate(self.values) if value != _NO_NUMBER}
        self._said: dict[str, tuple[int, ...]] = {}
        self.sources: dict[tuple[int, ...], dict[_Source, float]] = {}

    def guess(self, state: str, prompt: Sequence[int], node: Node) -> list[Node]:
        """The choices that a sentence may come to next, in this order.

        Args:
            state: what the agent is told.
            prompt: its tokens.
            node: where the sentence is, at a choice.
        """
        said = self._said.get(state, ())
        pen = None if said and said[: len(node.tokens)] == node.tokens else _Pen(self, prompt)
        nodes: list[Node] = []
        while True:
            allowed = node.guide.allowed.tolist()
            if pen is None:
                token = said[len(node.tokens)] if len(node.tokens) < len(said) else -1
            else:
                pen.follow(node.tokens)
                token = pen.next(allowed)
            if token not in allowed:
                return nodes
            node = node.after(token)
            if node.complete:
                return nodes
            nodes.append(node)

    def learn(self, state: str, prompt: Sequence[int], tokens: tuple[int, ...], *, guessed: bool) -> None:
        """Take note of a sentence, and if it was not guessed, of how it could have been."""
        if max(len(self._said), len(self.sources)) >= _MOST:
            self._said.clear()
            self.sources.clear()
        self._said[state] = tokens
        if not guessed:
            _Pen(self, prompt).learn(tokens)


class _Pen:
    """Writes a sentence about a prompt."""

    def __init__(self, draft: Draft, prompt: Sequence[int]) -> None:
        self._draft = draft
        self._prompt = prompt
        # How it reads: numbers are alike.
        self._reads = [token if draft.values[token] == _NO_NUMBER else _NO_NUMBER for token in prompt] + [-2, -2]
        self._form = hash(tuple(self._reads))
        self._opening = next((token for token in self._reads if token != _NO_NUMBER), -2)
        self._written = 0
        self._words = (-2, -2)
        self._behind_number = False
        self._at = _NOWHERE
        # The token that was guessed last, and its place in the prompt.
        self._expected = (-1, _NOWHERE)
        # By the word before a number: its place in the prompt, if it is from there, and its value.
        self._places: dict[int, int] = {}
        self._values: dict[int, int] = {}

    def follow(self, tokens: tuple[int, ...]) -> None:
        """Go on to the end of what was said."""
        for token in tokens[self._written :]:
            if self._draft.values[token] == _NO_NUMBER:
                self._words = (self._words[1], token)
                self._behind_number = False
            else:
                self._write_number(token)
        self._written = len(tokens)

    def next(self, allowed: Sequence[int]) -> int:
        """A token that is allowed, or none: -1."""
        for situation in self._situations():
            for source in self._draft.sources.get(situation, ()):
                token = self._token(source)
                if token in allowed:
                    self._expected = (token, self._place(source))
                    return token
        return -1

    def learn(self, tokens: tuple[int, ...]) -> None:
        """Note what explains each token that would not have been guessed."""
        sources = self._draft.sources
        for number, token in enumerate(tokens):
            self.follow(tokens[:number])
            if self._best() == token:
                continue
            explanations = self._explanations(token)
            known: dict[_Source, float] = {}
            # The general first, from which the particular begins.
            for situation in reversed(self._situations()):
                known = {source: score * _FADING for source, score in sources.get(situation, known).items()}
                known.update({source: known.get(source, 0.0) + 1.0 for source in explanations})
                best = sorted(known.items(), key=lambda item: -item[1])[:_KEPT]
                known = sources[situation] = dict(best)

    def _best(self) -> int:
        for situation in self._situations():
            for source in self._draft.sources.get(situation, ()):
                return self._token(source)
        return -1

    def _situations(self) -> list[tuple[int, ...]]:
        """What decides about the next token, from the particular to the general."""
        reads = self._reads
        general = (self._opening, *self._words, self._behind_number, reads[self._at + 1], reads[self._at + 2])
        return [(self._form, *general), general] if self._at == _NOWHERE else [general]

    def _token(self, source: _Source) -> int:
        """The token from a source, or none: -1."""
        kind, number = source
        if kind is _From.ITSELF:
            return number
        if kind is _From.NEXT:
            return self._draft.numbers.get(self._values.get(self._words[1], -1) + 1, -1)
        place = self._place(source)
        return self._prompt[place] if 0 <= place < len(self._prompt) else -1

    def _place(self, source: _Source) -> int:
        """Where in the prompt a source is."""
        kind, number = source
        if kind is _From.PROMPT:
            return self._at + number
        return self._places.get(self._words[1], _NOWHERE) + number if kind is _From.SAME else _NOWHERE

    def _explanations(self, token: int) -> list[_Source]:
        value, word = self._draft.values[token], self._words[1]
        itself = [(_From.ITSELF, token)]
        if value == _NO_NUMBER:
            return itself
        places = [place for place, other in enumerate(self._prompt) if other == token]
        same = self._places.get(word, _NOWHERE)
        return [
            *([(_From.NEXT, 1)] if value == self._values.get(word, -1) + 1 else []),
            *((_From.SAME, place - same) for place in places),
            *((_From.PROMPT, place - self._at) for place in places),
            *itself,
        ]

    def _write_number(self, token: int) -> None:
        value = self._draft.values[token]
        word = self._words[1]
        # What counts on is not copied.
        if value != self._values.get(word, -1) + 1:
            expected, place = self._expected
            place = place if token == expected else self._place_of(token)
            if place != _NOWHERE:
                self._at = self._places[word] = place
        self._values[word] = value
        self._behind_number = True

    def _place_of(self, token: int) -> int:
        """Where in the prompt a number was most likely copied from."""
        for situation in self._situations():
            for source in self._draft.sources.get(situation, ()):
                place = self._place(source)
                if place != _NOWHERE and self._token(source) == token:
                    return place
        return _NOWHERE


_KEPT = 8
"""Sources of a situation."""
_FADING = 0.9
"""Of how often a source was right."""
