# SPDX-License-Identifier: MIT
"""What may be said next: the grammar, and on top of it the rules that depend on the state of the cell.

Connected UEs in the order in which they were shown, each at most once, is the BS's grammar; the other rules are those
of speech.Rules, and can be switched off. Guides do not change; a cell keeps those of its UEs, where they led once.
"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Guide
from llmac.agents.language.phrases import Audience, BsPhrases, Sayable, Step, UePhrases, Vocabulary

_NOTHING: Final = np.empty(0, dtype=np.int64)


class _End:
    """Behind the end of a sentence."""

    forced: tuple[int, ...] = ()
    allowed = _NOTHING

    def after(self, token: int) -> Guide:
        raise ValueError(f"token {token} behind the end of a sentence")


_END: Final = _End()


class UeGuide:
    """A place in a UE's sentence, in one of the four states of the rules; see llmac.agents.engine.backend.Guide.

    All UEs of a cell that may say the same share their guides.
    """

    __slots__ = ("_following", "_hash", "_key", "_permitted", "_phrases", "_point", "allowed", "forced")

    def __init__(self, phrases: UePhrases, step: Step, permitted: NDArray[np.bool_]) -> None:
        self._phrases = phrases
        self._permitted = permitted
        forced, point = step
        allowed = point.permitted(permitted)
        while allowed.size == 1 and allowed[0] != phrases.end:
            token = int(allowed[0])
            more, point = phrases.after(point, token)
            forced = (*forced, token, *more)
            allowed = point.permitted(permitted)
        self._point = point
        self.forced = forced
        # A sentence that can only end here has ended.
        self.allowed = allowed if allowed.size > 1 else _NOTHING
        self._following: dict[int, Guide] = {phrases.end: _END}
        self._key = (point, forced, permitted.tobytes())
        self._hash = hash(self._key)

    def after(self, token: int) -> Guide:
        """See Guide."""
        place = self._following.get(token)
        if place is None:
            step = self._phrases.after(self._point, token)
            place = self._following[token] = UeGuide(self._phrases, step, self._permitted)
        return place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UeGuide) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash


class UeRules:
    """Where the sentences of a cell's UEs start, for each of the four states that make a difference."""

    def __init__(self, phrases: UePhrases) -> None:
        self.phrases = phrases
        self._starts: dict[tuple[bool, bool], UeGuide] = {}

    def start(self, *, backlogged: bool, may_report: bool) -> UeGuide:
        """Where a sentence starts."""
        state = (backlogged, may_report)
        if state not in self._starts:
            phrases = self.phrases
            permitted = ~((phrases.transmits_or_deletes & (not backlogged)) | (phrases.reports & (not may_report)))
            self._starts[state] = UeGuide(phrases, phrases.start, permitted)
        return self._starts[state]


class BsGuide:
    """A place in a BS's sentence; see llmac.agents.engine.backend.Guide."""

    __slots__ = ("_point", "_sayable", "allowed", "forced")

    def __init__(self, sayable: Sayable, step: Step) -> None:
        """Take a step, and then those that leave no choice."""
        phrases = sayable.phrases
        forced, point = step
        while True:
            if point.complete >= 0:
                if point.complete == phrases.last:
                    allowed = _NOTHING
                    break
                sayable = sayable.after(point.complete)
                more, point = phrases.start
                forced += more
            allowed = point.fork.tokens(sayable) if point.fork else sayable.tokens(point)
            if allowed.size > 1:
                break
            token = int(allowed[0])
            more, point = phrases.after(point, token)
            forced += (token, *more)
        self._sayable = sayable
        self._point = point
        self.forced = forced
        self.allowed = allowed

    @classmethod
    def start(
        cls,
        phrases: BsPhrases,
        order: Sequence[int],
        decoded: Collection[int],
        limit: int = 0,
        *,
        grant_once: bool = True,
    ) -> "BsGuide":
        """Where a sentence starts.

        Args:
            phrases: of the cell.
            order: connected UEs, in the order in which the BS names them.
            decoded: of them, those that may be acknowledged.
            limit: K; 0 for none.
            grant_once: whether an RBG can be granted to one UE only.
        """
        audience = Audience(phrases, tuple(order), frozenset(decoded), grant_once=grant_once)
        return cls(Sayable(audience, 0, phrases.every_code, limit or len(order)), phrases.start)

    def after(self, token: int) -> "BsGuide":
        """See Guide."""
        step = self._point.following.get(token) or self._sayable.phrases.after(self._point, token)
        return BsGuide(self._sayable, step)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BsGuide)
            and self._point is other._point
            and self.forced == other.forced
            and self._sayable == other._sayable
        )

    def __hash__(self) -> int:
        return hash(self._sayable)


class FreeGuide:
    """Lets any token be said, until the end of the sentence or a number of tokens; see engine.backend.Guide."""

    forced: tuple[int, ...] = ()

    def __init__(self, vocabulary: Vocabulary, most: int) -> None:
        self._vocabulary = vocabulary
        self._left = most
        self.allowed = vocabulary.everything

    def after(self, token: int) -> Guide:
        """See Guide."""
        if token == self._vocabulary.end_of_sentence or self._left == 1:
            return _END
        return FreeGuide(self._vocabulary, self._left - 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FreeGuide) and self._left == other._left

    def __hash__(self) -> int:
        return hash(self._left)
