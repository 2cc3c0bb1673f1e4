# SPDX-License-Identifier: MIT
"""Resets and TTIs without end in one process: memory and descriptors of the cell and of Python have to stay flat.

python tests/bridge/soak.py                       # 10,000 resets and 5.12 million environment-TTIs
python tests/bridge/soak.py --resets 500          # a shorter one
"""

import argparse
import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.launch.local import LocalCell, LocalLauncher
from llmac.bridge.scenario import Scenario, load

ENVIRONMENTS = 32
TTIS = 16
CHURN = [{"tti": 3, "join": 1}, {"tti": 9, "leave": [0]}]
SCENARIOS: list[Scenario] = [
    load(name, {"ttis": TTIS, "churn": CHURN}) for name in ("paper", "near-far") for _ in range(ENVIRONMENTS // 2)
]
SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What two processes hold."""

    resets: int
    cell_mib: float
    python_mib: float
    cell_descriptors: int
    python_descriptors: int


class Launcher:
    """Starts the cell and knows it."""

    def __init__(self) -> None:
        self._launcher = LocalLauncher()
        self.cells: list[LocalCell] = []

    def start(self, endpoint: str, session: int, index: int) -> LocalCell:
        """See `bridge.launch.Launcher`."""
        self.cells.append(self._launcher.start(endpoint, session, index))
        return self.cells[-1]


def soak(resets: int) -> Iterator[Sample]:
    """Play that many episodes in ENVIRONMENTS environments of one cell; yields a sample after each tenth of them."""
    launcher = Launcher()
    with ColumnEnv(SCENARIOS, launcher=launcher) as env:
        for done in range(1, resets + 1):
            _play(env, done)
            if done % max(1, resets // SAMPLES) == 0:
                gc.collect()
                (cell,) = launcher.cells  # none was lost
                yield Sample(done, _mib(cell.pid), _mib(os.getpid()), _descriptors(cell.pid), _descriptors(os.getpid()))


def _play(env: ColumnEnv, seed: int) -> None:
    leader = env.reset(np.arange(ENVIRONMENTS) + seed)
    rng = np.random.default_rng(seed)
    nothing = LeaderAction(np.zeros(ENVIRONMENTS, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint16))
    while not leader.done:
        follower = env.lead(nothing)
        leader = env.follow(FollowerAction(rng.integers(32, size=follower.ue_id.size).astype(np.uint16)))


def _mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def main() -> None:
    """Print the samples and end with 1 if something has grown since the first one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resets", type=int, default=10_000)
    begin = monotonic()
    samples: list[Sample] = []
    for sample in soak(parser.parse_args().resets):
        samples.append(sample)
        sys.stdout.write(
            f"{monotonic() - begin:8.1f} s  {sample.resets:6} resets  {sample.resets * ENVIRONMENTS * TTIS:8} "
            f"environment-TTIs  cell {sample.cell_mib:.1f} MiB, {sample.cell_descriptors} descriptors  "
            f"Python {sample.python_mib:.1f} MiB, {sample.python_descriptors} descriptors\n"
        )
        sys.stdout.flush()
    sys.exit(growth(samples))


def growth(samples: list[Sample]) -> str | None:
    """What has grown between the first sample and the last, a sentence; None when all is flat."""
    first, last = samples[0], samples[-1]
    if last.cell_descriptors > first.cell_descriptors or last.python_descriptors > first.python_descriptors:
        return f"descriptors have grown: {first} {last}"
    if last.cell_mib > first.cell_mib + 2 or last.python_mib > first.python_mib + 4:
        return f"memory has grown: {first} {last}"
    return None


if __name__ == "__main__":
    main()
