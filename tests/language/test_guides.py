# SPDX-License-Identifier: MIT
"""Masks against enumeration: what a guide lets through is exactly what grammar and rules permit, each in one way."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from llmac.agents.engine.backend import Guide
from llmac.agents.language.guides import BsGuide, UeRules
from llmac.agents.language.phrases import Phrasebook
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic

SEMANTIC = Semantic(bsr_levels=3)
OPAQUE = Opaque(kind="opaque", symbols=12)


def sentences(make: Callable[[], Guide]) -> Iterator[tuple[int, ...]]:
    """All token sequences that a guide lets through."""
    unfinished: list[tuple[tuple[int, ...], Guide]] = [((), make())]
    while unfinished:
        before, guide = unfinished.pop()
        tokens = (*before, *guide.forced)
        assert np.all(np.diff(guide.allowed) > 0)
        assert guide.allowed.size != 1
        unfinished += [((*tokens, token), guide.after(token)) for token in guide.allowed.tolist()]
        if guide.allowed.size == 0:
            yield tokens


@pytest.mark.parametrize("messages", [SEMANTIC, OPAQUE], ids=["semantic", "opaque"])
@pytest.mark.parametrize("rbgs", [1, 2, 11])
@pytest.mark.parametrize("backlogged", [False, True])
@pytest.mark.parametrize("may_report", [False, True])
def test_ue_sentences(
    phrasebook: Phrasebook, messages: Semantic | Opaque, rbgs: int, *, backlogged: bool, may_report: bool
) -> None:
    rules = UeRules(phrasebook.ue(rbgs, messages))
    cell = Pag((), rbgs, messages)
    said = list(sentences(lambda: rules.start(backlogged=backlogged, may_report=may_report)))
    permitted = [
        cell.print_ue(action)
        for action in range(cell.codes.ue_action_codes)
        if (backlogged or action < cell.codes.ucm_codes) and (may_report or action % cell.codes.ucm_codes == 0)
    ]
    assert sorted(phrasebook.vocabulary.decode(tokens) for tokens in said) == sorted(f" {text}" for text in permitted)


def permitted_bs_sentences(cell: Pag, order: list[int], decoded: set[int], limit: int) -> Iterator[str]:
    """By brute force: every choice of a DCM or none for each UE, in the order of naming, that keeps the rules."""
    codes = cell.codes
    for choice in itertools.product(range(codes.dcm_codes), repeat=len(order)):
        messages = [Dcm(ue, code) for ue, code in zip(order, choice, strict=True) if code]
        granted = [int(codes.dcm_rbg[m.code]) for m in messages if codes.dcm_rbg[m.code] >= 0]
        acked = {m.ue for m in messages if codes.dcm_acks[m.code]}
        if len(granted) == len(set(granted)) and acked <= decoded and len(messages) <= (limit or len(order)):
            yield cell.join(map(cell.clause, messages))


@pytest.mark.parametrize("messages", [SEMANTIC, Opaque(kind="opaque", symbols=2)], ids=["semantic", "opaque"])
@pytest.mark.parametrize("limit", [0, 1, 2])
@pytest.mark.parametrize(
    ("ues", "order", "decoded"),
    [
        (100, [4, 0, 31], {4, 31}),
        (100, [7, 6], set[int]()),
        (100, [], set[int]()),
        # Two-digit labels that other labels begin with.
        (1000, [41, 417, 4], {417}),
    ],
)
def test_bs_sentences(
    phrasebook: Phrasebook,
    messages: Semantic | Opaque,
    limit: int,
    ues: int,
    order: list[int],
    decoded: set[int],
) -> None:
    phrases = phrasebook.bs(ues, 2, messages)
    said = list(sentences(lambda: BsGuide.start(phrases, order, decoded, limit)))
    texts = [phrasebook.vocabulary.decode(tokens) for tokens in said]
    permitted = [f" {text}" for text in permitted_bs_sentences(Pag(order, 2, messages), order, decoded, limit)]
    assert sorted(texts) == sorted(permitted)


def test_the_guide_spells_as_the_tokenizer_does(phrasebook: Phrasebook) -> None:
    vocabulary = phrasebook.vocabulary
    rules = UeRules(phrasebook.ue(11, SEMANTIC))
    for tokens in sentences(lambda: rules.start(backlogged=True, may_report=True)):
        assert vocabulary.encode([vocabulary.decode(tokens)])[0] == list(tokens)
