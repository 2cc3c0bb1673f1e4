# SPDX-License-Identifier: MIT
"""Prompts: what each role is told, from the Jinja templates beside this file, in one of two wordings.

A template has two parts, parted by a line `---`. The *instruction* is the same for all agents of the role; the model
reads it once. The *state* of one agent follows, what varies last. docs/prompts.md tells what a template can show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from llmac.bridge.pag.sentences import Pag
from llmac.bridge.scenario import Opaque, Scenario, Semantic

SHOWN_PER_RBG = 2
"""UEs that a BS is shown of those that wait for a grant: so many for each RBG, the next in the round. What was decoded
is always shown. So a prompt grows with the RBGs, not with the population."""

MOST_DPDUS = 99
"""A fuller buffer reads like this one."""


class Role(StrEnum):
    """Who speaks."""

    BS = "bs"
    UE = "ue"


class Style(StrEnum):
    """How an agent is told."""

    COMPACT = "compact"
    """In a few words, for a small model that learns what they mean."""
    INSTRUCT = "instruct"
    """In full sentences that explain the game, for a pretrained model that follows instructions."""


@dataclass(frozen=True, slots=True)
class Template:
    """An instruction, and the format of a state."""

    instruction: str
    state: jinja2.Template


@cache
def template(role: Role, style: Style = Style.COMPACT) -> Template:
    """The template of a role in a style."""
    file = resources.files("llmac.agents.language").joinpath("templates", style, f"{role}.txt")
    instruction, state = file.read_text(encoding="utf-8").split("\n---\n")
    # What is written is no HTML.
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    return Template(instruction, jinja.from_string(state.rstrip("\n")))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the BS knows about one UE that it may want to say something to."""

    label: int
    level: int
    """Of its backlog, in the levels of `bsr`, without a cap; with opaque messages, code of the last one heard."""
    decoded: bool
    turn: int
    """Place in the round, from 0; -1: it cannot use a grant now."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A UCM that reached the BS."""

    label: int
    text: str


@dataclass(frozen=True, slots=True)
class BsPast:
    """One TTI that is over, as the BS knew it."""

    rbgs: tuple[str, ...]
    """What it found on each RBG: a label, "left" if that UE has left, "idle" or "undecodable"."""
    messages: tuple[Heard, ...]
    """That arrived."""
    said: str
    """Its sentence."""


@dataclass(frozen=True, slots=True)
class UePast:
    """One TTI that is over, as a UE observed it."""

    buffer: int
    access: str
    sent: str
    heard: str


class BsPrompts:
    """States of the BS of one cell."""

    def __init__(self, scenario: Scenario, style: Style = Style.COMPACT, pag: Pag | None = None) -> None:
        self._template = template(Role.BS, style).state
        pag = pag or Pag((), scenario.rbgs, scenario.vocabulary)
        self._cell: Mapping[str, Any] = {
            "rbgs": scenario.rbgs,
            "limit": scenario.control.max_dcms_per_tti,
            "ack_deletes": scenario.ack_deletes,
            "opaque": isinstance(scenario.vocabulary, Opaque),
            "forms": _listed(pag.bs_forms()),
            "example": pag.bs_example(),
            "end": pag.grammar.bs.end,
        }

    def state(self, entries: Sequence[Entry], history: Sequence[BsPast] = ()) -> str:
        """State of a BS; a BS names UEs in the order of `entries`. History: oldest TTI first."""
        return self._template.render(self._cell, ues=entries, history=history)


class UePrompts:
    """States of the UEs of one cell: without history a few thousand at most, so that each is put together once."""

    def __init__(self, scenario: Scenario, style: Style = Style.COMPACT, pag: Pag | None = None) -> None:
        self._template = template(Role.UE, style).state
        pag = pag or Pag((), scenario.rbgs, scenario.vocabulary)
        self._codes = pag.codes
        vocabulary = scenario.vocabulary
        self._cell: Mapping[str, Any] = {
            "rbgs": scenario.rbgs,
            "levels": vocabulary.bsr_levels if isinstance(vocabulary, Semantic) else 0,
            "symbols": vocabulary.symbols if isinstance(vocabulary, Opaque) else 0,
            "ack_deletes": scenario.ack_deletes,
            "forms": _listed(pag.ue_forms()),
            "example": pag.ue_example(),
        }
        self._made: dict[tuple[int, int, int, int, int], str] = {}

    def state(
        self,
        buffer: int,
        last_action: int,
        last_ucm: int,
        dcm: int,
        ucm_opportunity: int,
        history: Sequence[UePast] = (),
    ) -> str:
        """State of a UE from its observation and those of the TTIs before, oldest first."""
        key = (min(buffer, MOST_DPDUS), last_action, last_ucm, dcm, ucm_opportunity)
        if history:
            return self._make(key, history)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(key, ())
        return made

    def past(self, buffer: int, last_action: int, last_ucm: int, dcm: int) -> UePast:
        """What is kept of an observation, to be shown later."""
        codes = self._codes
        access = codes.access_texts[codes.split(last_action)[0]]
        return UePast(min(buffer, MOST_DPDUS), access, codes.ucm_texts[last_ucm], codes.dcm_texts[dcm])

    def _make(self, key: tuple[int, int, int, int, int], history: Sequence[UePast]) -> str:
        now = self.past(*key[:4])
        return self._template.render(
            self._cell,
            buffer=now.buffer,
            access=now.access,
            sent=now.sent,
            heard=now.heard,
            may_report=key[4] > 0,
            history=history,
        )


def sample_prompts() -> Iterator[str]:
    """Prompts that hold every word that a compact prompt can hold, for training a tokenizer."""
    scenarios = (
        Scenario(name="sample", ack_deletes=True),
        Scenario(name="sample", vocabulary=Opaque(kind="opaque", symbols=2)),
    )
    entries = (Entry(0, 0, decoded=True, turn=0),)
    for scenario in scenarios:
        yield template(Role.BS).instruction + BsPrompts(scenario).state(entries)
        for opportunity in (0, 1):
            yield template(Role.UE).instruction + UePrompts(scenario).state(0, 0, 0, 0, opportunity)
        ue = UePrompts(scenario)
        yield ue.state(0, 0, 0, 0, 0, [ue.past(0, 0, 0, 0)])
        yield BsPrompts(scenario).state(entries, [BsPast(("idle", "undecodable", "left"), (Heard(0, "null"),), "end")])


def _listed(forms: Sequence[str]) -> str:
    return " or ".join(f'"{form}"' for form in forms)
