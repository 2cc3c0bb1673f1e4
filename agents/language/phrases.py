# SPDX-License-Identifier: MIT
"""The grammar for a decoder: phrases, their Lark grammar, and the tokens that go on from any point inside one.

A *phrase* is what one action adds to a sentence: the whole sentence of a UE, one message of the BS with its semicolon,
or the BS's "end". llguidance says which tokens the grammar allows at each point; every point that is reached is kept,
so that it is computed once. Which of the phrases are permitted is for the caller to say at each step (guides.py).
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import Any

import llguidance.hf
import numpy as np
from llguidance import LLMatcher, LLTokenizer
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from llmac.agents.models.tokenizer import is_own
from llmac.bridge.errors import ActionError
from llmac.bridge.pag.grammar import FIELD, Grammar
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic


class Vocabulary:
    """A model's tokenizer, as llguidance sees it and as texts."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.tokenizer = tokenizer
        self.size = len(tokenizer)
        self.end_of_sentence = int(tokenizer.eos_token_id)  # pyright: ignore[reportArgumentType]
        self.guide: LLTokenizer = llguidance.hf.from_tokenizer(tokenizer)
        self.texts = [self.guide.decode_str([token]) for token in range(self.size)]
        self.everything = np.arange(self.size)
        # With the project's own tokenizer each space begins a word, which has the same tokens wherever it stands.
        self._words = (_Words("", self._encode), _Words(" ", self._encode)) if is_own(tokenizer) else None

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens; an end of sentence has none."""
        end, texts = self.end_of_sentence, self.texts
        return "".join([texts[token] for token in tokens if token != end])

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        if self._words is None:
            return self._encode(texts)
        first, further = self._words
        split = [text.split(" ") for text in texts]
        return [[*first[words[0]], *chain.from_iterable(map(further.__getitem__, words[1:]))] for words in split]

    def _encode(self, texts: Iterable[str]) -> list[list[int]]:
        backend: Any = self.tokenizer.backend_tokenizer
        return [encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)]


class _Words(dict[str, list[int]]):
    """Token ids of words after some text, each encoded when it is met first."""

    def __init__(self, before: str, encode: Callable[[Iterable[str]], list[list[int]]]) -> None:
        super().__init__()
        self._before = before
        self._encode = encode

    def __missing__(self, word: str) -> list[int]:
        (self[word],) = self._encode([self._before + word])
        return self[word]


@dataclass(slots=True, eq=False)
class Point:
    """Somewhere inside a phrase.

    Attributes:
        path: tokens of the phrase so far.
        tokens: [k] tokens that can follow, the end of sentence where a phrase is complete.
        order: phrases that are still possible, grouped by the token that they go on with.
        starts: [k] where the group of each token starts in `order`.
        complete: the phrase that is complete here, -1 if none is.
        following: the steps that were taken from here.
        fork: for a BS's messages, the tokens by what they lead to, once that was asked.
    """

    path: tuple[int, ...]
    tokens: NDArray[np.int64]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    complete: int
    following: dict[int, "Step"] = field(default_factory=dict[int, "Step"])
    fork: "Fork | None" = None

    def permitted(self, phrases: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Tokens that lead to at least one of the permitted phrases, [number of phrases]."""
        return self.tokens[np.logical_or.reduceat(phrases[self.order], self.starts)]


Step = tuple[tuple[int, ...], Point]
"""Tokens that leave no choice, and the point after them."""


class PhraseGrammar:
    """The points of a Lark grammar over a finite set of phrases.

    Where several tokens could spell a phrase, the longest does: one phrase has one tokenisation.
    """

    def __init__(self, vocabulary: Vocabulary, lark: str, phrases: Sequence[str]) -> None:
        self.phrases = tuple(phrases)
        self.end = vocabulary.end_of_sentence
        self._vocabulary = vocabulary
        self._matcher = LLMatcher(vocabulary.guide, lark, log_level=0)
        if self._matcher.is_error():
            raise ActionError(f"the tokenizer cannot express the grammar: {self._matcher.get_error()}")
        self.last = len(phrases) - 1
        self.start: Step = self._step((), "", np.arange(len(phrases)))

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest phrase, with the end of sentence."""
        return max(map(len, self._vocabulary.encode(self.phrases))) + 1

    def after(self, point: Point, token: int) -> Step:
        """The step that follows `token`, one of the point's tokens."""
        step = point.following.get(token)
        if step is None:
            path = (*point.path, token)
            text = "".join(self._vocabulary.texts[t] for t in path)
            step = point.following[token] = self._step(path, text, self._through(point, token))
        return step

    def _through(self, point: Point, token: int) -> NDArray[np.intp]:
        """Phrases that go on from `point` with `token`."""
        group = int(np.flatnonzero(point.tokens == token)[0])
        ends = np.append(point.starts, len(point.order))
        return point.order[ends[group] : ends[group + 1]]

    def _step(self, path: tuple[int, ...], text: str, phrases: NDArray[np.intp]) -> Step:
        """Go on from a path, along which these phrases are still possible, to where there is a choice or an end."""
        before = len(path)
        point = self._point(path, text, phrases)
        while point.tokens.size == 1 and point.complete < 0:
            path = (*path, int(point.tokens[0]))
            text += self._vocabulary.texts[path[-1]]
            point = self._point(path, text, phrases)
        return path[before:], point

    def _point(self, path: tuple[int, ...], text: str, phrases: NDArray[np.intp]) -> Point:
        by_length = sorted(self._grammatical(path), key=lambda token: -len(self._vocabulary.texts[token]))
        groups: dict[int, list[int]] = {}
        complete = -1
        for phrase in phrases.tolist():
            rest = self.phrases[phrase][len(text) :]
            if not rest:
                complete = phrase
                groups[self.end] = [phrase]
                continue
            for token in by_length:
                if rest.startswith(self._vocabulary.texts[token]):
                    groups.setdefault(token, []).append(phrase)
                    break
            else:
                raise ActionError(f"the tokenizer cannot express {rest!r}, the rest of {self.phrases[phrase]!r}")
        tokens = sorted(groups)
        sizes = [len(groups[token]) for token in tokens]
        return Point(
            path=path,
            tokens=np.array(tokens, dtype=np.int64),
            order=np.array([phrase for token in tokens for phrase in groups[token]], dtype=np.intp),
            starts=np.cumsum([0, *sizes[:-1]]).astype(np.intp),
            complete=complete,
        )

    def _grammatical(self, path: tuple[int, ...]) -> list[int]:
        """Tokens that spell something and that the grammar allows after `path`."""
        matcher = self._matcher
        matcher.reset()
        matcher.consume_tokens(list(path))
        mask = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        return [
            token for token in np.flatnonzero(mask[: self._vocabulary.size]).tolist() if self._vocabulary.texts[token]
        ]


class UePhrases(PhraseGrammar):
    """Sentences of a UE, in the order of their action codes.

    Attributes:
        transmits_or_deletes: [number of phrases] the access is not `hold`.
        reports: [number of phrases] the UCM is not null.
    """

    def __init__(self, vocabulary: Vocabulary, pag: Pag) -> None:
        actions = pag.sayable
        super().__init__(vocabulary, _ue_lark(pag), [f" {pag.print_ue(action)}" for action in actions])
        access, ucm = np.divmod(np.array(actions), pag.codes.ucm_codes)
        self.transmits_or_deletes = access > 0
        self.reports = ucm > 0


class BsPhrases(PhraseGrammar):
    """Messages of a BS to UEs 0 .. ues - 1, ascending by UE and then by code, and at last " end".

    Attributes:
        ues: number of UEs.
        receiver_and_code: UE and DCM code of each message; those of " end" are `ues` and 0.
        every_code: bits of the DCM codes that can be said.
        ack_codes: bits of those that acknowledge.
        same_rbg: [DCM codes] bits of those that grant the same RBG.
    """

    def __init__(self, vocabulary: Vocabulary, ues: int, pag: Pag) -> None:
        self.ues = ues
        codes, sayable = pag.codes, pag.sayable_dcms
        stop = pag.grammar.bs.separator[:-1]
        clauses = [f" {pag.clause(Dcm(ue, code))}{stop}" for ue in range(ues) for code in sayable]
        super().__init__(vocabulary, _bs_lark(pag, ues), [*clauses, f" {pag.grammar.bs.end}"])
        self.receiver_and_code = [*((ue, code) for ue in range(ues) for code in sayable), (ues, 0)]
        self.every_code = _bits(sayable)
        self.ack_codes = _bits(code for code in sayable if codes.dcm_acks[code])
        rbg = codes.dcm_rbg.tolist()
        self.same_rbg = [_bits(np.flatnonzero(codes.dcm_rbg == r).tolist()) if r >= 0 else 0 for r in rbg]


class Fork:
    """The tokens of a point of a BS's message, by the DCMs that they can lead to."""

    __slots__ = ("_bits", "_by_codes", "_ends", "_of_ue", "_token", "_whoever")

    def __init__(self, point: Point, phrases: BsPhrases) -> None:
        # By UE, the tokens with the bits of the DCM codes that they lead to.
        self._of_ue: dict[int, list[tuple[int, int]]] = {}
        for token, group in zip(point.tokens.tolist(), np.split(point.order, point.starts[1:]), strict=True):
            codes: dict[int, int] = {}
            for phrase in group.tolist():
                ue, code = phrases.receiver_and_code[phrase]
                codes[ue] = codes.get(ue, 0) | 1 << code
            for ue, bits in codes.items():
                self._of_ue.setdefault(ue, []).append((token, bits))
        self._ends = [token for token, _ in self._of_ue.pop(phrases.ues, [])]
        ways = list(self._of_ue.values())
        everybody = len(ways) == phrases.ues
        # Before the UE is named, who it is makes no difference.
        self._whoever = everybody and all(way == ways[0] for way in ways)
        self._by_codes: dict[int, NDArray[np.int64]] = {}
        # Mostly each UE is named by a token of its own, for the same codes.
        self._token: dict[int, int] = {}
        self._bits = ways[0][0][1] if ways else 0
        if everybody and not self._ends and all(len(way) == 1 and way[0][1] == self._bits for way in ways):
            token = {ue: way[0][0] for ue, way in self._of_ue.items()}
            self._token = token if len(set(token.values())) == len(token) else {}

    def tokens(self, sayable: "Sayable") -> NDArray[np.int64]:
        """Those that lead to what may be said, ascending."""
        if self._whoever:
            tokens = self._by_codes.get(sayable.to_anybody)
            if tokens is None:
                said = [token for token, bits in self._of_ue[0] if bits & sayable.to_anybody]
                tokens = self._by_codes[sayable.to_anybody] = _ascending({*self._ends, *said})
            return tokens
        codes, others, decoded, order = sayable.codes, sayable.codes_of_others, sayable.audience.decoded, sayable.order
        if self._token:
            acknowledged = not self._bits & others
            ues = [ue for ue in order if ue in decoded] if acknowledged else order
            return _ascending([self._token[ue] for ue in ues])
        of_ue = self._of_ue
        said = [
            token for ue in order for token, bits in of_ue.get(ue, ()) if bits & (codes if ue in decoded else others)
        ]
        return _ascending({*self._ends, *said})


def _ascending(tokens: Iterable[int]) -> NDArray[np.int64]:
    return np.array(sorted(tokens), dtype=np.int64)


class Audience:
    """The UEs that a BS may name in a sentence.

    Args:
        phrases: of its cell.
        order: UEs that may be named, in the order in which they are.
        decoded: UEs that may be acknowledged.
        grant_once: whether an RBG can be granted to one UE only.

    Attributes:
        place: of each UE in the order.
        acknowledgeable: [UEs + 1] how many from each place on may be acknowledged.
    """

    __slots__ = ("acknowledgeable", "decoded", "grant_once", "order", "phrases", "place")

    def __init__(
        self, phrases: BsPhrases, order: tuple[int, ...], decoded: frozenset[int], *, grant_once: bool
    ) -> None:
        self.phrases = phrases
        self.order = order
        self.decoded = decoded
        self.grant_once = grant_once
        self.place = {ue: place for place, ue in enumerate(order)}
        self.acknowledgeable = [*accumulate([ue in decoded for ue in reversed(order)], initial=0)][::-1]


class Sayable:
    """The messages that a BS may still say, after those that it has said. It does not change.

    Args:
        audience: whom it speaks to.
        first: place in the order of the first UE that may be named.
        codes: bits of the DCM codes that are left.
        left: number of messages.

    Attributes:
        codes_of_others: bits of the codes for UEs that may not be acknowledged.
        to_anybody: bits of the codes that at least one UE may be told.
    """

    __slots__ = ("_left", "audience", "codes", "codes_of_others", "first", "phrases", "to_anybody")

    def __init__(self, audience: Audience, first: int, codes: int, left: int) -> None:
        self.audience = audience
        self.phrases = audience.phrases
        self.first = first
        self.codes = codes
        self._left = left
        self.codes_of_others = codes & ~self.phrases.ack_codes
        acknowledgeable = audience.acknowledgeable[first]
        self.to_anybody = codes if acknowledgeable else 0
        if acknowledgeable < len(audience.order) - first:
            self.to_anybody |= self.codes_of_others

    def after(self, message: int) -> "Sayable":
        """What is left after a message, one of the phrases."""
        audience, left = self.audience, self._left - 1
        ue, code = self.phrases.receiver_and_code[message]
        first = audience.place[ue] + 1 if left else len(audience.order)
        codes = self.codes & ~self.phrases.same_rbg[code] if audience.grant_once else self.codes
        return Sayable(audience, first, codes, left)

    @property
    def order(self) -> tuple[int, ...]:
        """UEs that may be named, in the order in which they are."""
        return self.audience.order[self.first :]

    def tokens(self, point: Point) -> NDArray[np.int64]:
        """Tokens of a point that lead to one of the messages, or to the end of the sentence."""
        if point.fork is None:
            point.fork = Fork(point, self.phrases)
        return point.fork.tokens(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sayable) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        audience = self.audience
        return self.phrases, self.order, audience.decoded, self.codes, self._left, audience.grant_once


def _bits(codes: Iterable[int]) -> int:
    """The number whose bits are the codes."""
    return sum(1 << code for code in codes)


class Phrasebook:
    """The phrase grammars of one tokenizer, each made once.

    Args:
        vocabulary: of the model.
        grammar: how the parties speak; by default as docs/pag.md tells.
    """

    def __init__(self, vocabulary: Vocabulary, grammar: Grammar | None = None) -> None:
        self.vocabulary = vocabulary
        self.grammar = grammar
        self._ue: dict[tuple[int, str], UePhrases] = {}
        self._bs: dict[tuple[int, int, str], BsPhrases] = {}

    def pag(self, rbgs: int, messages: Semantic | Opaque) -> Pag:
        """The grammar of a cell, for any UEs."""
        return Pag((), rbgs, messages, self.grammar)

    def ue(self, rbgs: int, messages: Semantic | Opaque) -> UePhrases:
        """Sentences of the UEs of a cell.

        Raises:
            ActionError: the tokenizer cannot express them.
        """
        key = (rbgs, repr(messages))
        if key not in self._ue:
            self._ue[key] = UePhrases(self.vocabulary, self.pag(rbgs, messages))
        return self._ue[key]

    def bs(self, ues: int, rbgs: int, messages: Semantic | Opaque) -> BsPhrases:
        """Messages of the BS of a cell to UEs 0 .. ues - 1.

        Raises:
            ActionError: the tokenizer cannot express them.
        """
        key = (ues, rbgs, repr(messages))
        if key not in self._bs:
            self._bs[key] = BsPhrases(self.vocabulary, ues, self.pag(rbgs, messages))
        return self._bs[key]


def _ue_lark(pag: Pag) -> str:
    kinds = pag.codes.ucm_kinds
    return _lark([f" {form}" for (_, ucm), form in pag.grammar.ue.forms.items() if ucm in kinds], pag, 0)


def _bs_lark(pag: Pag, ues: int) -> str:
    grammar = pag.grammar.bs
    forms = [form for kind, form in grammar.forms.items() if kind in pag.codes.dcm_kinds]
    return _lark([*(f" {form}{grammar.separator[:-1]}" for form in forms), f" {grammar.end}"], pag, ues)


def _lark(forms: Sequence[str], pag: Pag, ues: int) -> str:
    """The grammar of forms for llguidance, with the numbers of a cell."""
    counts = {"rbg": pag.codes.rbgs, "level": pag.codes.messages, "symbol": pag.codes.messages, "ue": ues}
    used = [name for name in counts if any(f"{{{name}}}" in form for form in forms)]
    return "\n".join(
        [
            f"start: {' | '.join(map(_alternative, forms))}",
            *(f"{name.upper()}: {_numbers(counts[name])}" for name in used),
        ]
    )


def _alternative(form: str) -> str:
    """A form as an alternative of a Lark rule."""
    texts, fields = FIELD.split(form), FIELD.findall(form)
    names = [field.strip("{}").upper() for field in fields]
    parts = zip(map(json.dumps, texts), [*names, ""], strict=True)
    return " ".join(part for pair in parts for part in pair if part not in {"", '""'})


def _numbers(count: int) -> str:
    """Regular expression of 0 .. count - 1."""
    return f"/{'|'.join(map(str, range(count)))}/"
