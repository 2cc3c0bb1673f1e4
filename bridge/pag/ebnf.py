# SPDX-License-Identifier: MIT
"""A grammar as EBNF (ISO/IEC 14977), for people to read."""

from collections.abc import Iterator
from collections.abc import Sequence as Values
from collections.abc import Set as AbstractSet

from llmac.bridge.pag.syntax import Choice, Number, Optional, Part, Reference, Repeat, Rules, Sequence, Text


def rules(grammar: Rules, start: str, actions: AbstractSet[str]) -> Iterator[str]:
    """One line for each rule.

    Args:
        grammar: the rules.
        start: what the rule `start` is called.
        actions: alternatives that stand for another action are left out.
    """
    for name, part in grammar.items():
        shown = start if name == "start" else name
        yield f"{shown.replace('_', ' '):<12} = {_text(part, actions, outer=True)} ;"


def numbers(name: str, values: Values[int]) -> str:
    """The line of a number of the cell."""
    few = 8
    ends = [f'"{value}"' for value in values]
    shown = ends if len(ends) <= few else [*ends[:2], "...", ends[-1]]
    return f"{name.lower():<12} = {' | '.join(shown)} ;"


def _text(part: Part, actions: AbstractSet[str], *, outer: bool = False) -> str:  # noqa: PLR0911 (one for each kind of part)
    match part:
        case Text(text=text):
            return f'"{text}"'
        case Number(name=name):
            return name.lower()
        case Reference(rule=rule):
            return rule.replace("_", " ")
        case Sequence(parts=parts):
            return ", ".join(_text(inner, actions) for inner in parts)
        case Optional(part=inner):
            return f"[ {_text(inner, actions, outer=True)} ]"
        case Repeat(part=inner):
            return f"{{ {_text(inner, actions, outer=True)} }}"
        case Choice(alternatives=alternatives):
            kept = [inner for inner, action in alternatives if action is None or action in actions]
            text = " | ".join(_text(inner, actions) for inner in kept)
            return text if outer or len(kept) == 1 else f"( {text} )"
