# SPDX-License-Identifier: MIT
"""Guesses what will be said from what was said when the prompt read alike.

Prompts read alike if they differ in numbers only. What was said last then is said again, but for its numbers, most of
which were taken from the prompt: where one stood there is learned from prompt to prompt. Whatever the template and the
policy, a few sentences are enough for guesses that are mostly right, and a wrong one costs a little time and nothing
else (questions.py).
"""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[1-9]\d*")
"""None is something else than some."""

_MOST = 2**12
"""Prompts that are kept; when there are more, all are forgotten: what recurs is soon met again."""


class _Form:
    """What is said when a prompt reads in one way.

    Attributes:
        texts: of the sentence, around its numbers.
        sources: for each number, what it may be: places in the prompt's numbers, or a number.
    """

    __slots__ = ("sources", "texts")

    def __init__(self, texts: list[str], said: Sequence[str], seen: Sequence[str]) -> None:
        self.texts = texts
        self.sources = [_sources(number, seen) for number in said]

    def learn(self, said: Sequence[str], seen: Sequence[str]) -> None:
        """Drop the sources that do not explain another sentence of the same texts."""
        for i, (sources, number) in enumerate(zip(self.sources, said, strict=True)):
            right = [source for source in sources if (source if isinstance(source, str) else seen[source]) == number]
            self.sources[i] = right or _sources(number, seen)

    def fill(self, seen: Sequence[str]) -> str:
        """The sentence with the numbers of a prompt."""
        first = (sources[0] for sources in self.sources)
        numbers = [source if isinstance(source, str) else seen[source] for source in first]
        return "".join(part for pair in zip(self.texts, [*numbers, ""], strict=True) for part in pair)


def _sources(number: str, seen: Sequence[str]) -> list[int | str]:
    return [*(place for place, one in enumerate(seen) if one == number), number]


class Habits:
    """What was said last in each of many situations."""

    def __init__(self) -> None:
        self._forms: dict[str, _Form] = {}

    def guess(self, state: str) -> str:
        """A sentence that may be said next, or an empty text."""
        form = self._forms.get(_NUMBER.sub("#", state))
        return form.fill(_NUMBER.findall(state)) if form else ""

    def learn(self, state: str, sentence: str) -> None:
        """Take note of what was said."""
        situation, seen = _NUMBER.sub("#", state), _NUMBER.findall(state)
        texts, said = _NUMBER.split(sentence), _NUMBER.findall(sentence)
        form = self._forms.get(situation)
        if form and form.texts == texts:
            form.learn(said, seen)
            return
        if len(self._forms) >= _MOST:
            self._forms.clear()
        self._forms[situation] = _Form(texts, said, seen)
