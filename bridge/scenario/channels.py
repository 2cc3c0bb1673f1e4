# SPDX-License-Identifier: MIT
"""Channel presets, and the command line's way to write a channel model: `Type[Attribute=value,...]`."""

import re
from dataclasses import dataclass, field
from typing import Any

from llmac.bridge.errors import ScenarioError

_MODEL = re.compile(r"(?P<type>ns3::\w+)(?:\[(?P<attributes>.*)\])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preset:
    """A channel by name.

    Attributes:
        summary: what it stands for, with its source.
        channel: models as a scenario writes them.
        radio: fields of `radio` that the models need.
    """

    summary: str
    channel: tuple[dict[str, Any], ...]
    radio: dict[str, Any] = field(default_factory=dict[str, Any])


def _three_gpp(scenario: str) -> tuple[dict[str, Any], ...]:
    return ({"type": f"ns3::ThreeGpp{scenario}PropagationLossModel"},)


_LOG_DISTANCE = {
    "type": "ns3::LogDistancePropagationLossModel",
    "attributes": {"Exponent": 3.76, "ReferenceDistance": 1.0, "ReferenceLoss": 15.3},
}

PRESETS = {
    "ideal": Preset(
        "No loss at all, whatever the distance",
        ({"type": "ns3::LogDistancePropagationLossModel", "attributes": {"Exponent": 0.0, "ReferenceLoss": 0.0}},),
    ),
    "log-distance": Preset("128.1 + 37.6 log10(d / km) dB, 3GPP TR 36.814 table A.2.1.1.2-3", (_LOG_DISTANCE,)),
    "rayleigh": Preset(
        "log-distance with Rayleigh fading, drawn anew in every TTI (Nakagami m = 1)",
        (
            _LOG_DISTANCE,
            {"type": "ns3::NakagamiPropagationLossModel", "attributes": {"m0": 1.0, "m1": 1.0, "m2": 1.0}},
        ),
    ),
    "uma": Preset("Urban macro with LOS state and shadowing, 3GPP TR 38.901 clause 7.4", _three_gpp("Uma")),
    "umi": Preset("Urban street canyon, 3GPP TR 38.901 clause 7.4", _three_gpp("UmiStreetCanyon")),
    "rma": Preset("Rural macro, 3GPP TR 38.901 clause 7.4", _three_gpp("Rma")),
    "inh": Preset("Indoor office, open, 3GPP TR 38.901 clause 7.4", _three_gpp("IndoorOffice")),
    "uma-fading": Preset(
        "Urban macro with fast fading between antenna arrays, 3GPP TR 38.901 clauses 7.4 and 7.5",
        (
            *_three_gpp("Uma"),
            {
                "type": "ns3::ThreeGppSpectrumPropagationLossModel",
                "attributes": {"ChannelModel": "ns3::ThreeGppChannelModel[UpdatePeriod=10ms]"},
            },
        ),
        {
            "bs_antenna": {"type": "ns3::UniformPlanarArray", "attributes": {"NumRows": 2, "NumColumns": 2}},
            "ue_antenna": {"type": "ns3::UniformPlanarArray", "attributes": {"NumRows": 1, "NumColumns": 1}},
        },
    ),
    "v2v": Preset("Urban street with vehicles, 3GPP TR 37.885 clause 6.2.1", _three_gpp("V2vUrban")),
    "cost231": Preset(
        "COST 231 extension of Hata's model, 1.5 to 2 GHz, BS at 25 m, UEs at 1.5 m",
        (
            {
                "type": "ns3::Cost231PropagationLossModel",
                "attributes": {"BSAntennaHeight": 25.0, "SSAntennaHeight": 1.5},
            },
        ),
    ),
    "okumura-hata": Preset(
        "Okumura-Hata, urban, below 1.5 GHz or above", ({"type": "ns3::OkumuraHataPropagationLossModel"},)
    ),
}


def parse(texts: list[str]) -> Any:
    """The field `channel` from `--channel` options: one preset, or one model each.

    Raises:
        ScenarioError: an option is neither.
    """
    if len(texts) == 1 and "::" not in texts[0]:
        return texts[0]
    models: list[dict[str, Any]] = []
    for text in texts:
        match = _MODEL.fullmatch(text.strip())
        if match is None:
            raise ScenarioError(
                f"--channel {text}: write a preset ({', '.join(PRESETS)}) or models as 'ns3::Type[Attribute=value,...]'"
            )
        models.append({"type": match["type"], "attributes": _attributes(text, match["attributes"] or "")})
    return models


def _attributes(text: str, listing: str) -> dict[str, str]:
    """Split at the commas that stand outside of brackets: an ns-3 value may hold some itself."""
    result: dict[str, str] = {}
    for part in re.split(r",(?![^\[]*\])", listing) if listing else []:
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ScenarioError(f"--channel {text}: attributes are written Attribute=value, separated by commas")
        result[name.strip()] = value.strip()
    return result
