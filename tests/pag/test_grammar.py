# SPDX-License-Identifier: MIT
"""Grammars of users: what they can say, and what is refused in words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmac.bridge.errors import ActionError, GrammarError
from llmac.bridge.pag import grammar
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic

UE = """
// The message first; no data is ever deleted; each number once.
start: report " - " [please] access
report: "quiet" -> null | "help" -> sr | "have " LEVEL -> bsr | "sign " SYMBOL -> symbol
please: "please "
access: "wait" -> hold | send
send: "use block " RBG -> transmit
"""
UE_WITHOUT_PLEASE = UE.replace("[please] ", "").replace('please: "please "', "")
BS = """
start: (order ", ") * "over"
order: "device " UE " may use block " RBG -> grant
    | ACK UE -> ack
    | "symbol " SYMBOL " for device " UE -> symbol
ACK: "got it from "
"""
SEMANTIC, OPAQUE = Semantic(bsr_levels=6), Opaque(kind="opaque", symbols=12)


@pytest.fixture
def own() -> grammar.Grammar:
    return grammar.Grammar(grammar.ue_grammar(UE_WITHOUT_PLEASE), grammar.bs_grammar(BS))


def test_how_sentences_look(own: grammar.Grammar) -> None:
    cell = Pag([2, 4], 3, SEMANTIC, own)
    assert cell.print_ue(cell.codes.ue_action(4, 5)) == "have 3 - use block 2"
    assert cell.parse_ue("quiet - wait") == 0
    assert cell.print_bs([Dcm(2, 1), Dcm(4, 3)]) == "got it from 2, device 4 may use block 1, over"
    assert cell.parse_bs("device 2 may use block 0, over") == (Dcm(2, 2),)
    assert Pag([7], 3, OPAQUE, own).print_bs([Dcm(7, 12)]) == "symbol 11 for device 7, over"


@pytest.mark.parametrize("vocabulary", [SEMANTIC, OPAQUE], ids=["semantic", "opaque"])
@given(rbgs=st.integers(1, 128), ues=st.sets(st.integers(0, 4095), min_size=1, max_size=64), data=st.data())
def test_every_action_that_has_a_sentence_round_trips(
    vocabulary: Semantic | Opaque, rbgs: int, ues: set[int], data: st.DataObject
) -> None:
    own = grammar.Grammar(grammar.ue_grammar(UE_WITHOUT_PLEASE), grammar.bs_grammar(BS))
    cell = Pag(ues, rbgs, vocabulary, own)
    action = data.draw(st.sampled_from(cell.sayable))
    sentence = cell.print_ue(action)
    assert cell.parse_ue(sentence) == action
    assert cell.print_ue(cell.parse_ue(sentence)) == sentence
    receivers = sorted(data.draw(st.sets(st.sampled_from(cell.ues))))
    dcms = [Dcm(ue, data.draw(st.sampled_from(cell.sayable_dcms))) for ue in receivers]
    assert list(cell.parse_bs(cell.print_bs(dcms))) == dcms
    assert cell.print_bs(cell.parse_bs(cell.print_bs(dcms))) == cell.print_bs(dcms)


def test_what_it_cannot_say_is_told(own: grammar.Grammar) -> None:
    cell = Pag([2], 3, SEMANTIC, own)
    with pytest.raises(ActionError, match="the grammar has no sentence for `delete` with `null`"):
        cell.print_ue(cell.codes.ue_action(1, 0))
    with pytest.raises(ActionError, match="the grammar has no message for `ack_grant`"):
        cell.print_bs([Dcm(2, 5)])
    with pytest.raises(ActionError, match="'delete; null' is no UE sentence; one has the form quiet - wait, "):
        cell.parse_ue("delete; null")
    with pytest.raises(ActionError, match="is no message of the BS"):
        cell.parse_bs("device 2 may use block 00, over")


def test_the_standard_grammar_is_a_file_like_any_other(tmp_path: Path) -> None:
    for role in ("ue", "bs"):
        source = Path(grammar.__file__).with_name(f"{role}.lark")
        (tmp_path / f"{role}.lark").write_text(source.read_text())
    assert grammar.read(tmp_path / "ue.lark", tmp_path / "bs.lark") == grammar.standard()
    assert grammar.read() == grammar.standard()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("start: (", "line 1, column 9: this is not Lark's syntax"),
        ("begin: access", "the rule `start` is missing"),
        ("%ignore A", "no % directives"),
        ('start: "a"\nstart: "b"', "start is defined twice"),
        ("start: access", "the rule access is missing, or refers to itself"),
        ('start: "a" start', "the rule start is missing, or refers to itself"),
        ('start: "a"*', r"\* can stand in the rule `start` of a BS only"),
        ('start: "a"+', r"\+ cannot stand"),
        ('start: "a"~2', "cannot stand in a protocol action grammar"),
        ("start: /a|b/", "/a|b/: write texts as plain strings"),
        ('start: "a"i', "write texts as plain strings"),
        ('start: "a".."c"', "literal_range cannot stand"),
        ('start: "go {rbg}" -> transmit', "write a number of the cell without quotes"),
        ('start: "go" -> fly', "'go' stands for fly; a sentence of a UE stands for one of hold, delete, transmit and"),
        ('start: a b\na: "a" -> hold\nb: "b" -> delete', "'ab' stands for hold, delete"),
        ('start: "go" -> transmit', "'go' has the numbers nothing; what it stands for needs rbg"),
        ('start: "stay " RBG -> hold', "has the numbers rbg; what it stands for needs nothing"),
        ('start: "stay" | "go " RBG -> transmit | "run " RBG -> transmit', "one action has one sentence"),
        ('start: "stay" -> hold | "stay" -> delete', "one sentence is one action"),
        ('start: "stay" | "go 4 " RBG -> transmit', "without digits"),
        ('start: "stay" | a b\na: "go " RBG -> transmit\nb: LEVEL -> bsr', "without digits"),
        ('start: "stay" | "x " RBG -> transmit | "x " LEVEL -> bsr', "differ in the meaning of a number only"),
        ('start: " stay"', "no space before or after it"),
        ('start: "stay" | "{" -> delete', "braces"),
        ('start: "go " RBG -> transmit', "there is no sentence for `hold` and `null`"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "ue.lark"
    path.write_text(text)
    with pytest.raises(GrammarError, match=reason) as refused:
        grammar.read(ue=path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('start: "end"', r'has the form \(message "; "\)\* "end"'),
        ('start: (m " ")* "end"\nm: "a " UE -> ack', "begin with a punctuation mark and to end with a space"),
        ('start: (m ";")* "end"\nm: "a " UE -> ack', "begin with a punctuation mark and to end with a space"),
        ('start: (m "; ")* "end"\nm: "ack" -> ack', "has the numbers nothing; what it stands for needs ue"),
        ('start: (m "; ")* "end"\nm: "a " UE', "'a {ue}' stands for nothing; a message of the BS stands for one of"),
        ('start: (m "; ")* "end"\nm: "ending " UE -> ack', "begins like the end"),
        ('start: (m "; ")* "end"\nm: "a; " UE -> ack', "holds ';', which ends a message"),
        ('start: (m "; ")* " "\nm: "a " UE -> ack', "no space before or after it"),
    ],
)
def test_a_grammar_of_a_bs_that_cannot_be_used(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bs.lark"
    path.write_text(text)
    with pytest.raises(GrammarError, match=reason):
        grammar.read(bs=path)


def test_a_missing_file() -> None:
    with pytest.raises(GrammarError, match=r"nowhere.lark: the grammar cannot be read"):
        grammar.read(bs=Path("nowhere.lark"))
    with pytest.raises(GrammarError, match="one action has one sentence"):
        grammar.ue_grammar(UE)
