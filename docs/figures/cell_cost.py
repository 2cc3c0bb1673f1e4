# SPDX-License-Identifier: MIT
"""Draw docs/figures/cell-cost.png: what a TTI costs against the number of UEs.

llmac bench cell --json cell.json && python docs/figures/cell_cost.py cell.json
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

mpl.use("agg")
FOLDER = Path(__file__).resolve().parent
CURVE = "us_per_tti_"


def main() -> None:
    """Draw the medians with their spread, and a straight line through the first of them."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    ues = sorted(int(key.removeprefix(CURVE)) for key in document if key.removeprefix(CURVE).isdecimal())
    median = [document[f"{CURVE}{n}"] for n in ues]
    low = [median[i] - document.get(f"{CURVE}{n}_min", median[i]) for i, n in enumerate(ues)]
    high = [document.get(f"{CURVE}{n}_max", median[i]) - median[i] for i, n in enumerate(ues)]
    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    axes.errorbar(ues, median, yerr=(low, high), marker="o", capsize=3, label="measured: median, least and most")
    axes.plot(ues, [median[0] * n / ues[0] for n in ues], "--", color="grey", label="proportional to the UEs")
    axes.set(xscale="log", yscale="log", xlabel="UEs", ylabel="us per TTI", title="Log-distance, 16 RBGs, one core")
    axes.set_xticks(ues, [str(n) for n in ues])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(FOLDER / "cell-cost.png", dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    main()
