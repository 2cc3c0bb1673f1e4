# SPDX-License-Identifier: MIT
"""Reading scenario files, with every bad field told in one sentence."""

import csv
import math
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError

from llmac.bridge.errors import ScenarioError
from llmac.bridge.scenario import channels
from llmac.bridge.scenario.sections import MAX_DECISION_DELAY_TTIS, TAGS, Scenario, sections_of, tag


def load(name_or_path: str | Path, overrides: dict[str, Any] | None = None) -> Scenario:
    """Read a built-in scenario by name, or a YAML file by path.

    Args:
        name_or_path: "paper", or a path that ends in .yaml or .yml.
        overrides: values by dotted field, as `--set` gives them: {"radio.mcs": 9}.

    Raises:
        ScenarioError: the file cannot be read, or a field is unknown or out of range.
    """
    path = _find(name_or_path)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: the scenario cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping of fields, for instance `ues: 4`")
    values = cast("dict[str, Any]", data)
    values.setdefault("name", path.stem)
    for field, value in (overrides or {}).items():
        _set(values, field, value)
    _read_tables(values, path.parent)
    _expand_preset(values, path)
    try:
        return Scenario.model_validate(values)
    except ValidationError as error:
        raise ScenarioError(_sentence(str(path), error)) from error


def builtin_names() -> list[str]:
    """Names of the scenarios that come with llmac."""
    entries = resources.files("llmac.scenarios").iterdir()
    return sorted(Path(entry.name).stem for entry in entries if entry.name.endswith(".yaml"))


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise ScenarioError(f"{path}: there is no such file")
        return path
    if str(name_or_path) in builtin_names():
        return Path(str(resources.files("llmac.scenarios").joinpath(f"{name_or_path}.yaml")))
    raise ScenarioError(
        f"{name_or_path}: there is no such scenario; give a path that ends in .yaml, or one of "
        f"{', '.join(builtin_names())}"
    )


def _set(data: dict[str, Any], field: str, value: Any) -> None:
    *sections, last = field.split(".")
    section = data
    for name in sections:
        inner: object = section.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ScenarioError(f"--set {field}: {name} has no fields of its own")
        section = cast("dict[str, Any]", inner)
    section[last] = value


def _expand_preset(values: dict[str, Any], path: Path) -> None:
    """Replace the name of a channel preset by its models, and give the radio what they need."""
    name: object = values.get("channel")
    if not isinstance(name, str):
        return
    preset = channels.PRESETS.get(name)
    if preset is None:
        raise ScenarioError(
            f"{path}: channel: there is no preset {name!r}; give a list of models, or one of "
            f"{', '.join(channels.PRESETS)}"
        )
    values["channel"] = preset.channel
    radio: object = values.setdefault("radio", {})
    if isinstance(radio, dict):
        values["radio"] = {**preset.radio, **cast("dict[str, Any]", radio)}


def _read_tables(values: dict[str, Any], folder: Path) -> None:
    """Replace the paths of CSV files by what they hold."""
    traffic = values.get("traffic")
    if isinstance(traffic, dict):
        section = cast("dict[str, Any]", traffic)
        if isinstance(file := section.get("arrivals"), str):
            section["arrivals"] = [tuple(row.values()) for row in _read_csv(folder / file, ("tti", "ue", "dpdus"))]
    if isinstance(file := values.get("churn"), str):
        rows = _read_csv(folder / file, ("tti", "join", "leave"))
        values["churn"] = [{**row, "leave": row["leave"].split()} for row in rows]
    if isinstance(file := values.get("decision_delay"), str):
        values["decision_delay"] = _delay_distribution(folder / file, _numerology(values))


def _numerology(values: dict[str, Any]) -> int:
    """Of the radio, which is validated later."""
    radio = values.get("radio")
    numerology: object = cast("dict[str, Any]", radio).get("numerology", 0) if isinstance(radio, dict) else 0
    return numerology if numerology in range(4) and isinstance(numerology, int) else 0


def _delay_distribution(path: Path, numerology: int) -> list[float]:
    """Shares of measured delays that last 0, 1, 2, ... TTIs; whatever comes after a TTI began waits for the next."""
    tti_ms = 1 / 2**numerology
    try:
        delays = [float(row["delay_ms"]) for row in _read_csv(path, ("delay_ms",))]
        ttis = Counter(math.ceil(delay / tti_ms) for delay in delays)
    except (ValueError, OverflowError) as error:
        raise ScenarioError(f"{path}: a delay has to be a number of milliseconds: {error}") from error
    if not delays or min(ttis) < 0 or max(ttis) > MAX_DECISION_DELAY_TTIS:
        raise ScenarioError(
            f"{path}: there has to be a delay, and each lie between 0 and {MAX_DECISION_DELAY_TTIS * tti_ms:g} ms"
        )
    return [ttis[tti] / len(delays) for tti in range(max(ttis) + 1)]


def _read_csv(path: Path, header: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():  # a device could be read for ever
        raise ScenarioError(f"{str(path)!r}: there is no such file")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError(f"{path}: the table cannot be read: {error}") from error
    if tuple(reader.fieldnames or ()) != header or any(None in row or None in row.values() for row in rows):
        raise ScenarioError(
            f"{path}: the first line must be `{','.join(header)}`, and every line have that many values"
        )
    return rows


def _sentence(file: str, error: ValidationError) -> str:
    first = error.errors()[0]
    # Where a field may hold one of several sections, the location names the chosen one, too; it is no field.
    field = ".".join(str(part) for part in first["loc"] if part not in TAGS) or "scenario"
    if first["type"] == "extra_forbidden":
        return f"{file}: {field}: there is no such field; {_allowed_fields(first['loc'])}"
    context = first.get("ctx", {})
    if first["type"].startswith("union_tag"):  # the field that says which kind is missing or unknown
        discriminator = context["discriminator"].strip("'")
        field = f"{field}.{discriminator}"
        if "tag" not in context:
            return f"{file}: {field}: field required"
        return f"{file}: {field}: input should be one of {context['expected_tags']} (it is {context['tag']!r})"
    value = first.get("input")
    shown = "" if first["type"] == "missing" or not first["loc"] else f" (it is {value!r})"
    message = first["msg"].removeprefix("Value error, ")
    return f"{file}: {field}: {message[0].lower()}{message[1:]}{shown}"


def _allowed_fields(location: tuple[int | str, ...]) -> str:
    """The fields of the section that holds the unknown one: follow the location through the models."""
    sections: list[type[BaseModel]] = [Scenario]
    for part in location[:-1]:
        tagged = [section for section in sections if tag(section) == part]
        if tagged:
            sections = tagged
        elif isinstance(part, str):
            sections = list(sections_of(sections[0].model_fields[part].annotation))
    return "the fields here are " + ", ".join(sections[0].model_fields)
