# SPDX-License-Identifier: MIT
"""Episode after episode with an IP stack in one process: nothing of the last one is kept."""

import os
from pathlib import Path

import numpy as np
import pytest

from llmac.agents import registry
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.scenario import load

EPISODES = 80


# With TCP, ns-3 keeps about a kilobyte of each connection; a stack that was kept would be some hundred.
@pytest.mark.parametrize(("application", "limit_kb"), [("ns3::UdpClient", 256), ("ns3::BulkSendApplication", 1024)])
def test_memory_stays_flat_over_resets(application: str, limit_kb: int) -> None:
    scenarios = [load("ip", {"ues": 4, "traffic.applications": [{"type": application}]})]
    agent = registry.make("grant")
    before = _children()
    with ColumnEnv(scenarios, ttis=20, privileged=True) as env:
        [process] = _children() - before
        kilobytes: list[int] = []
        for seed in range(EPISODES):
            agent.reset(scenarios, np.array([seed], dtype=np.uint64))
            leader = env.reset([seed])
            while leader.tti < seed % 21 and not leader.done:  # most episodes are given up
                leader = env.follow(agent.follow(env.lead(agent.lead(leader))))
            kilobytes.append(_resident_kb(process))
    assert kilobytes[-1] - kilobytes[EPISODES // 2] < limit_kb


def _children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()))


def _resident_kb(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
