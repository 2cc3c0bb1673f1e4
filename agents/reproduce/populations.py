# SPDX-License-Identifier: MIT
"""The populations that a checkpoint was trained with."""

import json

from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.scenario import load


def trained_with(agent: str) -> tuple[int, int] | None:
    """The least and the most UEs at TTI 0, over the domains that the manifest names; None for what no training made."""
    folder = checkpoint_folder(agent)
    if folder is None or not (folder / "manifest.json").is_file():
        return None
    domains = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("made_by", {}).get("domains")
    if not domains:
        return None
    ranges = [domain["ues"] or [load(domain["scenario"], domain["set"]).ues] for domain in domains]
    return min(map(min, ranges)), max(map(max, ranges))
