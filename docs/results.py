# SPDX-License-Identifier: MIT
"""Plays what docs/results.md reports, and writes its tables; all of them, or those named.

python docs/results.py --seeds 20 paper-8 urban
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("results.md")
METRICS = {
    "goodput_dpdu_per_tti": "goodput",
    "mean_delay_tti": "mean delay",
    "jain_index": "Jain",
    "loss_rate": "lost",
    "signalling_bits_per_tti": "bits/TTI",
}
DIFFERENCES = ("goodput_dpdu_per_tti", "mean_delay_tti", "jain_index")


@dataclass(frozen=True, slots=True)
class Table:
    """One run of `llmac run`."""

    arguments: str
    agents: str
    against: str = "llm"
    seeds: int | None = None
    """Where more are needed than elsewhere."""


GENIES = "genie,genie-causal"
SCARCE = ("scarce-signalling", "bursty", "urban")
ANOTHER_CELL = "bursty --ues 17 --rbgs 3 --load 0.45"
CHANNELS = ("log-distance", "rayleigh", "uma", "umi", "rma", "inh")
TABLES = {
    **{f"paper-{n}": Table(f"paper --ues {n}", "aloha,grant,genie,llm") for n in (2, 4, 6, 8, 10, 12, 16, 32)},
    "near-far": Table("near-far", "aloha,grant,genie,llm"),
    "near-far-loaded": Table("near-far --ues 32 --load 0.4", "aloha,grant,genie,llm"),
    **{name: Table(name, f"aloha,grant,tdma,sps,hybrid,{GENIES},llm") for name in SCARCE},
    **{f"{name}-more": Table(name, "sps,hybrid,llm", seeds=200) for name in SCARCE},
    **{
        f"period-{ttis}": Table(f"{ANOTHER_CELL} --set control.ucm_period_ttis={ttis}", "sps,hybrid,llm")
        for ttis in (6, 10, 12, 20)
    },
    **{
        f"{name}-late": Table(f"{name} --set decision_delay=[0,1]", "grant,tdma,sps,hybrid,llm")
        for name in ("paper", "near-far", *SCARCE)
    },
    **{f"near-far-{channel}": Table(f"near-far --channel {channel}", f"grant,{GENIES},llm") for channel in CHANNELS},
    **{f"urban-{channel}": Table(f"urban --channel {channel}", f"hybrid,{GENIES},llm") for channel in CHANNELS},
}


def main() -> None:
    """Replace what stands between a table's markers on the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, default=20)
    chosen = parser.parse_args()
    for name in chosen.tables or TABLES:
        table = TABLES[name]
        command = (
            f"llmac run {table.arguments} --agents {table.agents} --against {table.against}"
            f" --seeds {table.seeds or chosen.seeds}"
        )
        text = f"`{command}`\n\n{_table(_play(command), table)}"
        page = PAGE.read_text(encoding="utf-8")
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        PAGE.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


def _play(command: str) -> dict[str, Any]:
    program = [str(Path(sys.executable).with_name("llmac")), *command.split()[1:], "--json"]
    return json.loads(subprocess.run(program, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def _table(document: dict[str, Any], table: Table) -> str:
    heads = ["agent", *METRICS.values(), *(f"llm's gain: {METRICS[name]}" for name in DIFFERENCES)]
    rows = [heads, ["---"] * len(heads)]
    bound = document["agents"][table.against]["bound_dpdu_per_tti"]["mean"]
    for agent in table.agents.split(","):
        metrics = document["agents"][agent]
        row = [f"`{agent}`"]
        row += [_estimate(metrics[name]) for name in METRICS]
        row += [_gain(document, table, agent, name) for name in DIFFERENCES]
        rows.append(row)
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{lines}\nNo protocol can exceed {bound:.3f} dPDU/TTI here.\n"


def _estimate(value: dict[str, Any]) -> str:
    low, high = value["ci95"]
    return f"{value['mean']:.3f} ± {(high - low) / 2:.3f}"


def _gain(document: dict[str, Any], table: Table, agent: str, name: str) -> str:
    """The paired difference of the policy to an agent, with its interval; what is better is bold."""
    if agent == table.against or agent.startswith("genie"):
        return ""
    # The document tells of the others against the policy.
    other = document["against"]["differences"][agent][name]
    mean, low, high = -other["mean"], -other["ci95"][1], -other["ci95"][0]
    text = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
    better = high < 0 if name == "mean_delay_tti" else low > 0
    return f"**{text}**" if better else text


if __name__ == "__main__":
    main()
