# SPDX-License-Identifier: MIT
"""The BS side of a language agent: from observations to requests, and from sentences to DCMs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import dcms
from llmac.agents.engine.backend import Request
from llmac.agents.language.guides import BsGuide
from llmac.agents.language.labels import label_space, random_labels
from llmac.agents.language.ledger import Ledger, Page
from llmac.agents.language.phrases import BsPhrases, Phrasebook
from llmac.agents.language.prompts import Entry, bs_state
from llmac.bridge.envs.observations import LeaderAction, LeaderObservation
from llmac.bridge.pag.codes import bsr_level
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Scenario

_UNCAPPED_LEVELS = 64


@dataclass(frozen=True, slots=True)
class _Turn:
    """What was observed, until it is answered."""

    observation: LeaderObservation
    page: Page
    labels: NDArray[np.int64]
    """[n] of the connected UEs."""


class Leader:
    """The BSs of E environments, for a batch of episodes.

    Args:
        scenarios: [E].
        seeds: [E].
        phrasebook: of the model that speaks.
    """

    def __init__(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64], phrasebook: Phrasebook) -> None:
        self._scenarios = tuple(scenarios)
        self._ledger = Ledger(scenarios, seeds)
        self._spaces = [label_space(s.ue_total) for s in scenarios]
        self._labels = [
            random_labels(seed, s.ue_total, space)
            for s, seed, space in zip(scenarios, seeds.tolist(), self._spaces, strict=True)
        ]
        self._phrases: list[BsPhrases] = [
            phrasebook.bs(space, s.rbgs, s.vocabulary) for s, space in zip(scenarios, self._spaces, strict=True)
        ]

    def observe(self, observation: LeaderObservation) -> list[Request]:
        """One request for each environment."""
        page = self._ledger.observe(observation)
        ends = np.cumsum(observation.ue_count)
        bounds = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
        labels = [of[observation.ue_id[a:b]] for of, (a, b) in zip(self._labels, bounds, strict=True)]
        self._turn = _Turn(observation, page, np.concatenate(labels))
        levels = bsr_level(page.backlog, _UNCAPPED_LEVELS)
        requests: list[Request] = []
        for e, (a, b) in enumerate(bounds):
            state = bs_state(self._scenarios[e], _entries(labels[e], levels[a:b], page.decoded[a:b], page.turn[a:b]))
            connected = np.zeros(self._spaces[e], dtype=np.bool_)
            connected[labels[e]] = True
            decoded = np.zeros(self._spaces[e], dtype=np.bool_)
            decoded[labels[e]] = page.decoded[a:b]
            limit = self._scenarios[e].control.max_dcms_per_tti
            requests.append(Request(state, BsGuide(self._phrases[e], connected, decoded, limit)))
        return requests

    def act(self, sentences: Sequence[str]) -> LeaderAction:
        """Carry out the sentences, one for each environment, that answer the last observation.

        Raises:
            ActionError: a sentence is outside the grammar.
        """
        turn, counts = self._turn, self._turn.observation.ue_count.tolist()
        code = np.zeros(len(turn.labels), dtype=np.int64)
        first = 0
        for scenario, sentence, count in zip(self._scenarios, sentences, counts, strict=True):
            labels = turn.labels[first : first + count].tolist()
            place = {label: first + i for i, label in enumerate(labels)}
            for dcm in Pag(labels, scenario.rbgs, scenario.vocabulary).parse_bs(sentence):
                code[place[dcm.ue]] = dcm.code
            first += count
        self._ledger.note(turn.observation, turn.page, code)
        return dcms(self._ledger.cells, turn.observation, code)

    @property
    def labels(self) -> NDArray[np.int64]:
        """[n] labels of the UEs of the last observation."""
        return self._turn.labels

    def tell(self, code: NDArray[np.int64]) -> list[str]:
        """Take note of DCM codes, [n], that someone else chose for the last observation; returns their sentences."""
        turn, counts = self._turn, self._turn.observation.ue_count.tolist()
        sentences: list[str] = []
        first = 0
        for scenario, count in zip(self._scenarios, counts, strict=True):
            labels = turn.labels[first : first + count].tolist()
            said = zip(labels, code[first : first + count].tolist(), strict=True)
            messages = [Dcm(label, c) for label, c in sorted(said) if c]
            sentences.append(Pag(labels, scenario.rbgs, scenario.vocabulary).print_bs(messages))
            first += count
        self._ledger.note(turn.observation, turn.page, code)
        return sentences


def _entries(
    labels: NDArray[np.int64], levels: NDArray[np.int64], decoded: NDArray[np.bool_], turns: NDArray[np.int64]
) -> list[Entry]:
    """Those UEs of one cell that the BS may have something to say to, in falling order of labels."""
    listed = np.flatnonzero(decoded | (levels > 0))
    order = listed[np.argsort(-labels[listed])]
    columns = (labels[order], levels[order], decoded[order], turns[order])
    return [Entry(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
