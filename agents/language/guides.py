# SPDX-License-Identifier: MIT
"""What may be said next: the grammar, and on top of it the rules that depend on the state of the cell.

Connected UEs in the order in which they were shown, each at most once, is the BS's grammar; the other rules are those
of speech.Rules, and can be switched off. A guide may be copied with copy.copy; the copies go on separately.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from llmac.agents.language.phrases import BsPhrases, Step, UePhrases, Vocabulary

_NOTHING: Final = np.empty(0, dtype=np.int64)


class _UePlace:
    """Before a choice in a UE's sentence, in one of the four states of the rules.

    Attributes:
        forced: tokens that lead here from the choice before.
        allowed: see llmac.agents.engine.backend.Guide.
        following: places that were reached from here, by the token that was chosen.
    """

    __slots__ = ("_permitted", "_phrases", "_point", "allowed", "following", "forced")

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
        self.following: dict[int, _UePlace] = {}

    def after(self, token: int) -> "_UePlace":
        place = self.following.get(token)
        if place is None:
            step = self._phrases.after(self._point, token)
            place = self.following[token] = _UePlace(self._phrases, step, self._permitted)
        return place


class UeRules:
    """Where the sentences of a cell's UEs start, for each of the four states that make a difference."""

    def __init__(self, phrases: UePhrases) -> None:
        self.phrases = phrases
        self._starts: dict[tuple[bool, bool], _UePlace] = {}

    def start(self, *, backlogged: bool, may_report: bool) -> _UePlace:
        """Where a sentence starts."""
        state = (backlogged, may_report)
        if state not in self._starts:
            phrases = self.phrases
            permitted = ~((phrases.transmits_or_deletes & (not backlogged)) | (phrases.reports & (not may_report)))
            self._starts[state] = _UePlace(phrases, phrases.start, permitted)
        return self._starts[state]


class UeGuide:
    """Guides the sentence of one UE; see llmac.agents.engine.backend.Guide."""

    __slots__ = ("_end", "_place", "allowed", "forced")

    def __init__(self, rules: UeRules, *, backlogged: bool, may_report: bool) -> None:
        self._end = rules.phrases.end
        self._place = rules.start(backlogged=backlogged, may_report=may_report)
        self.forced = self._place.forced
        self.allowed = self._place.allowed

    def advance(self, token: int) -> None:
        """Choose `token`."""
        if token == self._end:
            self.forced, self.allowed = (), _NOTHING
        else:
            self._place = self._place.after(token)
            self.forced, self.allowed = self._place.forced, self._place.allowed


class BsGuide:
    """Guides the sentence of one BS; see llmac.agents.engine.backend.Guide.

    Args:
        phrases: of this cell.
        place: [UEs of the phrases] place of each in the order in which the BS names them; -1 for those that are not
            connected.
        decoded: [UEs of the phrases] whether it may be acknowledged.
        limit: K; 0 for none.
        grant_once: whether an RBG can be granted to one UE only.
    """

    __slots__ = (
        "_codes",
        "_decoded",
        "_grant_once",
        "_left",
        "_others",
        "_phrases",
        "_place",
        "_point",
        "allowed",
        "forced",
    )

    def __init__(
        self,
        phrases: BsPhrases,
        place: NDArray[np.int64],
        decoded: NDArray[np.bool_],
        limit: int,
        *,
        grant_once: bool = True,
    ) -> None:
        self._phrases = phrases
        self._grant_once = grant_once
        self._left = limit or len(place)
        self._codes = phrases.every_code
        """Bits of the DCM codes that are left."""
        self._place = place.tolist()
        # UEs that can still be named, and of them those that may be acknowledged.
        connected = place >= 0
        self._decoded = tuple(np.flatnonzero(connected & decoded).tolist())
        self._others = tuple(np.flatnonzero(connected & ~decoded).tolist())
        self._go_on(phrases.start)

    def advance(self, token: int) -> None:
        """Choose `token`."""
        self._go_on(self._phrases.after(self._point, token))

    def _go_on(self, step: Step) -> None:
        """Take a step, and then those that leave no choice."""
        phrases = self._phrases
        forced, point = step
        while True:
            if point.complete >= 0:
                if point.complete == phrases.last:
                    self.forced, self.allowed = forced, _NOTHING
                    return
                self._said(point.complete)
                more, point = phrases.start
                forced = (*forced, *more)
            others = (self._others, self._codes & ~phrases.ack_codes)
            allowed = phrases.permitted(point, ((self._decoded, self._codes), others))
            if allowed.size > 1:
                self._point, self.forced, self.allowed = point, forced, allowed
                return
            token = int(allowed[0])
            more, point = phrases.after(point, token)
            forced = (*forced, token, *more)

    def _said(self, message: int) -> None:
        phrases = self._phrases
        ue, code = phrases.receiver_and_code[message]
        self._left -= 1
        if self._left:
            place, named = self._place, self._place[ue]
            self._decoded = tuple([other for other in self._decoded if place[other] > named])
            self._others = tuple([other for other in self._others if place[other] > named])
        else:
            self._decoded = self._others = ()
        if self._grant_once:
            self._codes &= ~phrases.same_rbg[code]


class FreeGuide:
    """Lets any token be said, until the end of the sentence or a number of tokens; see engine.backend.Guide."""

    forced: tuple[int, ...] = ()

    def __init__(self, vocabulary: Vocabulary, most: int) -> None:
        self._end = vocabulary.end_of_sentence
        self._left = most
        self.allowed = vocabulary.everything

    def advance(self, token: int) -> None:
        """Choose `token`."""
        self._left -= 1
        if token == self._end or not self._left:
            self.allowed = _NOTHING
