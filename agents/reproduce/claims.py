# SPDX-License-Identifier: MIT
"""What the paper claims over conventional protocols, beside what was measured here."""

from collections.abc import Sequence

import pandas as pd

from llmac.agents import registry
from llmac.agents.evaluation.evidence import Results, scored
from llmac.agents.evaluation.robust import relative_gain
from llmac.agents.evaluation.sweep.table import Frame
from llmac.agents.reproduce.plan import CLAIMS

CLAIMED = {"goodput_dpdu_per_tti": 0.776, "jain_index": 0.652}
"""Relative gains in throughput and fairness: abstract of arXiv 2510.10895."""


def table(runs: Frame, examined: str) -> Frame:
    """A row for each claim, scenario and conventional agent: the gain over it with its interval, means of both."""
    rows: list[dict[str, object]] = []
    for scenario, of_scenario in runs[runs["setting"] == CLAIMS].groupby("scenario", sort=False):
        results = Results(scored(of_scenario))
        for metric, claimed in CLAIMED.items():
            for other in _rivals(results.agents, examined):
                mine, its = results.pair(examined, other, metric)
                gain = relative_gain(mine, its)
                rows.append(
                    {
                        "claim": "throughput" if metric == "goodput_dpdu_per_tti" else "fairness (Jain)",
                        "claimed": claimed,
                        "scenario": scenario,
                        "agent": examined,
                        "over": other,
                        "measured": gain.mean,
                        "low": gain.low,
                        "high": gain.high,
                        "mean": mine.mean(),
                        "mean_of_other": its.mean(),
                    }
                )
    return pd.DataFrame(rows)


def _rivals(agents: Sequence[str], examined: str) -> list[str]:
    return [agent for agent in agents if agent not in {examined, registry.REFERENCE}]
