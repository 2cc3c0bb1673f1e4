# SPDX-License-Identifier: MIT
"""The UE side of a language agent: from observations to requests, and from sentences to UE actions."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from llmac.agents.engine.backend import Guide, Request
from llmac.agents.language.guides import FreeGuide, UeRules
from llmac.agents.language.ledger import is_scheduled
from llmac.agents.language.memory import OLDEST, Memory, Recollection
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import MOST_DPDUS, Remembered, UePast, UePrompts
from llmac.agents.language.speech import Speech
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation
from llmac.bridge.errors import ActionError
from llmac.bridge.pag.sentences import Pag
from llmac.bridge.scenario import Scenario, Semantic

_SILENT = 0
"""Code of the UE action `hold` with no message."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """What all UEs of a scenario share."""

    prompts: UePrompts
    rules: UeRules
    pag: Pag
    vocabulary: Vocabulary
    history_ttis: int
    remembers: bool
    scheduled: bool

    @classmethod
    def make(cls, scenario: Scenario, phrasebook: Phrasebook, speech: Speech) -> "_Cell":
        cell = (scenario.rbgs, scenario.vocabulary)
        pag = phrasebook.pag(*cell)
        return cls(
            prompts=UePrompts(scenario, speech.style, pag),
            rules=UeRules(phrasebook.ue(*cell)),
            pag=pag,
            vocabulary=phrasebook.vocabulary,
            history_ttis=scenario.history_ttis,
            scheduled=is_scheduled(scenario),
            # Where a grant is for one TTI, all there is to remember is whether something was sent that can be deleted.
            remembers=is_scheduled(scenario) or not isinstance(scenario.vocabulary, Semantic),
        )

    def longest_state(self) -> str:
        """A prompt as long as one can be."""
        codes = self.pag.codes
        memory = Remembered(
            told=codes.dcm_texts[-1],
            told_age=0,
            rbg=codes.rbgs - 1,
            sent_age=1,
            again=True,
            tried=True,
            deleted=True,
            report_age=1,
            left=codes.messages,
            quiet=True,
            odd=False,
        )
        past = self.prompts.past(MOST_DPDUS, codes.ue_action_codes - 1, codes.ucm_codes - 1, codes.dcm_codes - 1)
        known = memory if self.remembers else True
        return self.prompts.state(MOST_DPDUS, codes.dcm_codes - 1, 1, known, [past] * self.history_ttis)


class Follower:
    """The UEs of E environments, for a batch of episodes. A UE knows its own observations and its cell's rules.

    Args:
        scenarios: [E].
        phrasebook: of the model that speaks.
        speech: how it does.
    """

    def __init__(self, scenarios: Sequence[Scenario], phrasebook: Phrasebook, speech: Speech | None = None) -> None:
        self._speech = speech or Speech()
        # Environments of the same scenario share what is made once.
        shared = {id(s): _Cell.make(s, phrasebook, self._speech) for s in {id(s): s for s in scenarios}.values()}
        self._cells = [shared[id(s)] for s in scenarios]
        self._memory = Memory(scenarios)
        self._histories: list[dict[int, deque[UePast]]] = [{} for _ in scenarios]
        self.unparsed = np.zeros(len(scenarios), dtype=np.int64)
        """[E] sentences that answered the last observation and were no sentences."""

    def observe(self, observation: FollowerObservation) -> list[Request]:
        """One request for each connected UE."""
        self._seen = observation
        recalled = self._memory.observe(observation)
        self._environment = np.repeat(np.arange(len(self._cells)), observation.ue_count).tolist()
        columns = zip(
            self._environment,
            recalled.buffer.tolist(),
            observation.dcm.tolist(),
            observation.ucm_opportunity.tolist(),
            self._remembered(recalled),
            self._histories_of(observation),
            strict=True,
        )
        return [
            Request(
                self._cells[e].prompts.state(buffer, dcm, opportunity, memory, history),
                self._guide(e, buffer, opportunity),
            )
            for e, buffer, dcm, opportunity, memory, history in columns
        ]

    def act(self, sentences: Sequence[str]) -> FollowerAction:
        """Carry out the sentences, one for each UE, that answer the last observation.

        Raises:
            ActionError: a sentence is outside the grammar, and the speech is masked.
        """
        self.unparsed = np.zeros(len(self._cells), dtype=np.int64)
        pairs = zip(self._environment, sentences, strict=True)
        action = np.array([self._parse(e, sentence) for e, sentence in pairs], dtype=np.uint16)
        self._memory.note(self._seen, action)
        return FollowerAction(action)

    def tell(self, action: NDArray[np.uint16]) -> list[str]:
        """Take note of actions, [n], that someone else chose for the last observation; returns their sentences."""
        self._memory.note(self._seen, action)
        return [self._cells[e].pag.print_ue(a) for e, a in zip(self._environment, action.tolist(), strict=True)]

    def longest_states(self) -> list[str]:
        """The longest prompt of each cell, without the instruction."""
        return [cell.longest_state() for cell in self._cells]

    def _remembered(self, recalled: Recollection) -> Iterator[Remembered | bool]:
        """What each UE remembers; see UePrompts.state."""
        columns = (getattr(recalled, f.name).tolist() for f in fields(recalled))
        for e, (dcm, dcm_age, rbg, sent_age, again, tried, deleted, report_age, left, quiet, _, odd) in zip(
            self._environment, zip(*columns, strict=True), strict=True
        ):
            cell = self._cells[e]
            # Where messages are opaque and free, what counts is the last TTI.
            oldest = OLDEST if cell.scheduled else 2
            yield (
                sent_age == 1
                if not cell.remembers
                else Remembered(
                    told=cell.pag.codes.dcm_texts[dcm],
                    told_age=dcm_age if dcm_age < (OLDEST if cell.scheduled else 1) else None,
                    rbg=rbg,
                    sent_age=sent_age if sent_age < oldest else None,
                    again=again and cell.scheduled,
                    tried=tried,
                    deleted=deleted,
                    report_age=report_age if report_age < OLDEST and cell.scheduled else None,
                    left=left if left >= 0 else None,
                    quiet=quiet and cell.scheduled,
                    odd=odd and cell.scheduled,
                )
            )

    def _histories_of(self, observation: FollowerObservation) -> Iterator[Sequence[UePast]]:
        """The TTIs before that each UE is told of."""
        columns = (
            column.tolist()
            for column in (observation.buffer, observation.last_action, observation.last_ucm, observation.dcm)
        )
        for e, ue, *seen in zip(self._environment, observation.ue_id.tolist(), *columns, strict=True):
            cell = self._cells[e]
            if not cell.history_ttis:
                yield ()
                continue
            history = self._histories[e].setdefault(ue, deque(maxlen=cell.history_ttis))
            yield tuple(history)
            history.append(cell.prompts.past(*seen))

    def _guide(self, environment: int, buffer: int, opportunity: int) -> Guide:
        cell, speech = self._cells[environment], self._speech
        if not speech.masked:
            return FreeGuide(cell.vocabulary, cell.rules.phrases.longest)
        return cell.rules.start(
            backlogged=buffer > 0 or not speech.rules.backlog,
            may_report=opportunity > 0 or not speech.rules.opportunity,
        )

    def _parse(self, environment: int, sentence: str) -> int:
        try:
            return self._cells[environment].pag.parse_ue(sentence)
        except ActionError:
            if self._speech.masked:
                raise
            self.unparsed[environment] += 1
            return _SILENT
