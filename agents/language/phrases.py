# SPDX-License-Identifier: MIT
"""The grammar for a decoder: phrases, their Lark grammar, and the tokens that go on from any point inside one.

A *phrase* is what one action adds to a sentence: the whole sentence of a UE, one message of the BS with its semicolon,
or the BS's "end". llguidance says which tokens the grammar allows at each point; every point that is reached is kept,
so that it is computed once. Which of the phrases are permitted is for the caller to say at each step (guides.py).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import llguidance.hf
import numpy as np
from llguidance import LLMatcher, LLTokenizer
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

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

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens; an end of sentence has none."""
        return "".join(self.texts[token] for token in tokens if token != self.end_of_sentence)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        backend: Any = self.tokenizer.backend_tokenizer
        return [encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)]


@dataclass(slots=True, eq=False)
class Point:
    """Somewhere inside a phrase.

    Attributes:
        path: tokens of the phrase so far.
        tokens: [k] tokens that can follow, the end of sentence where a phrase is complete.
        order: phrases that are still possible, grouped by the token that they go on with.
        starts: [k] where the group of each token starts in `order`.
        complete: the phrase that is complete here, -1 if none is.
        following: the points that were reached from here.
    """

    path: tuple[int, ...]
    tokens: NDArray[np.int64]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    complete: int
    following: dict[int, "Point"] = field(default_factory=dict[int, "Point"])

    def permitted(self, phrases: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Tokens that lead to at least one of the permitted phrases, [number of phrases]."""
        return self.tokens[np.logical_or.reduceat(phrases[self.order], self.starts)]


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
        self.start = self._point((), "", np.arange(len(phrases)))

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest phrase, with the end of sentence."""
        return max(map(len, self._vocabulary.encode(self.phrases))) + 1

    def after(self, point: Point, token: int) -> Point:
        """The point that `token`, one of the point's tokens, leads to."""
        following = point.following.get(token)
        if following is None:
            path = (*point.path, token)
            group = int(np.flatnonzero(point.tokens == token)[0])
            ends = np.append(point.starts, len(point.order))
            phrases = point.order[ends[group] : ends[group + 1]]
            text = "".join(self._vocabulary.texts[t] for t in path)
            following = point.following[token] = self._point(path, text, phrases)
        return following

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
        codes: the code tables.
        per_ue: phrases of each UE.
        ue: [number of phrases] receiver; that of " end" is `ues`.
        dcm: [number of phrases] DCM code, 0 for " end".
        acks: [number of phrases] whether it acknowledges.
        granting: [B] the phrases that grant each RBG.
    """

    def __init__(self, vocabulary: Vocabulary, ues: int, pag: Pag) -> None:
        self.ues = ues
        self.codes = codes = pag.codes
        self.per_ue = len(pag.sayable_dcms)
        stop = pag.grammar.bs.separator[:-1]
        clauses = [f" {pag.clause(Dcm(ue, code))}{stop}" for ue in range(ues) for code in pag.sayable_dcms]
        super().__init__(vocabulary, _bs_lark(pag, ues), [*clauses, f" {pag.grammar.bs.end}"])
        self.ue = np.append(np.repeat(np.arange(ues), self.per_ue), ues)
        self.dcm = np.append(np.tile(np.array(pag.sayable_dcms, dtype=np.int64), ues), 0)
        self.acks = codes.dcm_acks[self.dcm]
        rbg = codes.dcm_rbg[self.dcm]
        self.granting = [np.flatnonzero(rbg == r) for r in range(codes.rbgs)]


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
