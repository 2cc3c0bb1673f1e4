# SPDX-License-Identifier: MIT
"""The BS side of a language agent: from observations to requests, and from sentences to DCMs.

To its model a BS names UEs by their labels, in the order in which it was shown them; `canonical` gives the sentence of
the grammar, with ids in ascending order, for what it said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmac.agents.baselines.columns import dcms
from llmac.agents.engine.backend import Request
from llmac.agents.language.guides import BsGuide
from llmac.agents.language.labels import SHORT_LABELS, Labels
from llmac.agents.language.ledger import Ledger, Page
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import SHOWN_PER_RBG, BsPrompts, Entry, Style
from llmac.bridge.envs.observations import LeaderAction, LeaderObservation
from llmac.bridge.errors import ActionError
from llmac.bridge.pag.sentences import Dcm
from llmac.bridge.scenario import Scenario


@dataclass(frozen=True, slots=True)
class _Scene:
    """One environment, as its BS sees it in one TTI.

    Attributes:
        first: index of its first UE in the columns.
        ids: of the connected UEs.
        labels: of the same UEs.
        place: of each UE in the order in which they are shown and named.
    """

    first: int
    ids: NDArray[np.uint32]
    labels: NDArray[np.int64]
    place: NDArray[np.int64]


class Leader:
    """The BSs of E environments, for a batch of episodes.

    Args:
        scenarios: [E].
        seeds: [E].
        phrasebook: of the model that speaks.
        label_spaces: [E] labels are below these numbers as long as that is enough; by default they are short.
        style: how the prompts are worded.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        seeds: NDArray[np.uint64],
        phrasebook: Phrasebook,
        label_spaces: Sequence[int] | None = None,
        style: Style = Style.COMPACT,
    ) -> None:
        self._scenarios = tuple(scenarios)
        prompts = {id(s): BsPrompts(s, style) for s in scenarios}
        self._prompts = [prompts[id(s)] for s in scenarios]
        self._ledger = Ledger(scenarios, seeds)
        self._grammars = [phrasebook.pag(s.rbgs, s.vocabulary) for s in scenarios]
        spaces = label_spaces or [SHORT_LABELS] * len(scenarios)
        self._labels = [Labels(seed, space) for seed, space in zip(seeds.tolist(), spaces, strict=True)]
        self._phrasebook = phrasebook
        for scenario, space in zip(scenarios, spaces, strict=True):
            # What the tokenizer cannot express is told before the first TTI.
            phrasebook.bs(space, scenario.rbgs, scenario.vocabulary)

    def observe(self, observation: LeaderObservation) -> list[Request]:
        """One request for each environment."""
        page = self._ledger.observe(observation)
        self._seen = (observation, page)
        self._scenes = list(self._make_scenes(observation, page))
        return [self._request(e, page) for e in range(len(self._scenes))]

    def act(self, sentences: Sequence[str]) -> LeaderAction:
        """Carry out the sentences, one for each environment, that answer the last observation.

        Raises:
            ActionError: a sentence is outside the grammar.
        """
        observation, page = self._seen
        code = np.zeros(len(observation.ue_id), dtype=np.int64)
        for e, (scene, sentence) in enumerate(zip(self._scenes, sentences, strict=True)):
            for ue, dcm in self._parse(e, sentence).items():
                code[scene.first + ue] = dcm
        self._ledger.note(page, code)
        return dcms(self._ledger.cells, observation, code)

    def tell(self, code: NDArray[np.int64]) -> list[str]:
        """Take note of DCM codes, [n], that someone else chose for the last observation; returns their sentences."""
        self._ledger.note(self._seen[1], code)
        return [self._say(e, code[s.first : s.first + len(s.ids)]) for e, s in enumerate(self._scenes)]

    def canonical(self, environment: int, sentence: str) -> str:
        """The sentence of the grammar for what a BS said to the last observation.

        Raises:
            ActionError: that is outside the grammar.
        """
        ids = self._scenes[environment].ids.tolist()
        said = self._parse(environment, sentence)
        grammar = self._grammars[environment]
        return grammar.join(grammar.clause(Dcm(ids[ue], said[ue])) for ue in sorted(said))

    def _make_scenes(self, observation: LeaderObservation, page: Page) -> Iterator[_Scene]:
        ends = np.cumsum(observation.ue_count).tolist()
        for of, first, last in zip(self._labels, [0, *ends], ends, strict=False):
            ids = observation.ue_id[first:last]
            yield _Scene(first, ids, of.of(ids), page.order[first:last])

    def _request(self, environment: int, page: Page) -> Request:
        scene, scenario = self._scenes[environment], self._scenarios[environment]
        phrases = self._phrasebook.bs(self._labels[environment].space, scenario.rbgs, scenario.vocabulary)
        here = slice(scene.first, scene.first + len(scene.ids))
        decoded, turn = page.seen.decoded[here], page.turn[here]
        waiting = (turn >= 0) & (turn < SHOWN_PER_RBG * scenario.rbgs)
        shown = np.argsort(scene.place)[: np.count_nonzero(decoded | waiting)]
        columns = (column[shown].tolist() for column in (scene.labels, page.level[here], decoded, turn))
        state = self._prompts[environment].state([Entry(*row) for row in zip(*columns, strict=True)])
        place = np.full(phrases.ues, -1)
        place[scene.labels] = scene.place
        was_decoded = np.zeros(phrases.ues, dtype=np.bool_)
        was_decoded[scene.labels] = decoded
        return Request(state, BsGuide(phrases, place, was_decoded, scenario.control.max_dcms_per_tti))

    def _say(self, environment: int, code: NDArray[np.int64]) -> str:
        """Sentence for the DCM code of each UE of an environment."""
        scene, grammar = self._scenes[environment], self._grammars[environment]
        named = np.flatnonzero(code)
        named = named[np.argsort(scene.place[named])]
        messages = zip(scene.labels[named].tolist(), code[named].tolist(), strict=True)
        return grammar.join(grammar.clause(Dcm(*message)) for message in messages)

    def _parse(self, environment: int, sentence: str) -> dict[int, int]:
        """DCM code by index of the UE in its environment."""
        index = {label: i for i, label in enumerate(self._scenes[environment].labels.tolist())}
        said: dict[int, int] = {}
        for message in self._grammars[environment].parse_clauses(sentence):
            ue = index.get(message.ue)
            if ue is None or ue in said:
                raise ActionError(f"{sentence!r} names {message.ue}, which is not connected or was named before")
            said[ue] = message.code
        return said
