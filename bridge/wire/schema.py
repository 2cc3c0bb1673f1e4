# SPDX-License-Identifier: MIT
"""The schema of the wire as descriptors, and what of a change to it breaks a peer of an earlier release."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet

from llmac.v1 import catalogue_pb2, codes_pb2, scenario_pb2, wire_pb2

RELEASED = "llmac-v1.txtpb"
"""In proto/released/: the schema of the last release, a FileDescriptorSet as text."""


def current() -> FileDescriptorSet:
    """The schema that this package was built from."""
    files = FileDescriptorSet()
    for module in (catalogue_pb2, codes_pb2, scenario_pb2, wire_pb2):
        module.DESCRIPTOR.CopyToProto(files.file.add())
    return files


def breaking_changes(released: FileDescriptorSet, now: FileDescriptorSet) -> list[str]:
    """What an earlier peer would misunderstand, a clause each; what was added is none of it."""
    old, new = _Schema(released), _Schema(now)
    return [*_messages(old, new), *_enums(old, new)]


class _Schema:
    """Messages and enums by their full names."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        for file in files.file:
            self._add(f"{file.package}.", file.message_type, file.enum_type)

    def _add(self, prefix: str, messages: Iterable[DescriptorProto], enums: Iterable[EnumDescriptorProto]) -> None:
        for enum in enums:
            self.enums[prefix + enum.name] = enum
        for message in messages:
            self.messages[prefix + message.name] = message
            self._add(f"{prefix}{message.name}.", message.nested_type, message.enum_type)


class _Named(Protocol):
    name: str
    number: int


N = TypeVar("N", bound=_Named)


def _pairs(what: str, old: Iterable[N], new: Iterable[N]) -> Iterator[tuple[N, N] | str]:
    """Each old one with the new one of its number; or what is wrong."""
    by_number = {one.number: one for one in new}
    for one in old:
        successor = by_number.get(one.number)
        if successor is None:
            yield f"{what}.{one.name} = {one.number} was removed or renumbered"
        elif successor.name != one.name:
            yield f"{what}.{one.name} = {one.number} is now {successor.name}"
        else:
            yield one, successor


def _messages(old: _Schema, new: _Schema) -> Iterator[str]:
    for name, message in old.messages.items():
        if name not in new.messages:
            yield f"{name} was removed"
            continue
        for pair in _pairs(name, message.field, new.messages[name].field):
            if isinstance(pair, str):
                yield pair
            elif _shape(pair[0]) != _shape(pair[1]):
                yield f"{name}.{pair[0].name} has another type"


def _shape(field: FieldDescriptorProto) -> tuple[int, int, str, bool]:
    return field.type, field.label, field.type_name, field.HasField("oneof_index") and not field.proto3_optional


def _enums(old: _Schema, new: _Schema) -> Iterator[str]:
    for name, enum in old.enums.items():
        if name not in new.enums:
            yield f"{name} was removed"
            continue
        yield from (pair for pair in _pairs(name, enum.value, new.enums[name].value) if isinstance(pair, str))
