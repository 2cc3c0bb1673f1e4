# SPDX-License-Identifier: MIT
"""How fast cells in containers are, beside the same cells as processes of this machine.

Both launchers play one long run each at the same time, a stretch of it in every round, with 32 environments in a frame
and actions that are made beforehand: the less Python and the cell do, the more a container's overhead would show.
"""

from contextlib import ExitStack
from functools import partial
from time import perf_counter

import numpy as np

from llmac.agents.bench.figures import Figure, Target
from llmac.agents.bench.rounds import interleave, ratios
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.launch import Launcher
from llmac.bridge.launch.docker import DockerLauncher
from llmac.bridge.launch.local import LocalLauncher
from llmac.bridge.scenario import Scenario, load

ENVIRONMENTS = 32
TTIS = 2000
"""Of a stretch, for the cheapest scenario."""
_LONG = {"ttis": 1_000_000}
_SCENARIOS = {"paper": 1.0, "near-far": 0.1}
"""Without a radio and with one; and the part of TTIS that takes about as long."""


def figures(rounds: int, image: str) -> list[Figure]:
    """Environment-TTIs per second, their ratios, and the seconds that a cell takes to be there.

    Args:
        rounds: repetitions of everything.
        image: of the containers.

    Raises:
        CellMissingError: no engine, no image or no executable.
        BridgeError: a cell does not answer.
    """
    launchers: dict[str, Launcher] = {"local": LocalLauncher(), "docker": DockerLauncher(image)}
    measurements = {f"start_s_{name}": partial(_start_s, launcher) for name, launcher in launchers.items()}
    with ExitStack() as stack:
        for scenario, part in _SCENARIOS.items():
            for name, launcher in launchers.items():
                run = stack.enter_context(_Run(load(scenario, _LONG), launcher))
                measurements[f"{scenario}_{name}"] = partial(run.environment_ttis_per_s, max(1, int(TTIS * part)))
        values = interleave(measurements, rounds)
    results = [Figure(f"start_s_{name}", values[f"start_s_{name}"], "s") for name in launchers]
    for scenario in _SCENARIOS:
        key, local, docker = (scenario.replace("-", "_"), values[f"{scenario}_local"], values[f"{scenario}_docker"])
        results += [
            Figure(f"env_ttis_per_s_{key}_local", local, "/s"),
            Figure(f"env_ttis_per_s_{key}_docker", docker, "/s"),
            Figure(f"ratio_docker_to_local_{key}", ratios(docker, local), target=Target("≥", 0.8)),
        ]
    return results


def _start_s(launcher: Launcher) -> float:
    """Seconds until a cell can be asked."""
    begin = perf_counter()
    with ColumnEnv([load("paper")], launcher=launcher):
        return perf_counter() - begin


class _Run(ExitStack):
    """One run that goes on from stretch to stretch."""

    def __init__(self, scenario: Scenario, launcher: Launcher) -> None:
        super().__init__()
        self._env = self.enter_context(ColumnEnv([scenario] * ENVIRONMENTS, launcher=launcher))
        told = np.arange(0, scenario.ues, 2, dtype=np.uint32)
        self._lead = LeaderAction(
            dcm_count=np.full(ENVIRONMENTS, told.size, np.uint32),
            dcm_ue=np.tile(told, ENVIRONMENTS),
            dcm_code=np.ones(told.size * ENVIRONMENTS, np.uint16),
        )
        self._follow = FollowerAction(np.full(scenario.ues * ENVIRONMENTS, 16, np.uint16))
        self._env.reset(range(ENVIRONMENTS))

    def environment_ttis_per_s(self, ttis: int) -> float:
        """Simulate a stretch."""
        begin = perf_counter()
        for _ in range(ttis):
            self._env.lead(self._lead)
            self._env.follow(self._follow)
        return ttis * ENVIRONMENTS / (perf_counter() - begin)
