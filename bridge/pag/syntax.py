# SPDX-License-Identifier: MIT
"""The syntax of a grammar: a Lark file as rules over a few kinds of parts."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import lark

from llmac.bridge.errors import GrammarError

NUMBERS = ("RBG", "LEVEL", "SYMBOL", "UE")
"""Terminals whose values the cell gives."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stand as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """One of NUMBERS."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What another rule says."""

    rule: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several alternatives, each with the name of the action that it stands for, if it has one."""

    alternatives: "tuple[tuple[Part, str | None], ...]"


@dataclass(frozen=True, slots=True)
class Optional:
    """A part or nothing."""

    part: "Part"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part any number of times."""

    part: "Part"


Part = Text | Number | Reference | Sequence | Choice | Optional | Repeat
Rules = Mapping[str, Part]


def read(text: str) -> Rules:
    """Rules of a Lark file, by name.

    Args:
        text: of the file.

    Raises:
        GrammarError: it is not Lark's syntax, or uses what a protocol action grammar cannot have.
    """
    try:
        tree = _parser().parse(text + "\n")
    except lark.UnexpectedInput as error:
        raise GrammarError(f"line {error.line}, column {error.column}: this is not Lark's syntax") from error
    rules: dict[str, Part] = {}
    for statement in cast("list[Any]", tree.children):
        if not isinstance(statement, lark.Tree) or statement.data not in {"rule", "token"}:
            raise GrammarError("a protocol action grammar has rules and terminals, and no % directives")
        rule = str(statement.children[0]).lstrip("?!")
        if rule in rules or rule in NUMBERS:
            raise GrammarError(f"{rule} is defined twice, or is a number that the cell gives")
        rules[rule] = _part(statement.children[-1])
    if "start" not in rules:
        raise GrammarError("the rule `start` is missing")
    return rules


@cache
def _parser() -> lark.Lark:
    return lark.Lark.open_from_package("lark", "lark.lark", ["grammars"], parser="lalr")


def _part(node: Any) -> Part:  # noqa: PLR0911 (one for each kind of part)
    if isinstance(node, lark.Token):
        raise GrammarError(f"{node} cannot stand in a protocol action grammar")
    children = cast("list[Any]", node.children)
    match str(node.data):
        case "expansions":
            return Choice(tuple(_alternative(child) for child in children))
        case "alias":
            part, action = _alternative(node)
            return part if action is None else Choice(((part, action),))
        case "expansion":
            return Sequence(tuple(_part(child) for child in children))
        case "expr":
            return _repeated(_part(children[0]), children[1:])
        case "maybe":
            return Optional(_part(children[0]))
        case "literal":
            return Text(_literal(str(children[0])))
        case "name" if str(children[0]) in NUMBERS:
            return Number(str(children[0]))
        case "name":
            return Reference(str(children[0]))
        case other:
            raise GrammarError(f"{other} cannot stand in a protocol action grammar")


def _alternative(node: Any) -> tuple[Part, str | None]:
    if str(node.data) != "alias":
        return _part(node), None
    part, action = node.children
    return _part(part), None if action is None else str(action)


def _repeated(part: Part, operators: list[Any]) -> Part:
    written = "".join(str(operator) for operator in operators if operator is not None)
    match written:
        case "":
            return part
        case "?":
            return Optional(part)
        case "*":
            return Repeat(part)
        case _:
            raise GrammarError(f"{written} cannot stand in a protocol action grammar; a sentence is finite")


def _literal(source: str) -> str:
    if not source.startswith('"') or not source.endswith('"'):
        raise GrammarError(f"{source}: write texts as plain strings; the numbers of the cell are {', '.join(NUMBERS)}")
    return str(ast.literal_eval(source))
