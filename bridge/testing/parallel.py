# SPDX-License-Identifier: MIT
"""The rules of the ParallelEnv, beyond those that PettingZoo's own checkers know."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from gymnasium.utils.env_checker import data_equivalence
from pettingzoo.utils.env import ParallelEnv

from llmac.bridge.errors import ActionError, OutOfTurnError
from llmac.bridge.testing.fault import refused, require

Env = ParallelEnv[str, Any, Any]


def check_parallel(make: Callable[[], Env]) -> None:
    """Check all rules; `make` is called several times, and what it made is closed.

    Raises:
        ConformanceError: a rule is broken.
    """
    for check in (_seeds, _agents_and_spaces, _wrong_use):
        env = make()
        try:
            check(env)
        finally:
            env.close()


def episode(env: Env, seed: int | None) -> Iterator[tuple[Any, ...]]:
    """Play an episode of allowed actions drawn by the seed; yields what `reset` and each `step` return."""
    rng = np.random.default_rng(0)
    observations, infos = env.reset(seed=seed)
    yield observations, infos
    while env.agents:
        step = env.step({agent: _allowed(observations[agent]["action_mask"], rng) for agent in env.agents})
        observations = step[0]
        yield step


def _allowed(mask: Any, rng: np.random.Generator) -> Any:
    if isinstance(mask, tuple):
        return np.array([_allowed(part, rng) for part in mask], dtype=np.int64)
    return int(rng.choice(np.flatnonzero(mask)))


def _seeds(env: Env) -> None:
    """A seed gives the same episode, and the same ones after it; an abandoned one leaves no trace."""
    first = [list(episode(env, seed)) for seed in (7, None)]
    again = [list(episode(env, seed)) for seed in (7, None)]
    require(data_equivalence(first[0], again[0]), "a seed gives another episode the second time")
    require(data_equivalence(first[1], again[1]), "the episode that follows a seeded one does not repeat")
    require(not data_equivalence(first[0], first[1]), "an episode without a seed is the one before it again")
    require(not data_equivalence(first[0], list(episode(env, 8))), "another seed gives the same episode")
    next(episode(env, 9))
    require(data_equivalence(first[0], list(episode(env, 7))), "an episode depends on one that was abandoned before it")


def _agents_and_spaces(env: Env) -> None:
    """Agents are in their order, everybody is told everything of a step, and observations are in their spaces."""
    possible = env.possible_agents
    before: list[str] = []
    for seen in episode(env, 1):
        expected = set(before) | set(env.agents)
        require(env.agents == [agent for agent in possible if agent in env.agents], "agents are not in their order")
        for part in seen:
            require(set(part) == expected, "a step does not tell of exactly the agents that took part")
        for agent, observation in seen[0].items():
            inside = env.observation_space(agent).contains(observation)
            require(inside, f"an observation of {agent} is not in its space")
        before = list(env.agents)
    for agent in possible:
        same = env.action_space(agent) is env.action_space(agent)
        require(
            same and env.observation_space(agent) is env.observation_space(agent), f"{agent} has a new space each time"
        )


def _wrong_use(env: Env) -> None:
    """A wrong call raises a typed error and changes nothing."""
    refused(lambda: env.step({}), OutOfTurnError, "a step before `reset`")
    expected = list(episode(env, 3))
    seen: list[Any] = [env.reset(seed=3)]
    rng = np.random.default_rng(0)
    while env.agents:
        observations = seen[-1][0]
        actions = {agent: _allowed(observations[agent]["action_mask"], rng) for agent in env.agents}
        acting = [agent for agent in env.agents if _can_choose(observations[agent]["action_mask"])]
        for agent in acting[:1]:
            missing = {other: action for other, action in actions.items() if other != agent}
            refused(lambda missing=missing: env.step(missing), ActionError, f"a step without an action of {agent}")
            wrong = actions | {agent: "no action"}
            refused(lambda wrong=wrong: env.step(wrong), ActionError, f"an action of {agent} outside its space")
        seen.append(env.step(actions))
    require(data_equivalence(seen, expected), "a wrong call has changed the episode")
    refused(lambda: env.step({}), OutOfTurnError, "a step after the end of the episode")
    env.close()
    env.close()
    refused(lambda: env.step({}), OutOfTurnError, "a step after `close`")
    refused(env.reset, OutOfTurnError, "`reset` after `close`")


def _can_choose(mask: Any) -> bool:
    return any(map(_can_choose, mask)) if isinstance(mask, tuple) else int(np.sum(mask)) > 1
