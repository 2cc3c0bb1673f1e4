# SPDX-License-Identifier: MIT
"""Episode after episode in one process: nothing of the last one is kept."""

import os
from pathlib import Path

import pytest
from links import act, scenario, silence

from llmac.bridge.envs.columns import ColumnEnv

EPISODES = 200


@pytest.mark.parametrize("channel", ["uma-fading", "v2v", "rayleigh"])
def test_memory_stays_flat_over_resets(channel: str) -> None:
    chosen = [scenario(channel=channel, placement__mobility={"type": "ns3::RandomWalk2dMobilityModel"})] * 2
    before = _children()
    with ColumnEnv(chosen, ttis=2) as env:
        [process] = _children() - before
        kilobytes: list[int] = []
        for seed in range(EPISODES):
            observation = env.reset([seed, seed + 1])
            env.lead(silence(2))
            env.follow(act(observation, chosen, "transmit"))
            kilobytes.append(_resident_kb(process))
    assert kilobytes[-1] - kilobytes[EPISODES // 4] < 512


def _children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()))


def _resident_kb(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
