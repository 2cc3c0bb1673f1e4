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
from llmac.agents.language.diary import Diary
from llmac.agents.language.guides import BsGuide, FreeGuide
from llmac.agents.language.labels import FIRST_LABEL, SHORT_LABELS, Labels
from llmac.agents.language.ledger import PERIOD, Ledger, Page
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import SHOWN_PER_RBG, BsPast, BsPrompts, Entry, Heard, News, Slots
from llmac.agents.language.speech import Speech
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

    @property
    def ues(self) -> slice:
        """Its UEs in the columns."""
        return slice(self.first, self.first + len(self.ids))


_MOST = 99
"""As long as a level or a place in the round can be, in digits."""


class Leader:
    """The BSs of E environments, for a batch of episodes.

    Args:
        scenarios: [E].
        seeds: [E].
        phrasebook: of the model that speaks.
        speech: how it does.
        label_spaces: [E] labels are below these numbers as long as that is enough; by default they are short.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        seeds: NDArray[np.uint64],
        phrasebook: Phrasebook,
        speech: Speech | None = None,
        label_spaces: Sequence[int] | None = None,
    ) -> None:
        self._scenarios = tuple(scenarios)
        self._speech = speech or Speech()
        self._ledger = Ledger(scenarios, seeds)
        self._diary = Diary(scenarios)
        self._grammars = [phrasebook.pag(s.rbgs, s.vocabulary) for s in scenarios]
        # Environments of the same scenario share what is made once.
        shared = {
            id(s): BsPrompts(s, self._speech.style, pag) for s, pag in zip(scenarios, self._grammars, strict=True)
        }
        self._prompts = [shared[id(s)] for s in scenarios]
        spaces = label_spaces or [SHORT_LABELS] * len(scenarios)
        self._labels = [Labels(seed, space) for seed, space in zip(seeds.tolist(), spaces, strict=True)]
        for scenario, space in zip(scenarios, spaces, strict=True):
            # What the tokenizer cannot express is told before the first TTI.
            phrasebook.bs(space, scenario.rbgs, scenario.vocabulary)
        self._phrasebook = phrasebook
        self.unparsed = np.zeros(len(scenarios), dtype=np.int64)
        """[E] sentences that answered the last observation and were no sentences."""

    def observe(self, observation: LeaderObservation) -> list[Request]:
        """One request for each environment."""
        page = self._ledger.observe(observation)
        self._seen = (observation, page)
        self._scenes = list(self._make_scenes(observation, page))
        return [self._request(e, page) for e in range(len(self._scenes))]

    def act(self, sentences: Sequence[str]) -> LeaderAction:
        """Carry out the sentences, one for each environment, that answer the last observation.

        Raises:
            ActionError: a sentence is outside the grammar, and the speech is masked.
        """
        observation, _ = self._seen
        code = np.zeros(len(observation.ue_id), dtype=np.int64)
        self.unparsed = np.zeros(len(self._scenes), dtype=np.int64)
        for e, (scene, sentence) in enumerate(zip(self._scenes, sentences, strict=True)):
            for ue, dcm in self._understood(e, sentence).items():
                code[scene.first + ue] = dcm
        self._note(code, sentences)
        return dcms(self._ledger.cells, observation, code)

    def tell(self, code: NDArray[np.int64]) -> list[str]:
        """Take note of DCM codes, [n], that someone else chose for the last observation; returns their sentences."""
        sentences = [self._say(e, code[scene.ues]) for e, scene in enumerate(self._scenes)]
        self._note(code, sentences)
        return sentences

    @property
    def labels(self) -> NDArray[np.int64]:
        """[n] labels of the UEs of the last observation."""
        return np.concatenate([scene.labels for scene in self._scenes])

    def canonical(self, environment: int, sentence: str) -> str:
        """The sentence of the grammar for what a BS said to the last observation, with ids in ascending order.

        Raises:
            ActionError: that is outside the grammar, and the speech is masked.
        """
        ids = self._scenes[environment].ids.tolist()
        said = self._understood(environment, sentence)
        grammar = self._grammars[environment]
        return grammar.join(grammar.clause(Dcm(ids[ue], said[ue])) for ue in sorted(said))

    def longest_states(self) -> list[str]:
        """A prompt of each cell as long as one can be, without the instruction."""
        return [self._longest_state(e) for e in range(len(self._scenarios))]

    def _longest_state(self, environment: int) -> str:
        scenario = self._scenarios[environment]
        ues, rbgs = scenario.most_connected, scenario.rbgs
        # Each RBG can bring one that was heard or lost, besides those that can be granted it.
        shown = min(ues, (SHOWN_PER_RBG + 1) * rbgs)
        label = 10 ** len(str(max(SHORT_LABELS, ues + FIRST_LABEL) - 1)) - 1
        entries = [Entry(label, News.WAITS, _MOST), Entry(label, News.MORE, _MOST)] * rbgs
        pag = self._grammars[environment]
        heard = Heard(label, pag.codes.ucm_texts[-1])
        messages = [pag.clause(Dcm(label, pag.sayable_dcms[-1]))] * shown if pag.sayable_dcms else []
        past = BsPast(("undecodable",) * rbgs, (heard,) * ues, pag.join(messages))
        slots = Slots((rbgs - 1,) * rbgs, (rbgs - 1,) * rbgs, odd=True)
        return self._prompts[environment].state(entries[:shown], slots, [past] * scenario.history_ttis)

    def _make_scenes(self, observation: LeaderObservation, page: Page) -> Iterator[_Scene]:
        ends = np.cumsum(observation.ue_count).tolist()
        for of, first, last in zip(self._labels, [0, *ends], ends, strict=False):
            ids = observation.ue_id[first:last]
            yield _Scene(first, ids, of.of(ids), page.order[first:last])

    def _request(self, environment: int, page: Page) -> Request:
        scene, scenario = self._scenes[environment], self._scenarios[environment]
        phrases = self._phrasebook.bs(self._labels[environment].space, scenario.rbgs, scenario.vocabulary)
        here, rules = scene.ues, self._speech.rules
        entries = self._entries(environment, page)
        state = self._prompts[environment].state(entries, self._slots(environment, page), self._diary.of(environment))
        if not self._speech.masked:
            return Request(state, FreeGuide(self._phrasebook.vocabulary, (len(entries) + 1) * phrases.longest))
        order = scene.labels[np.argsort(scene.place)].tolist()
        decoded = scene.labels[page.seen.decoded[here]].tolist() if rules.ack_decoded else order
        limit = scenario.control.max_dcms_per_tti if rules.dcm_limit else 0
        return Request(state, BsGuide.start(phrases, order, decoded, limit, grant_once=rules.grant_once))

    def _entries(self, environment: int, page: Page) -> list[Entry]:
        """The UEs that a BS is told of."""
        scene = self._scenes[environment]
        here, room = scene.ues, SHOWN_PER_RBG * self._scenarios[environment].rbgs
        heard, turn, failed, idle = page.heard[here], page.turn[here], page.failed[here], page.idle[here]
        waits = (turn >= 0) & (turn < room)
        hoped = (idle >= 0) & (idle < room - np.count_nonzero(turn >= 0))
        news = np.select(
            [heard & (turn >= 0), heard, waits, failed >= 0, hoped],
            [News.MORE, News.GOT, News.WAITS, News.LOST, News.IDLE],
            default="",
        )
        number = np.where(failed >= 0, failed, page.level[here])
        shown = np.argsort(scene.place)
        shown = shown[news[shown] != ""]
        columns = (column[shown].tolist() for column in (scene.labels, news, number))
        return [Entry(label, News(what), n) for label, what, n in zip(*columns, strict=True)]

    def _slots(self, environment: int, page: Page) -> Slots | None:
        """The RBGs that a BS is told of, where grants are leases."""
        if not self._ledger.scheduled[environment]:
            return None
        first = int(self._ledger.cells.rbg_start[environment])
        here = slice(first, first + self._scenarios[environment].rbgs)
        now, later = (tuple(np.flatnonzero(free[here]).tolist()) for free in (page.free, page.free_next))
        return Slots(now, later, odd=page.seen.tti % PERIOD == 1)

    def _note(self, code: NDArray[np.int64], sentences: Sequence[str]) -> None:
        observation, page = self._seen
        self._ledger.note(page, code)
        for e, (scene, sentence) in enumerate(zip(self._scenes, sentences, strict=True)):
            self._diary.note(e, observation, scene.ues, scene.labels, sentence)

    def _say(self, environment: int, code: NDArray[np.int64]) -> str:
        """Sentence for the DCM code of each UE of an environment."""
        scene, grammar = self._scenes[environment], self._grammars[environment]
        named = np.flatnonzero(code)
        named = named[np.argsort(scene.place[named])]
        messages = zip(scene.labels[named].tolist(), code[named].tolist(), strict=True)
        return grammar.join(grammar.clause(Dcm(*message)) for message in messages)

    def _understood(self, environment: int, sentence: str) -> dict[int, int]:
        """DCM code by index of the UE in its environment; none if a free speaker said no sentence."""
        try:
            return self._parse(environment, sentence)
        except ActionError:
            if self._speech.masked:
                raise
            self.unparsed[environment] = 1
            return {}

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
