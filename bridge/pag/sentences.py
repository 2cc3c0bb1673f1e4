# SPDX-License-Identifier: MIT
"""Sentences of the protocol action grammar: print and parse.

One action has one sentence: what is printed parses to the same action, and what parses is printed the same again.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from llmac.bridge.errors import ActionError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Opaque, Semantic

END = "end"
_CLAUSE = re.compile(r"(?P<text>ack|.+(?= to )) (?:(?<!^ack )to )?(?P<ue>0|[1-9]\d*)")


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
    """

    def __init__(self, ues: Iterable[int], rbgs: int, vocabulary: Semantic | Opaque) -> None:
        self.ues = tuple(sorted(set(ues)))
        self.codes = Codes(rbgs, vocabulary)

    def print_ue(self, action: int) -> str:
        """Sentence of a UE action code, for instance "transmit 3; bsr 2".

        Raises:
            ActionError: there is no such code in this cell.
        """
        access, ucm = self.codes.split(action)
        return f"{self.codes.access_texts[access]}; {self.codes.ucm_texts[ucm]}"

    def parse_ue(self, sentence: str) -> int:
        """UE action code of a sentence.

        Raises:
            ActionError: it is no UE sentence of this cell.
        """
        try:
            return self._ue_actions[sentence]
        except KeyError:
            raise ActionError(
                f"{sentence!r} is no UE sentence; one is 'hold', 'delete' or 'transmit <rbg>', then '; ' and a "
                f"message, with RBGs 0 to {self.codes.rbgs - 1} and the messages {_examples(self.codes.ucm_texts)}"
            ) from None

    def print_bs(self, dcms: Sequence[Dcm]) -> str:
        """Sentence of a BS action, for instance "ack 2; grant 0 to 4; end".

        Raises:
            ActionError: a code is unknown or null, a UE is not connected, or the UEs do not ascend.
        """
        clauses: list[str] = []
        for dcm in dcms:
            self.codes.check_dcm(dcm.code)
            if dcm.code == 0:
                raise ActionError(f"a null DCM to UE {dcm.ue} is not sent; leave it out")
            clauses.append(self.clause(dcm))
        self._check_receivers(dcms)
        return "; ".join([*clauses, END])

    def parse_bs(self, sentence: str) -> tuple[Dcm, ...]:
        """BS action of a sentence.

        Raises:
            ActionError: it is no BS sentence of this cell.
        """
        *clauses, end = sentence.split("; ")
        if end != END:
            raise ActionError(f"{sentence!r} is no BS sentence; its last word is 'end'")
        dcms = tuple(map(self.parse_clause, clauses))
        self._check_receivers(dcms)
        return dcms

    def clause(self, dcm: Dcm) -> str:
        """Print the part of a BS sentence that holds one DCM, for instance "grant 0 to 4" or "ack 2"."""
        text = self.codes.dcm_texts[dcm.code]
        return f"{text} {dcm.ue}" if text == "ack" else f"{text} to {dcm.ue}"

    def parse_clause(self, clause: str) -> Dcm:
        """DCM of one clause; whether its receiver is connected is not checked.

        Raises:
            ActionError: it is no clause of this cell.
        """
        match = _CLAUSE.fullmatch(clause)
        code = self._dcm_codes.get(match["text"]) if match else None
        if match is None or code is None:
            raise ActionError(
                f"{clause!r} is no message of the BS; one is 'ack <ue>' or '<message> to <ue>' with the messages "
                f"{_examples(self.codes.dcm_texts[1:])}"
            )
        return Dcm(int(match["ue"]), code)

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
    def _ue_actions(self) -> dict[str, int]:
        return {self.print_ue(action): action for action in range(self.codes.ue_action_codes)}

    @cached_property
    def _dcm_codes(self) -> dict[str, int]:
        return {text: code for code, text in enumerate(self.codes.dcm_texts) if code != 0}


def _examples(values: Sequence[object]) -> str:
    few = 8
    shown = ", ".join(map(str, values[:few]))
    return f"{shown}, ..., {values[-1]}" if len(values) > few else shown or "none"
