# SPDX-License-Identifier: MIT
"""The schema does not break peers of the last release; what was added passes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from llmac.bridge.wire.schema import RELEASED, breaking_changes, current

Change = Callable[[FileDescriptorProto], object]


def released() -> FileDescriptorSet:
    text = (Path(__file__).parents[2] / "proto" / "released" / RELEASED).read_text(encoding="utf-8")
    return text_format.Parse(text, FileDescriptorSet())


def test_the_last_release_still_understands_us() -> None:
    assert breaking_changes(released(), current()) == [], (
        "a peer of the last release would misunderstand this; add fields and values instead, or raise the protocol "
        "version and run scripts/release-schema.py"
    )


def test_there_is_a_release_to_compare_with() -> None:
    names = {message.name for file in released().file for message in file.message_type}
    assert {"Message", "Column", "Reset", "LeaderObservation", "Scenario", "ModelCatalogue"} <= names


def changed(change: Change) -> list[str]:
    files = current()
    (wire,) = (file for file in files.file if file.name.endswith("wire.proto"))
    change(wire)
    return breaking_changes(current(), files)


def column(file: FileDescriptorProto) -> FieldDescriptorProto:
    """Column.length."""
    (message,) = (message for message in file.message_type if message.name == "Column")
    return message.field[1]


def add_message(file: FileDescriptorProto) -> None:
    file.message_type.add(name="Added").field.add(name="x", number=1, type=FieldDescriptorProto.TYPE_BOOL)
    file.message_type[0].field.add(name="added", number=1000, type=FieldDescriptorProto.TYPE_BOOL)
    file.enum_type[0].value.add(name="ADDED", number=1000)


BREAKING: list[tuple[Change, str]] = [
    (lambda file: setattr(column(file), "number", 9), "llmac.v1.Column.length = 2 was removed or renumbered"),
    (lambda file: setattr(column(file), "name", "size"), "llmac.v1.Column.length = 2 is now size"),
    (
        lambda file: setattr(column(file), "type", FieldDescriptorProto.TYPE_SINT32),
        "llmac.v1.Column.length has another type",
    ),
    (
        lambda file: setattr(column(file), "label", FieldDescriptorProto.LABEL_REPEATED),
        "llmac.v1.Column.length has another type",
    ),
    (lambda file: file.message_type.pop(1), "llmac.v1.Column was removed"),
    (lambda file: file.enum_type[0].value.pop(), "llmac.v1.DType.DTYPE_FLOAT64 = 7 was removed or renumbered"),
    (lambda file: file.enum_type.pop(0), "llmac.v1.DType was removed"),
]


@pytest.mark.parametrize(("change", "words"), BREAKING)
def test_what_breaks_a_peer_is_found(change: Change, words: str) -> None:
    assert changed(change) == [words]


def test_what_is_added_breaks_nobody() -> None:
    assert changed(add_message) == []
