# SPDX-License-Identifier: MIT
"""The wording of a protocol action grammar: from two Lark files to one text for each kind of action.

A *form* is the text of one kind of action with fields for its numbers, for instance "transmit {rbg}; bsr {level}". No
form holds digits of its own and no two numbers touch, so that a sentence tells its form by what is left when the
numbers are taken out: parsing needs no search, and two actions cannot have the same sentence.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain, product
from pathlib import Path
from typing import TypeVar

from llmac.bridge.errors import GrammarError
from llmac.bridge.pag import syntax
from llmac.bridge.pag.syntax import Choice, Number, Optional, Part, Reference, Repeat, Rules, Sequence, Text

ACCESSES = {"hold": (), "delete": (), "transmit": ("rbg",)}
"""Kinds of access by name, and the numbers of each."""
UCMS = {"null": (), "sr": (), "bsr": ("level",), "symbol": ("symbol",)}
"""Kinds of UCM."""
DCMS = {"ack": ("ue",), "grant": ("rbg", "ue"), "ack_grant": ("rbg", "ue"), "symbol": ("symbol", "ue")}
"""Kinds of DCM, with its receiver."""

_SILENT = ("hold", "null")
_Kind = TypeVar("_Kind")
_Language = TypeVar("_Language")
NUMBER = re.compile(r"\d+")
_UNUSABLE = re.compile(r"[\d#{}]")
_SEPARATOR = re.compile(r"[^\w\s#{}][^\d#{}]* ")
FIELD = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class UeGrammar:
    """How UEs speak.

    Attributes:
        forms: by kind of access and kind of UCM; what is not in it cannot be said.
        rules: of the Lark file.
    """

    forms: Mapping[tuple[str, str], str]
    rules: Rules


@dataclass(frozen=True, slots=True)
class BsGrammar:
    """How the BS speaks: any number of messages, each followed by the separator, and the end.

    Attributes:
        forms: by kind of DCM; what is not in it cannot be said.
        separator: its last character is a space.
        end: the last words.
        rules: of the Lark file.
    """

    forms: Mapping[str, str]
    separator: str
    end: str
    rules: Rules


@dataclass(frozen=True, slots=True)
class Grammar:
    """The wording of both roles."""

    ue: UeGrammar
    bs: BsGrammar


@cache
def standard() -> Grammar:
    """The grammar of ue.lark and bs.lark beside this file."""
    folder = resources.files("llmac.bridge.pag")
    texts = [folder.joinpath(f"{role}.lark").read_text(encoding="utf-8") for role in ("ue", "bs")]
    return Grammar(ue_grammar(texts[0]), bs_grammar(texts[1]))


def read(ue: Path | None = None, bs: Path | None = None) -> Grammar:
    """The grammar of Lark files, the standard one for a role without a file.

    Raises:
        GrammarError: a file cannot be read or used.
    """
    return Grammar(
        standard().ue if ue is None else _read(ue, ue_grammar),
        standard().bs if bs is None else _read(bs, bs_grammar),
    )


def ue_grammar(text: str) -> UeGrammar:
    """The grammar of UEs from the text of a Lark file.

    Raises:
        GrammarError: it cannot be used.
    """
    rules = syntax.read(text)
    forms: dict[tuple[str, str], str] = {}
    for words, actions in _expand(rules["start"], rules):
        kinds = [[a for a in actions if a in table] for table in (ACCESSES, UCMS)]
        if len(actions) != sum(map(len, kinds)) or any(len(kind) > 1 for kind in kinds):
            raise GrammarError(
                f"{words!r} stands for {_list(actions)}; a sentence of a UE stands for one of "
                f"{_list(ACCESSES)} and one of {_list(UCMS)}"
            )
        access, ucm = ((kind or [silent])[0] for kind, silent in zip(kinds, _SILENT, strict=True))
        _add(forms, (access, ucm), words, (*ACCESSES[access], *UCMS[ucm]))
    _check_shapes(list(forms.values()))
    if _SILENT not in forms:
        raise GrammarError("there is no sentence for `hold` and `null`, which is all that a UE without data can do")
    return UeGrammar(forms, rules)


def bs_grammar(text: str) -> BsGrammar:
    """The grammar of the BS from the text of a Lark file.

    Raises:
        GrammarError: it cannot be used.
    """
    rules = syntax.read(text)
    match rules["start"]:
        case Sequence(
            parts=(Repeat(part=Sequence(parts=(Reference(rule=rule), Text(text=separator)))), Text(text=end))
        ):
            pass
        case _:
            raise GrammarError('the rule `start` of a BS has the form (message "; ")* "end"')
    forms: dict[str, str] = {}
    for words, actions in _expand(Reference(rule), rules):
        if len(actions) != 1 or actions[0] not in DCMS:
            raise GrammarError(
                f"{words!r} stands for {_list(actions)}; a message of the BS stands for one of {_list(DCMS)}"
            )
        _add(forms, actions[0], words, DCMS[actions[0]])
    _check_shapes(list(forms.values()))
    _check_shapes([end])
    if not _SEPARATOR.fullmatch(separator):
        raise GrammarError(
            f"after a message stands {separator!r}; that has to begin with a punctuation mark and to end with a space"
        )
    for words in forms.values():
        if separator.rstrip() in words or words.startswith(end):
            raise GrammarError(
                f"{words!r} begins like the end {end!r}, or holds {separator.strip()!r}, which ends a message"
            )
    return BsGrammar(forms, separator, end, rules)


def shape(text: str) -> str:
    """What is left of a sentence or a form when its numbers are taken out."""
    return NUMBER.sub("#", FIELD.sub("#", text))


def _add(forms: dict[_Kind, str], kind: _Kind, words: str, numbers: tuple[str, ...]) -> None:
    fields = [field.strip("{}") for field in FIELD.findall(words)]
    if sorted(fields) != sorted(numbers):
        raise GrammarError(f"{words!r} has the numbers {_list(fields)}; what it stands for needs {_list(numbers)}")
    if words in forms.values() or forms.setdefault(kind, words) != words:
        raise GrammarError(f"{words!r}: one action has one sentence, and one sentence is one action")


def _check_shapes(forms: Iterable[str]) -> None:
    shapes: dict[str, str] = {}
    for words in forms:
        plain = FIELD.sub("", words)
        if _UNUSABLE.search(plain) or "}{" in words or not plain.isprintable() or words != words.strip():
            raise GrammarError(
                f"{words!r}: between its numbers a sentence has printable text without digits, '#' and braces, and no "
                "space before or after it"
            )
        other = shapes.setdefault(shape(words), words)
        if other != words:
            raise GrammarError(f"{words!r} and {other!r} differ in the meaning of a number only")


def _expand(  # noqa: C901 (one branch for each kind of part)
    part: Part, rules: Rules, within: frozenset[str] = frozenset()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """All that a part can say: texts with fields, and the actions that each stands for."""
    match part:
        case Text(text=text):
            if FIELD.search(text):
                raise GrammarError(f"{text!r}: write a number of the cell without quotes, for instance RBG")
            yield text, ()
        case Number(name=number):
            yield f"{{{number.lower()}}}", ()
        case Optional(part=inner):
            yield "", ()
            yield from _expand(inner, rules, within)
        case Repeat():
            raise GrammarError("* can stand in the rule `start` of a BS only")
        case Choice(alternatives=alternatives):
            for inner, action in alternatives:
                named = (action,) if action else ()
                yield from ((words, (*actions, *named)) for words, actions in _expand(inner, rules, within))
        case Sequence(parts=parts):
            for chosen in product(*[list(_expand(inner, rules, within)) for inner in parts]):
                yield "".join(words for words, _ in chosen), tuple(chain(*(actions for _, actions in chosen)))
        case Reference(rule=rule):
            if rule not in rules or rule in within:
                raise GrammarError(f"the rule {rule} is missing, or refers to itself; a sentence is finite")
            yield from _expand(rules[rule], rules, within | {rule})


def _read(path: Path, make: Callable[[str], _Language]) -> _Language:
    try:
        return make(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise GrammarError(f"{path}: the grammar cannot be read: {error}") from error
    except GrammarError as error:
        raise GrammarError(f"{path}: {error}") from error


def _list(values: Iterable[str]) -> str:
    return ", ".join(values) or "nothing"
