# SPDX-License-Identifier: MIT
"""Prompts: what each role is told, from the templates beside this file.

A template's text before its first field is the same for all agents of the role: the *instruction*. What follows is the
*state* of one agent, short, so that the model reads the instruction once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Opaque, Scenario, Semantic

SHOWN_PER_RBG = 2
"""UEs that a BS is shown of those that wait for a grant: so many for each RBG, the next in the round. What was decoded
is always shown. So a prompt grows with the RBGs, not with the population."""


class Role(StrEnum):
    """Who speaks."""

    BS = "bs"
    UE = "ue"


@dataclass(frozen=True, slots=True)
class Template:
    """An instruction, and the format of a state."""

    instruction: str
    state: str


def _read(role: Role) -> Template:
    text = resources.files("llmac.agents.language").joinpath("templates", f"{role}.txt").read_text(encoding="utf-8")
    first = text.index("{")
    # The space before a field belongs to the field's token.
    start = first - text[:first].endswith(" ")
    return Template(text[:start], text[start:].rstrip("\n"))


TEMPLATES = {role: _read(role) for role in Role}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the BS knows about one UE that it may want to say something to."""

    label: int
    level: int
    """Of its backlog, in the levels of `bsr`, without a cap."""
    decoded: bool
    turn: int
    """Place in the round, from 0; -1: it cannot use a grant now."""

    def __str__(self) -> str:
        decoded = " decoded" if self.decoded else ""
        # What a UE has left matters when it can use a grant.
        return f"{decoded} {self.turn} {self.label} {self.level}" if self.turn >= 0 else f"{decoded} {self.label}"


def bs_state(scenario: Scenario, entries: Iterable[Entry]) -> str:
    """State of a BS; a BS names UEs in the order of `entries`."""
    return TEMPLATES[Role.BS].state.format(
        rbgs=scenario.rbgs, limit=scenario.control.max_dcms_per_tti, ues="".join(map(str, entries))
    )


class UePrompts:
    """States of the UEs of one cell: a few thousand at most, so that each is put together once."""

    def __init__(self, scenario: Scenario) -> None:
        self._codes = Codes(scenario.rbgs, scenario.vocabulary)
        match scenario.vocabulary:
            case Semantic(bsr_levels=levels):
                messages = f"levels {levels}"
            case Opaque(symbols=symbols):
                messages = f"symbols {symbols}"
        self._messages = f"{messages}, ack deletes" if scenario.ack_deletes else messages
        self._made: dict[tuple[int, int, int, int, int], str] = {}

    def state(self, buffer: int, last_action: int, last_ucm: int, dcm: int, ucm_opportunity: int) -> str:
        """State of a UE from its observation; buffers above 99 read 99."""
        key = (min(buffer, 99), last_action, last_ucm, dcm, ucm_opportunity)
        made = self._made.get(key)
        if made is None:
            codes = self._codes
            made = self._made[key] = TEMPLATES[Role.UE].state.format(
                rbgs=codes.rbgs,
                messages=self._messages,
                buffer=key[0],
                access=codes.access_texts[codes.split(last_action)[0]],
                sent=codes.ucm_texts[last_ucm],
                heard=codes.dcm_texts[dcm],
                report="yes" if ucm_opportunity else "no",
            )
        return made


def sample_prompts() -> Iterator[str]:
    """Prompts that hold every word that a prompt can hold, for training a tokenizer."""
    scenarios = (
        Scenario(name="sample", ack_deletes=True),
        Scenario(name="sample", vocabulary=Opaque(kind="opaque", symbols=2)),
    )
    entries = (Entry(0, 0, decoded=True, turn=0),)
    for scenario in scenarios:
        yield TEMPLATES[Role.BS].instruction + bs_state(scenario, entries)
        for opportunity in (0, 1):
            yield TEMPLATES[Role.UE].instruction + UePrompts(scenario).state(0, 0, 0, 0, opportunity)
