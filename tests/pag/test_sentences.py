# SPDX-License-Identifier: MIT
"""Sentences: every action of random cells goes to a sentence and back; everything else is refused in words."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmac.bridge.errors import ActionError
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic

vocabularies = st.one_of(
    st.integers(2, 64).map(lambda levels: Semantic(bsr_levels=levels)),
    st.integers(1, 64).map(lambda symbols: Opaque(kind="opaque", symbols=symbols)),
)
cells = st.builds(Pag, st.sets(st.integers(0, 4095), min_size=1, max_size=64), st.integers(1, 128), vocabularies)


@st.composite
def bs_actions(draw: st.DrawFn) -> tuple[Pag, list[Dcm]]:
    cell = draw(cells)
    receivers = draw(st.sets(st.sampled_from(cell.ues)))
    return cell, [Dcm(ue, draw(st.integers(1, cell.codes.dcm_codes - 1))) for ue in sorted(receivers)]


# 100 UE actions and a BS sentence from each of 100 random cells: 10,000 actions.
@settings(max_examples=100, deadline=None)
@given(cells, st.lists(st.floats(0, 1, exclude_max=True), min_size=100, max_size=100))
def test_ue_actions_round_trip(cell: Pag, draws: list[float]) -> None:
    for draw in draws:
        action = int(draw * cell.codes.ue_action_codes)
        sentence = cell.print_ue(action)
        assert cell.parse_ue(sentence) == action
        assert cell.print_ue(cell.parse_ue(sentence)) == sentence
        assert cell.codes.ue_action(*cell.codes.split(action)) == action


@settings(max_examples=500, deadline=None)
@given(bs_actions())
@example((Pag([0], 1, Semantic(bsr_levels=6)), []))
def test_bs_actions_round_trip(case: tuple[Pag, list[Dcm]]) -> None:
    cell, action = case
    sentence = cell.print_bs(action)
    assert list(cell.parse_bs(sentence)) == action
    assert cell.print_bs(cell.parse_bs(sentence)) == sentence


@settings(max_examples=500)
@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789 ;"), max_size=40))
def test_what_parses_is_printed_the_same(text: str) -> None:
    cell = Pag([0, 1, 2], 2, Semantic(bsr_levels=6))
    for parse, show in ((cell.parse_ue, cell.print_ue), (cell.parse_bs, cell.print_bs)):
        try:
            action = parse(text)
        except ActionError:
            continue
        assert show(action) == text  # pyright: ignore[reportArgumentType] (each parser with its own printer)


def test_how_sentences_look() -> None:
    cell = Pag([2, 4, 5], 4, Semantic(bsr_levels=6))
    assert cell.print_ue(44) == "transmit 3; bsr 2"
    assert cell.print_ue(0) == "hold; null"
    assert cell.print_ue(9) == "delete; sr"
    assert cell.print_bs([Dcm(2, 1), Dcm(4, 2), Dcm(5, 7)]) == "ack 2; grant 0 to 4; ack grant 1 to 5; end"
    assert cell.print_bs([]) == "end"
    opaque = Pag([3], 4, Opaque(kind="opaque", symbols=3))
    assert opaque.print_ue(3) == "hold; m2"
    assert opaque.print_bs([Dcm(3, 2)]) == "m1 to 3; end"


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("", "its last word is 'end'"),
        ("ack 2", "its last word is 'end'"),
        ("ack 2;end", "its last word is 'end'"),
        ("end; end", "'end' is no message"),
        ("ack to 2; end", "'ack to 2' is no message"),
        ("grant 0 2; end", "'grant 0 2' is no message"),
        ("grant 4 to 2; end", "'grant 4 to 2' is no message"),
        ("grant 0 to 02; end", "'grant 0 to 02' is no message"),
        ("null to 2; end", "'null to 2' is no message"),
        ("m1 to 2; end", "'m1 to 2' is no message"),
        ("ack 3; end", "UE 3 is not connected; the UEs of this cell are 2, 4, 5"),
        ("ack 4; ack 2; end", "UE 2 after UE 4"),
        ("ack 4; grant 0 to 4; end", "UE 4 after UE 4"),
    ],
)
def test_a_malformed_bs_sentence_is_refused(sentence: str, reason: str) -> None:
    with pytest.raises(ActionError, match=reason):
        Pag([2, 4, 5], 4, Semantic(bsr_levels=6)).parse_bs(sentence)


@pytest.mark.parametrize(
    "sentence", ["", "hold", "hold;null", "transmit 4; null", "transmit 03; null", "hold; m0", "hold; bsr 6"]
)
def test_a_malformed_ue_sentence_is_refused(sentence: str) -> None:
    with pytest.raises(ActionError, match=f"{sentence!r} is no UE sentence"):
        Pag([], 4, Semantic(bsr_levels=6)).parse_ue(sentence)


def test_actions_without_a_sentence_are_refused() -> None:
    cell = Pag([2], 4, Semantic(bsr_levels=6))
    with pytest.raises(ActionError, match="leave it out"):
        cell.print_bs([Dcm(2, 0)])
    with pytest.raises(ActionError, match="not connected"):
        cell.print_bs([Dcm(1, 1)])
