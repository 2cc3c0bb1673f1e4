# SPDX-License-Identifier: MIT
"""Guesses of sentences: what was said before is said again, and to new prompts it is put together."""

import pytest

from llmac.agents.engine import draft as draft_module
from llmac.agents.engine.draft import Draft
from llmac.agents.engine.sentence import Node
from llmac.agents.language.guides import BsGuide
from llmac.agents.language.phrases import Phrasebook
from llmac.bridge.scenario import Semantic

SEMANTIC = Semantic(bsr_levels=6)


class Leading:
    """A BS of 4 RBGs and what it says."""

    def __init__(self, phrasebook: Phrasebook) -> None:
        self._vocabulary = phrasebook.vocabulary
        self._phrases = phrasebook.bs(100, 4, SEMANTIC)
        self.draft = Draft(phrasebook.vocabulary.texts)

    def guess(self, state: str, order: list[int], decoded: list[int], said: str = "") -> str:
        """The sentence up to the last choice that is guessed to come."""
        node = Node(BsGuide.start(self._phrases, order, decoded))
        (tokens,) = self._vocabulary.encode([said])
        while len(node.tokens) < len(tokens):
            node = node.after(tokens[len(node.tokens)])
        (prompt,) = self._vocabulary.encode([state])
        nodes = self.draft.guess(state, prompt, node)
        return self._vocabulary.decode(nodes[-1].tokens) if nodes else said

    def learn(self, state: str, sentence: str) -> None:
        prompt, tokens = self._vocabulary.encode([state, f" {sentence}"])
        self.draft.learn(state, prompt, tuple(tokens), guessed=False)


def test_numbers_are_taken_from_where_they_stood_in_the_prompt(phrasebook: Phrasebook) -> None:
    bs = Leading(phrasebook)
    assert not bs.guess(" 4 got 33 wait 84 3 18 2:", [33, 84, 18], [33])
    for ack, one, two, level in ((33, 84, 18, 3), (9, 51, 7, 5), (60, 22, 70, 1), (61, 23, 71, 2)):
        bs.learn(f" 4 got {ack} wait {one} {level} {two} 2:", f"ack {ack}; grant 0 to {one}; grant 1 to {two}; end")
        bs.learn(f" 4 got {two} {ack} wait {one} {level}:", f"ack {two}; ack {ack}; grant 0 to {one}; end")
    # The last choice is that of an RBG; there is one UE left for it.
    assert bs.guess(" 4 got 12 wait 62 6 40 7:", [12, 62, 40], [12]) == " ack 12; grant 0 to 62; grant"
    # A prompt that reads like none before, and a sentence that goes on otherwise than was guessed.
    longer = " 4 got 12 15 wait 62 6 40 7 41 7:"
    guess = bs.guess(longer, [12, 15, 62, 40, 41], [12, 15])
    assert guess.startswith(" ack 12; ack 15; grant 0 to 62; grant 1 to 40;")
    guess = bs.guess(longer, [12, 15, 62, 40, 41], [12, 15], " ack 12; ack 15; grant 2 to 62; grant")
    assert guess.startswith(" ack 12; ack 15; grant 2 to 62; grant 3 to 40;")


def test_what_was_said_last_to_a_prompt_is_said_again(phrasebook: Phrasebook) -> None:
    bs = Leading(phrasebook)
    state = " 4 wait 84 3 18 2 17 2:"
    for rbg in range(4):
        bs.learn(state, f"grant {rbg} to 18; end")
        assert bs.guess(state, [84, 18, 17], []) == f" grant {rbg} to 18;"
        # Another prompt that reads alike does not bring the same labels.
        assert " 18" not in bs.guess(" 4 wait 84 3 71 2 17 2:", [84, 71, 17], [])


def test_what_is_not_allowed_is_not_guessed(phrasebook: Phrasebook) -> None:
    bs = Leading(phrasebook)
    bs.learn(" 4 got 33:", "ack 33; end")
    assert not bs.guess(" 4 got 33:", [33], [])


def test_drafts_are_bounded(phrasebook: Phrasebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_module, "_MOST", 5)
    bs = Leading(phrasebook)
    known = 0
    for label in range(20):
        bs.learn(f" 4 wait {label} 1:", f"grant 0 to {label}; end")
        known = sum(bool(bs.guess(f" 4 wait {n} 1:", [n, 99], [])) for n in range(20))
    assert known > 0
    assert len(bs.draft.sources) <= 5 + 20
