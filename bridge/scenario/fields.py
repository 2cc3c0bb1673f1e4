# SPDX-License-Identifier: MIT
"""The fields of a scenario as text: for `llmac scenarios` and for the table in docs/scenarios.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from llmac.bridge.scenario.sections import TAG_FIELDS, Scenario, sections_of, tag


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or one section that a field may hold; the latter has no default and no range."""

    path: str
    default: str
    allowed: str
    meaning: str


def fields() -> list[Field]:
    """All fields of a scenario, sections before what they hold."""
    return list(_of(Scenario, ""))


def markdown() -> str:
    """The fields as the table in docs/scenarios.md."""
    rows = [f"| `{f.path}` | {f.default} | {f.allowed} | {f.meaning} |" for f in fields()]
    return "\n".join(["| field | default | allowed | |", "|---|---|---|---|", *rows])


def _of(model: type[BaseModel], prefix: str) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        if name in TAG_FIELDS:
            continue
        sections = list(sections_of(info.annotation))
        if not sections:
            yield Field(f"{prefix}{name}", _default(info), _allowed(info), info.description or "")
            continue
        path = f"{prefix}{name}" + ("[]" if "tuple" in str(info.annotation) else "")
        for section in sections:
            summary = (section.__doc__ or "").splitlines()[0]
            name_field = next((name for name in TAG_FIELDS if name in section.model_fields), "")
            yield Field(path, f"`{name_field}: {tag(section)}`" if name_field else "", "", summary)
            yield from _of(section, f"{path}.")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default in ((), {}):
        return "none"
    return f"{info.default:g}" if isinstance(info.default, float) else str(info.default).lower()


def _allowed(info: FieldInfo) -> str:
    limits = {name: getattr(m, name) for m in info.metadata for name in ("ge", "gt", "le") if hasattr(m, name)}
    low = f"{limits['ge']:g}" if "ge" in limits else f"above {limits['gt']:g}" if "gt" in limits else ""
    if "le" in limits:
        return f"{low} to {limits['le']:g}"
    if low:
        return f"{low} or more"
    choices = [choice for choice in get_args(info.annotation) if isinstance(choice, str)]
    return ", ".join(choices)
