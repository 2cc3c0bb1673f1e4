# SPDX-License-Identifier: MIT
"""What may be said next: the grammar, and on top of it the rules that depend on the state of the cell.

Connected UEs in the order in which they were shown, each at most once, is the BS's grammar; the other rules are those
of speech.Rules, and can be switched off.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from llmac.agents.language.phrases import BsPhrases, Point, UePhrases, Vocabulary

_NOTHING: Final = np.empty(0, dtype=np.int64)


class UeRules:
    """The permitted tokens at every point of a UE's sentence, for each of the four states that make a difference."""

    def __init__(self, phrases: UePhrases) -> None:
        self.phrases = phrases
        self._permitted: dict[tuple[bool, bool], NDArray[np.bool_]] = {}
        self._tokens: dict[tuple[Point, bool, bool], NDArray[np.int64]] = {}

    def permitted(self, *, backlogged: bool, may_report: bool) -> NDArray[np.bool_]:
        """Which UE actions are permitted, [UE action codes]."""
        key = (backlogged, may_report)
        if key not in self._permitted:
            phrases = self.phrases
            self._permitted[key] = ~(
                (phrases.transmits_or_deletes & (not backlogged)) | (phrases.reports & (not may_report))
            )
        return self._permitted[key]

    def tokens(self, point: Point, *, backlogged: bool, may_report: bool) -> NDArray[np.int64]:
        """Permitted tokens at a point."""
        key = (point, backlogged, may_report)
        tokens = self._tokens.get(key)
        if tokens is None:
            permitted = self.permitted(backlogged=backlogged, may_report=may_report)
            tokens = self._tokens[key] = point.permitted(permitted)
        return tokens


class UeGuide:
    """Guides the sentence of one UE; see llmac.agents.engine.backend.Guide."""

    def __init__(self, rules: UeRules, *, backlogged: bool, may_report: bool) -> None:
        self._rules = rules
        self._state = (backlogged, may_report)
        self._move_to(rules.phrases.start)

    def advance(self, token: int) -> None:
        """Say `token`, one of `allowed`."""
        if token == self._rules.phrases.end:
            self.allowed = _NOTHING
        else:
            self._move_to(self._rules.phrases.after(self._point, token))

    def _move_to(self, point: Point) -> None:
        self._point = point
        backlogged, may_report = self._state
        tokens = self._rules.tokens(point, backlogged=backlogged, may_report=may_report)
        # A sentence that can only end here has ended.
        finished = point.complete >= 0 and len(tokens) == 1
        self.allowed = _NOTHING if finished else tokens


class BsGuide:
    """Guides the sentence of one BS; see llmac.agents.engine.backend.Guide.

    Args:
        phrases: of this cell.
        place: [UEs of the phrases] place of each in the order in which the BS names them; -1 for those that are not
            connected.
        decoded: [UEs of the phrases] whether it was decoded in the TTI before.
        limit: K; 0 for none.
        grant_once: whether an RBG can be granted to one UE only.
    """

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
        self._place = place
        self._left = limit or len(place)
        per_phrase = np.repeat(place >= 0, phrases.per_ue)
        per_phrase &= ~phrases.acks[:-1] | np.repeat(decoded, phrases.per_ue)
        self.permitted = np.append(per_phrase, True)
        """[number of phrases] those that may come next."""
        self._move_to(phrases.start)

    def advance(self, token: int) -> None:
        """Say `token`, one of `allowed`."""
        self._move_to(self._phrases.after(self._point, token))

    def _move_to(self, point: Point) -> None:
        phrases = self._phrases
        if point.complete == len(phrases.phrases) - 1:
            self.allowed = _NOTHING
            return
        if point.complete >= 0:
            self._said(point.complete)
            point = phrases.start
        self._point = point
        self.allowed = point.permitted(self.permitted)

    def _said(self, message: int) -> None:
        phrases = self._phrases
        self._left -= 1
        later = (self._place > self._place[phrases.ue[message]]) & (self._left > 0)
        self.permitted[:-1] &= np.repeat(later, phrases.per_ue)
        rbg = int(phrases.codes.dcm_rbg[phrases.dcm[message]])
        if rbg >= 0 and self._grant_once:
            self.permitted[phrases.granting[rbg]] = False


class FreeGuide:
    """Lets any token be said, until the end of the sentence or a number of tokens; see engine.backend.Guide."""

    def __init__(self, vocabulary: Vocabulary, most: int) -> None:
        self._end = vocabulary.end_of_sentence
        self._left = most
        self.allowed = vocabulary.everything

    def advance(self, token: int) -> None:
        """Say `token`."""
        self._left -= 1
        if token == self._end or not self._left:
            self.allowed = _NOTHING
