# SPDX-License-Identifier: MIT
"""What language agents are asked in the real cell: the material of `llmac bench agents`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from llmac.agents.engine.backend import Backend, Draw, Reply, Request
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.prompts import Role
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load

FIRST_SEED = 1_900_000
Phase = Mapping[Role, Sequence[Request]]
"""What the agents of both roles are asked in one TTI."""


@dataclass(frozen=True, slots=True)
class Population:
    """Cells whose agents are asked together."""

    environments: int
    ues: int
    rbgs: int

    @property
    def agents(self) -> int:
        """BSs and UEs."""
        return self.environments * (1 + self.ues)


def record(agent: LanguageAgent, population: Population, ttis: int) -> list[Phase]:
    """What an agent is asked, TTI by TTI, in near-far; in every other cell control messages are late."""
    size = {"ues": population.ues, "rbgs": population.rbgs}
    cells = [load("near-far", {**size, "control.delay_ttis": e % 2}) for e in range(population.environments)]
    seeds = np.arange(FIRST_SEED, FIRST_SEED + population.environments, dtype=np.uint64)
    phases: list[Phase] = []
    with ColumnEnv(cells, ttis=ttis) as env, _Recorded(agent) as recorded:
        agent.reset(cells, seeds)
        observation = env.reset(seeds)
        while not observation.done:
            observation = env.follow(agent.follow(env.lead(agent.lead(observation))))
            phases.append(recorded.taken())
    return phases


def some(phase: Phase, population: Population) -> Phase:
    """The first agents of a TTI of a larger run."""
    sizes = {Role.BS: population.environments, Role.UE: population.environments * population.ues}
    return {role: phase[role][:size] for role, size in sizes.items()}


def distinct(phase: Phase, population: Population) -> Phase:
    """As many agents of a TTI of a larger run, no two of which are asked the same.

    Raises:
        LlmacError: too few are.
    """
    sizes = {Role.BS: population.environments, Role.UE: population.environments * population.ues}
    different = {role: list({r.state: r for r in phase[role]}.values()) for role in Role}
    for role, size in sizes.items():
        if len(different[role]) < size:
            raise LlmacError(f"only {len(different[role])} different prompts of {role} in a TTI, {size} are needed")
    return {role: different[role][:size] for role, size in sizes.items()}


class _Recorded:
    """While it is entered, the requests to an agent's backends are kept."""

    def __init__(self, agent: LanguageAgent) -> None:
        self._agent = agent
        self._kept: dict[Role, list[Request]] = {}

    def __enter__(self) -> Self:
        self._backends = dict(self._agent.backends)
        self._agent.backends = {role: _Recorder(role, b, self._kept) for role, b in self._backends.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self._agent.backends = self._backends

    def taken(self) -> Phase:
        """What was asked since the last call."""
        kept = dict(self._kept)
        self._kept.clear()
        return kept


class _Recorder:
    """A backend that keeps what another one is asked."""

    def __init__(self, role: Role, backend: Backend, kept: dict[Role, list[Request]]) -> None:
        self._role = role
        self._backend = backend
        self._kept = kept

    def decide(self, requests: Sequence[Request], draw: Draw | None) -> list[Reply]:
        self._kept[self._role] = list(requests)
        return self._backend.decide(requests, draw)

    def check(self, states: Sequence[str]) -> None:
        self._backend.check(states)

    def weights_changed(self) -> None:
        self._backend.weights_changed()
