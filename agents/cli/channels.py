# SPDX-License-Identifier: MIT
"""`llmac channels`: channel presets, and the loss models that the linked ns-3 offers."""

import re
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from llmac.bridge.errors import ScenarioError
from llmac.bridge.launch.catalogue import loss_models
from llmac.bridge.scenario.channels import PRESETS
from llmac.v1.catalogue_pb2 import LossModel

_FAMILIES = {
    LossModel.FAMILY_FLAT: "one gain for the whole band",
    LossModel.FAMILY_SPECTRUM: "a gain for each RB",
    LossModel.FAMILY_PHASED_ARRAY: "a gain for each RB, between antenna arrays",
}
_UNITS = {
    "Enabled": "",
    "Frequency": "Hz",
    "Orientation": "degrees",
    "Penetration|Model": "",
    "SystemLoss": "",  # a factor
    "Loss|Shadow|Variable": "dB",
    "Rss": "dBm",
    "Distance|Height|Width|Separation|Extend|Lambda|Range$|Los2Nlos|Rooftop": "m",
    "Perc": "%",
}
"""Units of numbers, by what their attribute is called; the first that fits."""
_ANY_DOUBLE = re.compile(r"^double -1\.79769e\+308:1\.79769e\+308$")


def channels(
    models: Annotated[
        list[str] | None, typer.Argument(help="Show these models only: names, or parts of names.", show_default=False)
    ] = None,
) -> None:
    """List the channel presets and every loss model of ns-3 with its attributes."""
    console = Console(highlight=False, markup=False)
    chosen = loss_models()
    if models:
        chosen = [model for model in chosen if any(part.lower() in model.type_id.lower() for part in models)]
        if not chosen:
            raise ScenarioError(
                f"no loss model of ns-3 has {' or '.join(models)} in its name; llmac channels lists all"
            )
    else:
        console.print(_presets())
        console.print(
            "Loss models of ns-3, for `channel` in a scenario or --channel 'ns3::Type[Attribute=value,...]', with the "
            "defaults, units and types of their attributes:\n"
        )
    for model in chosen:
        _print(console, model)


def _presets() -> Table:
    table = Table("preset", "stands for", "made of")
    for name, preset in PRESETS.items():
        table.add_row(name, preset.summary, "\n".join(model["type"] for model in preset.channel))
    return table


def _print(console: Console, model: LossModel) -> None:
    console.print(model.type_id)
    console.print(f"  {_FAMILIES[model.family]}; {_use(model)}", soft_wrap=True)
    if model.needs and not model.obstacle:
        console.print(f"  needs {model.needs}", soft_wrap=True)
    if model.attributes:
        table = Table.grid(padding=(0, 2))
        for attribute in model.attributes:
            cells = (attribute.name, _default(attribute), _unit(attribute), _type(attribute), attribute.help.strip())
            table.add_row("   ", *cells)
        console.print(table)
    console.print()


def _use(model: LossModel) -> str:
    if model.obstacle:
        return f"cannot be used: {model.obstacle}"
    return "alone or chained" if model.alone else "chained only"


def _default(attribute: LossModel.Attribute) -> str:
    if attribute.name == "Frequency":
        return "the carrier's"
    return attribute.default_value or '""'


def _unit(attribute: LossModel.Attribute) -> str:
    """ns-3 tells units in prose at best; its models use SI units, and decibels for losses."""
    return next((unit for pattern, unit in _UNITS.items() if re.search(pattern, attribute.name)), "")


def _type(attribute: LossModel.Attribute) -> str:
    """Without the range of a double that may be anything."""
    return "double" if _ANY_DOUBLE.match(attribute.type) else attribute.type
