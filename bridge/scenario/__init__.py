# SPDX-License-Identifier: MIT
"""Scenarios: the typed form of a YAML file, validated.

The command line sets the same fields (`--set radio.mcs=9`). `docs/scenarios.md` explains them one by one.
"""

from llmac.bridge.scenario.load import builtin_names, load
from llmac.bridge.scenario.message import to_proto
from llmac.bridge.scenario.sections import Opaque, Scenario, Semantic

__all__ = ["Opaque", "Scenario", "Semantic", "builtin_names", "load", "to_proto"]
