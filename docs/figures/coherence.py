# SPDX-License-Identifier: MIT
"""Draw docs/figures/coherence.png: how long and how far a gain of `uma-fading` resembles itself.

    python docs/figures/coherence.py

It runs the example `uma-fading-gains` of build/cell and prints the correlations of docs/phy.md.
"""

import subprocess
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

mpl.use("agg")
FOLDER = Path(__file__).resolve().parent
EXAMPLE = FOLDER.parents[1] / "build" / "cell" / "examples" / "uma-fading-gains"
RB_KHZ = 180
STANDING = "UEs that stand: a new realisation once one is older than 10 ms"
MOVING = "UEs at 30 km/h, one realisation: Doppler alone"

Gains = NDArray[np.float64]
"""[T, N, RB] Power by TTI, UE and RB; each UE's mean is 1."""


def gains(*options: str) -> Gains:
    """What the example prints."""
    printed = subprocess.run([EXAMPLE, *options], capture_output=True, text=True, check=True)  # noqa: S603
    rows = np.array([np.fromstring(line, sep=",") for line in printed.stdout.splitlines()])
    ues = int(rows[:, 1].max()) + 1
    power = 10 ** (rows[:, 2:] / 10).reshape(-1, ues, rows.shape[1] - 2)
    return power / power.mean(axis=(0, 2), keepdims=True)


def correlation(here: Gains, there: Gains) -> float:
    """Of powers, over everything."""
    return float(np.corrcoef(here.ravel(), there.ravel())[0, 1])


def over_frequency(power: Gains, most: int) -> list[float]:
    """Correlation of RBs 0, 1, ... `most` apart."""
    rbs = power.shape[2]
    return [correlation(power[:, :, : rbs - apart], power[:, :, apart:]) for apart in range(most + 1)]


def over_time(power: Gains, most: int) -> list[float]:
    """Correlation of TTIs 0, 1, ... `most` apart."""
    ttis = power.shape[0]
    return [correlation(power[: ttis - apart], power[apart:]) for apart in range(most + 1)]


def main() -> None:
    """Measure, draw, print."""
    standing = gains("--ttis=1000")
    moving = gains("--ttis=400", "--speed=8.333", "--update-period=10s", "--ues=64")
    frequency = over_frequency(standing, 50)
    times = {STANDING: over_time(standing, 40), MOVING: over_time(moving, 40)}

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
    left.plot(np.arange(len(frequency)) * RB_KHZ / 1000, frequency)
    left.set(xlabel="MHz apart", ylabel="correlation of power", ylim=(-0.1, 1.05), title="Frequency")
    for name, values in times.items():
        right.plot(values, label=name)
    right.set(xlabel="ms apart", title="Time")
    right.legend(loc="upper right", fontsize="small")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(FOLDER / "coherence.png", dpi=120, metadata={"Software": None})

    print("RBs apart", {apart: round(frequency[apart], 2) for apart in (1, 2, 4, 8, 32)})  # noqa: T201
    for name, values in times.items():
        print(name, {apart: round(values[apart], 2) for apart in (1, 2, 5, 10, 20)})  # noqa: T201


if __name__ == "__main__":
    main()
