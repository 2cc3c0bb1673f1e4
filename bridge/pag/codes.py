# SPDX-License-Identifier: MIT
"""Binary form of protocol actions: codes, what they mean, and their length on the control channel.

The numbers are those of proto/llmac/v1/codes.proto. A code's *text* is its fragment of a sentence ("transmit 3",
"bsr 2", "ack grant 0"); tables of texts are all that the grammar needs to print and to parse.
"""

from functools import cached_property
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.errors import ActionError
from llmac.bridge.scenario import Opaque, Semantic
from llmac.v1 import codes_pb2


class Part(NamedTuple):
    """What a code stands for: a kind, by its name in the grammar's Lark files, and its number, if it has one."""

    kind: str
    number: int | None = None

    @property
    def text(self) -> str:
        """For instance "transmit 3", "ack grant 0", "m1"."""
        if self.number is None:
            return self.kind
        return f"m{self.number}" if self.kind == "symbol" else f"{self.kind.replace('_', ' ')} {self.number}"


class Codes:
    """The code tables of a cell with B RBGs.

    Attributes:
        rbgs: B.
        vocabulary: of the control messages.
        bsr_levels: L, levels of a `bsr`; 0 with opaque messages.
        messages: L, or with opaque messages K.
        access_parts: [B + 2] what each access code stands for.
        ucm_parts: what each UCM code stands for.
        dcm_parts: what each DCM code stands for, without its receiver.
        access_texts, ucm_texts, dcm_texts: the same as texts.
        ucm_bits: UINT32, length of each UCM on the control channel in bits.
        dcm_bits: UINT32, length of each DCM in bits.
    """

    def __init__(self, rbgs: int, vocabulary: Semantic | Opaque) -> None:
        self.rbgs = rbgs
        self.vocabulary = vocabulary
        self.access_parts = (Part("hold"), Part("delete"), *_numbered("transmit", rbgs))
        match vocabulary:
            case Semantic(bsr_levels=levels):
                self.bsr_levels = self.messages = levels
                self.ucm_parts = (Part("null"), Part("sr"), *_numbered("bsr", levels))
                self.dcm_parts = (Part("null"), Part("ack"), *_numbered("grant", rbgs), *_numbered("ack_grant", rbgs))
                ucm_bits = [0, 1] + [1 + _bits(levels)] * levels
                dcm_bits = [0, 2] + [2 + _bits(rbgs)] * (2 * rbgs)
            case Opaque(symbols=symbols):
                self.bsr_levels, self.messages = 0, symbols
                self.ucm_parts = self.dcm_parts = (Part("null"), *_numbered("symbol", symbols))
                ucm_bits = dcm_bits = [0] + [max(1, _bits(symbols))] * symbols
        self.access_texts, self.ucm_texts, self.dcm_texts = (
            tuple(part.text for part in parts) for parts in (self.access_parts, self.ucm_parts, self.dcm_parts)
        )
        self.ucm_bits = np.array(ucm_bits, dtype=np.uint32)
        self.dcm_bits = np.array(dcm_bits, dtype=np.uint32)

    @property
    def access_codes(self) -> int:
        """Number of access codes."""
        return len(self.access_texts)

    @property
    def ucm_codes(self) -> int:
        """Number of UCM codes."""
        return len(self.ucm_texts)

    @property
    def ue_action_codes(self) -> int:
        """Number of UE action codes."""
        return self.access_codes * self.ucm_codes

    @property
    def dcm_codes(self) -> int:
        """Number of DCM codes."""
        return len(self.dcm_texts)

    def ue_action(self, access: int, ucm: int) -> int:
        """UE action code of an access code and a UCM code.

        Raises:
            ActionError: one of them is out of range.
        """
        _check("access", access, self.access_codes)
        _check("UCM", ucm, self.ucm_codes)
        return access * self.ucm_codes + ucm

    def split(self, ue_action: int) -> tuple[int, int]:
        """Access code and UCM code of a UE action code.

        Raises:
            ActionError: it is out of range.
        """
        _check("UE action", ue_action, self.ue_action_codes)
        return divmod(ue_action, self.ucm_codes)

    def check_dcm(self, dcm: int) -> None:
        """Raise ActionError if `dcm` is no DCM code."""
        _check("DCM", dcm, self.dcm_codes)

    @cached_property
    def ucm_kinds(self) -> frozenset[str]:
        """Kinds of UCM in this cell."""
        return frozenset(part.kind for part in self.ucm_parts)

    @cached_property
    def dcm_kinds(self) -> frozenset[str]:
        """Kinds of DCM in this cell."""
        return frozenset(part.kind for part in self.dcm_parts)

    @cached_property
    def dcm_rbg(self) -> NDArray[np.int64]:
        """RBG that each DCM code grants, -1 if none."""
        rbg = np.full(self.dcm_codes, -1, dtype=np.int64)
        if isinstance(self.vocabulary, Semantic):
            rbg[codes_pb2.DCM_GRANT :] = np.tile(np.arange(self.rbgs), 2)
        return rbg

    @cached_property
    def dcm_acks(self) -> NDArray[np.bool_]:
        """Whether each DCM code acknowledges."""
        acks = np.zeros(self.dcm_codes, dtype=np.bool_)
        if isinstance(self.vocabulary, Semantic):
            acks[codes_pb2.DCM_ACK] = True
            acks[codes_pb2.DCM_GRANT + self.rbgs :] = True
        return acks


@overload
def bsr_level(dpdus: int, levels: int) -> int: ...
@overload
def bsr_level(dpdus: NDArray[np.int64], levels: NDArray[np.int64] | int) -> NDArray[np.int64]: ...
def bsr_level(dpdus: int | NDArray[np.int64], levels: NDArray[np.int64] | int) -> int | NDArray[np.int64]:
    """Buffer-status level of a number of dPDUs: 0 for none, k for 2^(k-1) to 2^k - 1, the last level for all above.

    Args:
        dpdus: one number or an array.
        levels: L.
    """
    # frexp gives the exponent e of x = m 2^e with 1/2 <= m < 1, which is the bit length of an integer.
    level = np.minimum(np.frexp(np.asarray(dpdus, dtype=np.float64))[1], np.asarray(levels) - 1)
    return int(level) if isinstance(dpdus, int) else level.astype(np.int64)


def _numbered(kind: str, count: int) -> tuple[Part, ...]:
    return tuple(Part(kind, number) for number in range(count))


def _bits(values: int) -> int:
    """log2 rounded up: bits that tell `values` values apart."""
    return (values - 1).bit_length()


def _check(what: str, code: int, codes: int) -> None:
    if not 0 <= code < codes:
        raise ActionError(f"{code} is no {what} code of this cell; they are 0 to {codes - 1}")
