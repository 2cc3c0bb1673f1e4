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

from llmac.agents.language.ledger import fades, is_scheduled, lag
from llmac.bridge.pag.sentences import Pag
from llmac.bridge.scenario import Opaque, Scenario, Semantic, load

SHOWN_PER_RBG = 1
"""UEs that a BS is shown of those that it could grant something: so many for each RBG, those first that wait. Who was
heard, or failed, is always shown. So a prompt grows with the RBGs, not with the population."""

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


class News(StrEnum):
    """What the BS knows about a UE that it may want to say something to; one of them holds."""

    GOT = "got"
    """It was decoded in the last TTI, and cannot use a grant now."""
    MORE = "more"
    """It was decoded in the last TTI, and can use a grant."""
    WAITS = "wait"
    """It is known to have something to send."""
    LOST = "lost"
    """Its transmission of the last TTI was not decoded."""
    IDLE = "idle"
    """Nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One UE, as the BS is told of it."""

    label: int
    news: News
    number: int = 0
    """The level of its backlog, or the RBG on which its transmission was lost. Levels are those of `bsr` without a cap;
    with opaque messages the code of the last one heard."""


@dataclass(frozen=True, slots=True)
class Slots:
    """RBGs that are not taken when a message of now takes effect, and when it does after a deletion."""

    now: tuple[int, ...]
    later: tuple[int, ...]
    odd: bool
    """Whether the TTI is."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a UE remembers of its last TTIs; an age is a number of TTIs, None: forgotten."""

    told: str
    """The last DCM."""
    told_age: int | None
    """0: it came now."""
    rbg: int
    """Of its last transmission."""
    sent_age: int | None
    again: bool
    """It had transmitted two TTIs before that, too."""
    tried: bool
    """It had no grant for it."""
    deleted: bool
    """It has deleted since."""
    report_age: int | None
    left: int | None
    """Transmissions that are left of those that it announced to be the last ones of its lease."""
    quiet: bool
    """No dPDU has come for a while."""
    odd: bool
    """Whether the TTI is in which its decision takes effect."""


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


def _cell(scenario: Scenario) -> dict[str, Any]:
    """What everybody knows of a cell."""
    control = scenario.control
    return {
        "rbgs": scenario.rbgs,
        "ack_deletes": scenario.ack_deletes,
        "scheduled": is_scheduled(scenario),
        "limit": control.max_dcms_per_tti,
        "period": control.ucm_period_ttis,
        "delay": lag(scenario),
        "fades": fades(scenario),
    }


class BsPrompts:
    """States of the BS of one cell."""

    def __init__(self, scenario: Scenario, style: Style = Style.COMPACT, pag: Pag | None = None) -> None:
        self._template = template(Role.BS, style).state
        pag = pag or Pag((), scenario.rbgs, scenario.vocabulary)
        self._cell: Mapping[str, Any] = {
            **_cell(scenario),
            "opaque": isinstance(scenario.vocabulary, Opaque),
            "forms": _listed(pag.bs_forms()),
            "example": pag.bs_example(),
            "end": pag.grammar.bs.end,
        }

    def state(self, entries: Sequence[Entry], slots: Slots | None = None, history: Sequence[BsPast] = ()) -> str:
        """State of a BS.

        Args:
            entries: UEs, in the order in which the BS names them; those with the same news stand together.
            slots: where grants are leases.
            history: oldest TTI first.
        """
        return self._template.render(self._cell, ues=entries, slots=slots, history=history)


class UePrompts:
    """States of the UEs of one cell: without history a few thousand at most, so that each is put together once."""

    def __init__(self, scenario: Scenario, style: Style = Style.COMPACT, pag: Pag | None = None) -> None:
        self._template = template(Role.UE, style).state
        pag = pag or Pag((), scenario.rbgs, scenario.vocabulary)
        self._codes = pag.codes
        vocabulary = scenario.vocabulary
        self._cell: Mapping[str, Any] = {
            **_cell(scenario),
            "levels": vocabulary.bsr_levels if isinstance(vocabulary, Semantic) else 0,
            "symbols": vocabulary.symbols if isinstance(vocabulary, Opaque) else 0,
            "forms": _listed(pag.ue_forms()),
            "example": pag.ue_example(),
        }
        self._made: dict[tuple[object, ...], str] = {}

    def state(
        self,
        buffer: int,
        dcm: int,
        ucm_opportunity: int,
        memory: Remembered | bool = False,
        history: Sequence[UePast] = (),
    ) -> str:
        """State of a UE.

        Args:
            buffer: dPDUs.
            dcm: code of the DCM that reached it now.
            ucm_opportunity: whether it may send a UCM.
            memory: what it remembers; where a grant is for one TTI, whether it transmitted in the last one.
            history: oldest TTI first.
        """
        key = (min(buffer, MOST_DPDUS), dcm, ucm_opportunity, memory)
        if history:
            return self._make(*key, history)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(*key, ())
        return made

    def past(self, buffer: int, last_action: int, last_ucm: int, dcm: int) -> UePast:
        """What is kept of an observation, to be shown later."""
        codes = self._codes
        access = codes.access_texts[codes.split(last_action)[0]]
        return UePast(min(buffer, MOST_DPDUS), access, codes.ucm_texts[last_ucm], codes.dcm_texts[dcm])

    def _make(
        self, buffer: int, dcm: int, ucm_opportunity: int, memory: Remembered | bool, history: Sequence[UePast]
    ) -> str:
        return self._template.render(
            self._cell,
            buffer=buffer,
            heard=self._codes.dcm_texts[dcm],
            may_report=ucm_opportunity > 0,
            memory=memory if isinstance(memory, Remembered) else None,
            sent=memory is True,
            history=history,
        )


def sample_prompts() -> Iterator[str]:
    """Prompts that hold every word that a compact prompt can hold, for training a tokenizer."""
    scenarios = (
        load("near-far", {"ack_deletes": True, "control.delay_ttis": 1}),
        load("paper", {"vocabulary": {"kind": "opaque", "symbols": 2}}),
    )
    entries = [Entry(0, news) for news in News]
    for scenario in scenarios:
        bs, ue = BsPrompts(scenario), UePrompts(scenario)
        for odd in (False, True):
            yield template(Role.BS).instruction + bs.state(entries, Slots((0,), (0,), odd))
            for deleted in (False, True):
                memory = Remembered(
                    "null", 0, 0, 1, again=True, tried=True, deleted=deleted, report_age=1, left=0, quiet=True, odd=odd
                )
                yield template(Role.UE).instruction + ue.state(0, 0, 1, memory)
        yield ue.state(0, 0, 0, True, [ue.past(0, 0, 0, 0)])
        past = BsPast(("idle", "undecodable", "left"), (Heard(0, "null"),), "end")
        yield bs.state(entries, None, [past])


def _listed(forms: Sequence[str]) -> str:
    return " or ".join(f'"{form}"' for form in forms)
