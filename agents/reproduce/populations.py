# SPDX-License-Identifier: MIT
"""The populations that a checkpoint was trained with."""

import json

from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.scenario import load


def trained_with(agent: str, scenario: str) -> tuple[int, int] | None:
    """The least and the most UEs at TTI 0 in a scenario, as the manifest tells; None for what was not trained there."""
    folder = checkpoint_folder(agent)
    if folder is None or not (folder / "manifest.json").is_file():
        return None
    domains = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("made_by", {}).get("domains")
    here = [domain for domain in domains or () if domain["scenario"] == scenario]
    ranges = [domain["ues"] or [load(scenario, domain["set"]).ues] for domain in here]
    return (min(map(min, ranges)), max(map(max, ranges))) if ranges else None
