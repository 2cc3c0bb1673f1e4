# SPDX-License-Identifier: MIT
"""Put the figures and the claims of `llmac reproduce --out FOLDER` into docs/: python docs/reproduced.py FOLDER...

A figure is taken from the first folder that has it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

DOCS = Path(__file__).parent
FIGURES = (
    "arrival-rate",
    "network-size",
    "generalisation",
    "convergence",
    "changing-population",
    "grammar",
    "simulator-gap",
    "decision-delay",
)


def main() -> None:
    """Copy the figures in 64 colours, which keeps them small, and write the tables between their markers."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    for name in FIGURES:
        picture = next(file for folder in folders if (file := folder / "figures" / f"{name}.png").exists())
        small = Image.open(picture).convert("RGB").quantize(64, dither=Image.Dither.NONE)
        small.save(DOCS / "figures" / f"reproduce-{name}.png", optimize=True)
    claims: Sequence[Mapping[str, Any]] = json.loads((folders[0] / "claims.json").read_text(encoding="utf-8"))["claims"]
    page = DOCS / "validation.md"
    begin, end = "<!-- claims -->\n", "<!-- /claims -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    tables = "\n".join(_table(kind, claims) for kind in dict.fromkeys(claim["claim"] for claim in claims))
    page.write_text(f"{before}{begin}{tables}{end}{after}", encoding="utf-8")


def _table(kind: str, claims: Sequence[Mapping[str, Any]]) -> str:
    """A row for each scenario, a column for each agent that was there before; gains in percent."""
    here = [claim for claim in claims if claim["claim"] == kind]
    others = list(dict.fromkeys(claim["over"] for claim in here))
    cells = {(claim["scenario"], claim["over"]): _gain(claim) for claim in here}
    rows = [[f"{kind}: +{here[0]['claimed']:.1%} claimed", *(f"over `{other}`" for other in others)]]
    rows.append(["---"] * len(rows[0]))
    scenarios = dict.fromkeys(claim["scenario"] for claim in here)
    rows += [[f"`{scenario}`", *(cells.get((scenario, other), "") for other in others)] for scenario in scenarios]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _gain(claim: Mapping[str, Any]) -> str:
    text = f"{claim['measured']:+.1%} ({100 * claim['low']:+.1f} to {100 * claim['high']:+.1f})"
    return f"**{text}**" if claim["low"] >= claim["claimed"] else text


if __name__ == "__main__":
    main()
