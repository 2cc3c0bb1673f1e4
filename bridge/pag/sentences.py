# SPDX-License-Identifier: MIT
"""The protocol action grammar (PAG) of a cell: print and parse its sentences.

One action has one sentence: what is printed parses to the same action, and what parses is printed the same again.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from llmac.bridge.errors import ActionError
from llmac.bridge.pag import ebnf
from llmac.bridge.pag.codes import Codes
from llmac.bridge.pag.grammar import FIELD, NUMBER, Grammar, shape, standard
from llmac.bridge.scenario import Opaque, Semantic


class Dcm(NamedTuple):
    """A downlink control message: the UE that it goes to and its code, which is not null."""

    ue: int
    code: int


class Pag:
    """The grammar of a cell as it stands: its connected UEs, its RBGs, its vocabulary.

    A UE action is its code; a BS action is a sequence of Dcm, ascending by UE.

    Args:
        ues: ids of the connected UEs.
        rbgs: B.
        vocabulary: of the control messages.
        grammar: how the parties speak; by default as docs/pag.md tells.
    """

    def __init__(
        self, ues: Iterable[int], rbgs: int, vocabulary: Semantic | Opaque, grammar: Grammar | None = None
    ) -> None:
        self.ues = tuple(sorted(set(ues)))
        self.codes = Codes(rbgs, vocabulary)
        self.grammar = grammar or standard()

    def print_ue(self, action: int) -> str:
        """Sentence of a UE action code, for instance "transmit 3; bsr 2".

        Raises:
            ActionError: there is no such code in this cell, or no sentence for it in this grammar.
        """
        access, ucm = (
            parts[code]
            for parts, code in zip(
                (self.codes.access_parts, self.codes.ucm_parts), self.codes.split(action), strict=True
            )
        )
        form = self.grammar.ue.forms.get((access.kind, ucm.kind))
        if form is None:
            raise ActionError(f"the grammar has no sentence for `{access.kind}` with `{ucm.kind}`")
        # Each kind of UCM has one number of its own, under its own name.
        return form.format(rbg=access.number, level=ucm.number, symbol=ucm.number)

    def parse_ue(self, sentence: str) -> int:
        """UE action code of a sentence.

        Raises:
            ActionError: it is no UE sentence of this cell.
        """
        try:
            return self._ue_actions[sentence]
        except KeyError:
            raise ActionError(
                f"{sentence!r} is no UE sentence; one has the form {_examples(self.ue_forms())}, with RBGs 0 to "
                f"{self.codes.rbgs - 1} and the messages {_examples(self.codes.ucm_texts)}"
            ) from None

    def print_bs(self, dcms: Sequence[Dcm]) -> str:
        """Sentence of a BS action, for instance "ack 2; grant 0 to 4; end".

        Raises:
            ActionError: a code is unknown, null or without a sentence, a UE is not connected, or the UEs do not ascend.
        """
        clauses: list[str] = []
        for dcm in dcms:
            self.codes.check_dcm(dcm.code)
            if dcm.code == 0:
                raise ActionError(f"a null DCM to UE {dcm.ue} is not sent; leave it out")
            clauses.append(self.clause(dcm))
        self._check_receivers(dcms)
        return self.join(clauses)

    def parse_bs(self, sentence: str) -> tuple[Dcm, ...]:
        """BS action of a sentence.

        Raises:
            ActionError: it is no BS sentence of this cell.
        """
        dcms = self.parse_clauses(sentence)
        self._check_receivers(dcms)
        return dcms

    def join(self, clauses: Iterable[str]) -> str:
        """The BS sentence of clauses."""
        return self.grammar.bs.separator.join([*clauses, self.grammar.bs.end])

    def parse_clauses(self, sentence: str) -> tuple[Dcm, ...]:
        """DCMs of a BS sentence; whether their receivers are connected is not checked.

        Raises:
            ActionError: it is no BS sentence of this cell.
        """
        *clauses, end = sentence.split(self.grammar.bs.separator)
        if end != self.grammar.bs.end:
            raise ActionError(f"{sentence!r} is no BS sentence; its last word is {self.grammar.bs.end!r}")
        return tuple(map(self.parse_clause, clauses))

    def clause(self, dcm: Dcm) -> str:
        """Print the part of a BS sentence that holds one DCM, for instance "grant 0 to 4" or "ack 2".

        Raises:
            ActionError: there is no sentence for it in this grammar.
        """
        part = self.codes.dcm_parts[dcm.code]
        form = self.grammar.bs.forms.get(part.kind)
        if form is None:
            raise ActionError(f"the grammar has no message for `{part.kind}`")
        return form.format(ue=dcm.ue, rbg=part.number, symbol=part.number)

    def parse_clause(self, clause: str) -> Dcm:
        """DCM of one clause; whether its receiver is connected is not checked.

        Raises:
            ActionError: it is no clause of this cell.
        """
        numbers = NUMBER.findall(clause)
        known = self._dcm_shapes.get(shape(clause))
        if known is not None and all(number == "0" or number[0] != "0" for number in numbers):
            kind, fields = known
            values = dict(zip(fields, map(int, numbers), strict=True))
            ue = values.pop("ue")
            code = self._dcm_codes.get((kind, *values.values()))
            if code is not None:
                return Dcm(ue, code)
        raise ActionError(
            f"{clause!r} is no message of the BS; one has the form {_examples(self.bs_forms())}, with the messages "
            f"{_examples(self.codes.dcm_texts[1:])}"
        )

    def ue_bits(self, action: int) -> int:
        """Length of the UCM of a UE action on the control channel, in bits."""
        return int(self.codes.ucm_bits[self.codes.split(action)[1]])

    def bs_bits(self, dcms: Sequence[Dcm]) -> int:
        """Length of DCMs on the control channel, in bits."""
        return int(sum(self.codes.dcm_bits[dcm.code] for dcm in dcms))

    def ue_forms(self) -> list[str]:
        """Forms of a UE's sentence, for instance "transmit <rbg>; bsr <level>"."""
        return [_shown(form) for (_, ucm), form in self.grammar.ue.forms.items() if ucm in self.codes.ucm_kinds]

    def bs_forms(self) -> list[str]:
        """Forms of a BS's messages, for instance "grant <rbg> to <ue>"."""
        return [_shown(form) for kind, form in self.grammar.bs.forms.items() if kind in self.codes.dcm_kinds]

    def ue_example(self) -> str:
        """A UE's sentence that says as much as one can."""
        return self.print_ue(self.sayable[-1])

    def bs_example(self) -> str:
        """A BS's sentence with two messages, of different kinds if there are."""
        said = self.sayable_dcms
        ues = (2, 5)
        return self.join(self.clause(Dcm(ue, code)) for ue, code in zip(ues, (said[:1] + said[-1:]), strict=False))

    def ebnf(self) -> str:
        """Both languages in the EBNF of ISO/IEC 14977, with the numbers of this cell."""
        codes = self.codes
        sizes = {"RBG": range(codes.rbgs), "UE": self.ues}
        sizes["LEVEL" if isinstance(codes.vocabulary, Semantic) else "SYMBOL"] = range(codes.messages)
        lines = [
            *ebnf.rules(self.grammar.ue.rules, "ue sentence", codes.ucm_kinds | {"hold", "delete", "transmit"}),
            "",
            *ebnf.rules(self.grammar.bs.rules, "bs sentence", codes.dcm_kinds),
            "",
            *(ebnf.numbers(name, values) for name, values in sizes.items()),
        ]
        return "\n".join(lines)

    def _check_receivers(self, dcms: Sequence[Dcm]) -> None:
        connected = set(self.ues)
        for before, dcm in zip([None, *dcms], dcms, strict=False):
            if dcm.ue not in connected:
                raise ActionError(f"UE {dcm.ue} is not connected; the UEs of this cell are {_examples(self.ues)}")
            if before is not None and before.ue >= dcm.ue:
                raise ActionError(
                    f"UE {dcm.ue} after UE {before.ue}: messages go in ascending order of UEs, one to each"
                )

    @cached_property
    def sayable(self) -> tuple[int, ...]:
        """UE action codes that have a sentence in this grammar, ascending."""
        codes, forms = self.codes, self.grammar.ue.forms
        return tuple(
            codes.ue_action(access, ucm)
            for access, a in enumerate(codes.access_parts)
            for ucm, u in enumerate(codes.ucm_parts)
            if (a.kind, u.kind) in forms
        )

    @cached_property
    def sayable_dcms(self) -> tuple[int, ...]:
        """DCM codes that have a sentence in this grammar, ascending; null has none."""
        return tuple(code for code, part in enumerate(self.codes.dcm_parts) if part.kind in self.grammar.bs.forms)

    @cached_property
    def _ue_actions(self) -> dict[str, int]:
        return {self.print_ue(action): action for action in self.sayable}

    @cached_property
    def _dcm_codes(self) -> dict[tuple[str | int, ...], int]:
        parts = enumerate(self.codes.dcm_parts)
        return {(p.kind,) if p.number is None else (p.kind, p.number): code for code, p in parts}

    @cached_property
    def _dcm_shapes(self) -> dict[str, tuple[str, list[str]]]:
        """Kind and order of the numbers, by shape."""
        forms = self.grammar.bs.forms.items()
        return {shape(form): (kind, _fields(form)) for kind, form in forms if kind in self.codes.dcm_kinds}


def _fields(form: str) -> list[str]:
    return [field.strip("{}") for field in FIELD.findall(form)]


def _shown(form: str) -> str:
    return form.replace("{", "<").replace("}", ">")


def _examples(values: Sequence[object]) -> str:
    few = 9
    shown = ", ".join(map(str, values[:few]))
    return f"{shown}, ..., {values[-1]}" if len(values) > few else shown or "none"
