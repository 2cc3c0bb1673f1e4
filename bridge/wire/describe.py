# SPDX-License-Identifier: MIT
"""Frames as text for people: columns by their dtype, codes as the fragments of sentences that they stand for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError, Message
from google.protobuf.text_format import MessageToString
from numpy.typing import NDArray

from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Opaque, Semantic
from llmac.bridge.wire import frame
from llmac.bridge.wire.column import ContentError, read_any
from llmac.bridge.wire.frame import DamagedFrameError
from llmac.bridge.wire.log import Record
from llmac.bridge.wire.message import parse
from llmac.v1 import scenario_pb2, wire_pb2

SHOWN_VALUES = 32
"""Of a column; how many more there are is told."""
SHOWN_BYTES = 48
"""Of a damaged frame."""


def _sentence(codes: Codes, code: int) -> str:
    access, ucm = divmod(code, codes.ucm_codes)
    return f"{codes.access_texts[access]}; {codes.ucm_texts[ucm]}"


_TEXTS: dict[str, Callable[[Codes, int], str]] = {
    "ucm": lambda codes, code: codes.ucm_texts[code],
    "last_ucm": lambda codes, code: codes.ucm_texts[code],
    "dcm": lambda codes, code: codes.dcm_texts[code],
    "dcm_code": lambda codes, code: codes.dcm_texts[code],
    "action": _sentence,
    "last_action": _sentence,
}
"""Columns that hold codes."""


class Describer:
    """Describes the frames of a session in order; from a Reset on it knows the codes of its environments."""

    def __init__(self) -> None:
        self._begin: int | None = None
        self._codes: dict[int, list[Codes]] = {}  # of the environments of a process
        self._ue_count: dict[int, NDArray[Any]] = {}  # of a process: connected UEs of each of its environments

    def lines(self, record: Record) -> Iterator[str]:
        """Lines about a record: one of its frame, then one for each field of its message, indented."""
        self._begin = record.time_ns if self._begin is None else self._begin
        arrow = "->" if record.from_cell else "<-"
        head = f"{(record.time_ns - self._begin) / 1e9:12.6f} s  cell {record.process} {arrow}"
        try:
            whole = frame.decode(record.frame)
            message = parse(whole.payload)
        except (DamagedFrameError, DecodeError) as error:
            yield f"{head}  damaged: {error}"
            yield f"    {len(record.frame)} bytes: {record.frame[:SHOWN_BYTES].hex(' ', 4)}"
            return
        kind = message.WhichOneof("body")
        body = message if kind is None else getattr(message, kind)
        name = "an empty message" if kind is None else _name(body)
        yield f"{head}  #{whole.sequence} {name}, {len(record.frame)} bytes, session {whole.session:x}"
        self._learn(record.process, body)
        yield from (f"    {line}" for line in self._fields(record.process, body))

    def _learn(self, process: int, body: Message) -> None:
        """Take up what later frames have to be read with."""
        try:
            match body:
                case wire_pb2.Reset():
                    codes = [_codes(scenario) for scenario in body.scenarios]
                    self._codes[process] = [codes[index] for index in read_any(body.scenario_index, "scenario_index")]
                case wire_pb2.LeaderObservation():
                    self._ue_count[process] = read_any(body.ue_count, "ue_count")
                case _:
                    pass
        except (ValueError, IndexError):  # the frame is whole and its content cannot be; what is shown of it says so
            self._codes.pop(process, None)

    def _fields(self, process: int, body: Message) -> Iterator[str]:
        for field, value in body.ListFields():
            match value:
                case wire_pb2.Column():
                    yield f"{field.name}: {self._column(process, field.name, value, body)}"
                case Message():
                    yield f"{field.name}:"
                    yield from (f"  {line}" for line in self._fields(process, value))
                case int() if field.name == "tti":  # said before
                    continue
                case str() | bytes() | int() | float():
                    yield f"{field.name}: {_scalar(field, value)}"
                case _:
                    for item in value:
                        yield f"{field.name}: {MessageToString(item, as_one_line=True)}"

    def _column(self, process: int, name: str, column: wire_pb2.Column, body: Message) -> str:
        try:
            values = read_any(column, name)
        except ContentError as error:
            return f"damaged: {error}"
        kind = f"{values.dtype.name} [{values.size}]"
        each = self._codes_of(process, body, values) if name in _TEXTS else None
        if each is None:
            return f"{kind} {_few([f'{value:.6g}' for value in values.tolist()])}"
        texts = [_text(name, codes, code) for codes, code in zip(each, values.tolist(), strict=True)]
        return f"{kind} {_few(texts, ' | ')}"

    def _codes_of(self, process: int, body: Message, values: NDArray[Any]) -> list[Codes] | None:
        """The codes that each value of a column is of; None where that is not known."""
        codes = self._codes.get(process)
        counts = self._ue_count.get(process)
        if isinstance(body, wire_pb2.LeaderAction):
            try:
                counts = read_any(body.dcm_count, "dcm_count")
            except ContentError:
                return None
        if codes is None or counts is None or counts.size != len(codes) or int(counts.sum()) != values.size:
            return None
        return [own for own, count in zip(codes, counts.tolist(), strict=True) for _ in range(count)]


def _codes(scenario: scenario_pb2.Scenario) -> Codes:
    match scenario.vocabulary.WhichOneof("kind"):
        case "opaque":
            return Codes(scenario.rbgs, Opaque(kind="opaque", symbols=scenario.vocabulary.opaque.symbols))
        case _:
            return Codes(scenario.rbgs, Semantic(bsr_levels=scenario.vocabulary.semantic.bsr_levels))


def _name(body: Message) -> str:
    tti = getattr(body, "tti", None)
    return body.DESCRIPTOR.name if tti is None else f"{body.DESCRIPTOR.name} of TTI {tti}"


def _text(name: str, codes: Codes, code: int) -> str:
    try:
        return _TEXTS[name](codes, code)
    except IndexError:
        return f"{code}, which is no code"


def _few(values: Sequence[object], separator: str = " ") -> str:
    shown = separator.join(map(str, values[:SHOWN_VALUES]))
    more = len(values) - SHOWN_VALUES
    return f"{shown} ... and {more} more" if more > 0 else shown


def _scalar(field: Any, value: object) -> object:
    return field.enum_type.values_by_number[value].name if field.enum_type is not None else value
