# SPDX-License-Identifier: MIT
"""A training run, `llmac train`: PPO of a leader and its followers in the ns-3 cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import torch

from llmac.agents.evaluation.episodes import play
from llmac.agents.evaluation.meaning import meanings
from llmac.agents.evaluation.trace import AgentTrace
from llmac.agents.evaluation.tune import FIRST_VALIDATION_SEED
from llmac.agents.language.prompts import Role
from llmac.agents.learning.advice import advice_of
from llmac.agents.learning.config import TrainConfig
from llmac.agents.learning.domain import draw_scenarios
from llmac.agents.learning.learner import Learner
from llmac.agents.learning.optimisation import adam, restore, set_rate, tensors_of
from llmac.agents.learning.ppo import PpoOptions, adapted
from llmac.agents.learning.store import Saved, TrainingState
from llmac.bridge.envs.columns import ColumnEnv

_FIRST_KL_PENALTY = 0.5
_RISE, _LAST_RATE = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class UpdateTiming:
    """Seconds of an update by what they went into."""

    simulate_s: float
    """In the cells."""
    infer_s: float
    """In the models that play; cells and models take turns."""
    update_s: float
    """In learning."""
    total_s: float
    """With all that lies between."""


class Training:
    """A run in memory; `step` makes one update.

    Args:
        config: of the run.
        learner: the models that it trains, and how they are trained.
        processes: cell processes; the results do not depend on them.
        where: other arguments of `ColumnEnv`, that say where the cells run.
    """

    def __init__(
        self, config: TrainConfig, learner: Learner[Any], processes: int = 1, where: Mapping[str, Any] | None = None
    ) -> None:
        # With one thread the sums are made in one order: the same weights whatever the number of cores.
        torch.set_num_threads(1)
        self.config = config
        self.update = 0
        self.rows: list[dict[str, float]] = []
        self.protocol: list[dict[str, Any]] = []
        self._learner = learner
        self._advice = advice_of(config, learner)
        self._kl_penalty = dict.fromkeys(Role, _FIRST_KL_PENALTY)
        self._optimisers = {
            **{role.value: adam(learner.models[role].parameters(), self._rate(role)) for role in Role},
            "critic": adam(self._advice.module.parameters(), config.learning_rate.critic),
        }
        first = draw_scenarios(config.domains, config.environments, self._rng("cells"))
        self._env = ColumnEnv(
            first, processes=processes, ttis=config.ttis, privileged=True, bound=True, **(where or {})
        )

    def close(self) -> None:
        """End the cells."""
        self._env.close()

    def state(self) -> TrainingState:
        """Everything that a checkpoint holds."""
        made_by: dict[str, Any] = {
            "command": "llmac train",
            "updates_made": self.update,
            **self.config.model_dump(mode="json"),
        }
        tensors = {f"critic/{name}": tensor for name, tensor in self._advice.module.state_dict().items()}
        tensors |= {
            f"kl_penalty/{role}": torch.tensor(weight, dtype=torch.float64) for role, weight in self._kl_penalty.items()
        }
        for name, optimiser in self._optimisers.items():
            tensors |= {f"optimiser/{name}/{key}": tensor for key, tensor in tensors_of(optimiser).items()}
        save = partial(self._learner.save, made_by=made_by)
        return TrainingState(save, tensors, self.update, self.rows, self.protocol)

    def resume(self, state: Saved) -> None:
        """Go on from a checkpoint; its policy is the one that this run was made with."""

        def of(prefix: str) -> dict[str, torch.Tensor]:
            return {name.removeprefix(prefix): t for name, t in state.tensors.items() if name.startswith(prefix)}

        self._advice.module.load_state_dict(of("critic/"))
        self._kl_penalty = {role: float(state.tensors[f"kl_penalty/{role}"]) for role in Role}
        for name, optimiser in self._optimisers.items():
            restore(optimiser, of(f"optimiser/{name}/"))
        self.update, self.rows, self.protocol = state.update, list(state.rows), list(state.protocol)

    def step(self) -> tuple[dict[str, float], UpdateTiming]:
        """Play a batch of episodes and learn from it; returns the row of metrics.

        A row holds how the policy did before its update; every `validate_every` updates it was validated, too.
        """
        config = self.config
        row = {"updates": float(self.update)}
        if self.update % config.validate_every == 0:
            row |= self.validate()
        started = monotonic()
        scenarios = draw_scenarios(config.domains, config.environments, self._rng("cells"))
        # Episodes of training have seeds below 1,000,000.
        seeds = self._rng("episodes").integers(0, FIRST_VALIDATION_SEED, config.environments, dtype=np.uint64)
        experience = self._learner.collect(self._env, scenarios, seeds, config.ttis)
        played = monotonic()
        row |= _means("train", experience.metrics)
        row["train/return_bs"] = float(experience.leader_reward.sum(axis=0).mean())
        row["train/return_ue"] = float(experience.follower_reward.sum(axis=0).mean())
        advantage, row["critic/explained_variance"] = self._advice.of(
            experience, self._optimisers["critic"], self._rng("critic")
        )
        for role in self._who_learns():
            if not advantage[role].size:  # nobody was connected
                continue
            set_rate(self._optimisers[role.value], self._rate(role))
            told = self._learner.improve(
                role,
                self._optimisers[role.value],
                experience.decisions[role],
                advantage[role],
                self._ppo_options(role),
                self._rng(f"minibatches {role}"),
            )
            if config.kl_control == "penalty":
                told["kl_penalty"] = self._kl_penalty[role]
                self._kl_penalty[role] = adapted(self._kl_penalty[role], told["approx_kl"], config.kl_limit)
            row |= {f"{role}/{name}": value for name, value in told.items()}
        learned = monotonic()
        self.update += 1
        self.rows.append(row)
        timing = UpdateTiming(experience.simulate_s, experience.infer_s, learned - played, learned - started)
        return row, timing

    @property
    def finished(self) -> bool:
        """Whether `finish` was called, in this process or before the run was resumed."""
        return bool(self.rows) and self.rows[-1]["updates"] == self.config.updates

    def finish(self) -> dict[str, float]:
        """Validate what was learned; returns the last row of metrics."""
        row = {"updates": float(self.update), **self.validate()}
        self.rows.append(row)
        return row

    def validate(self) -> dict[str, float]:
        """Play the most probable sentences in the same cells every time; what they mean is added to `protocol`."""
        config = self.config
        rng = np.random.default_rng([config.seed, FIRST_VALIDATION_SEED])
        scenarios = draw_scenarios(config.domains, config.environments, rng)
        seeds = list(range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + config.environments))
        self._env.reset(seeds, scenarios)
        trace = AgentTrace("trained", scenarios, np.array(seeds, dtype=np.uint64))
        episodes = play(self._env, self._learner.greedy(), scenarios, seeds, [trace])
        self.protocol += [{"updates": self.update, **meaning.row()} for meaning in meanings(trace.table())]
        return _means("validation", episodes)

    def _who_learns(self) -> tuple[Role, ...]:
        schedule = self.config.schedule
        if self.update < self.config.critic_updates:
            return ()
        if schedule.kind != "best-response":
            return (Role.BS, Role.UE)
        turn = (self.update - self.config.critic_updates) % (schedule.follower_updates + 1)
        return (Role.UE,) if turn < schedule.follower_updates else (Role.BS,)

    def _rate(self, role: Role) -> float:
        config = self.config
        rate = config.learning_rate.bs if role is Role.BS else config.learning_rate.ue
        if role is Role.BS and config.schedule.kind == "two-timescale":
            rate *= config.schedule.leader_rate_ratio
        done = config.fraction(self.update)
        return rate * min(1.0, (done + 1 / config.updates) / _RISE, 1 - (1 - _LAST_RATE) * done)

    def _ppo_options(self, role: Role) -> PpoOptions:
        config = self.config
        first, last = config.entropy
        return PpoOptions(
            clip=config.clip,
            epochs=config.epochs,
            minibatches=config.minibatches,
            kl_limit=config.kl_limit,
            entropy=first + (last - first) * config.fraction(self.update),
            max_grad_norm=config.max_grad_norm,
            kl_penalty=self._kl_penalty[role] if config.kl_control == "penalty" else None,
            gradient_accumulation=config.gradient_accumulation,
            bfloat16=config.precision == "bfloat16",
        )

    def _rng(self, purpose: str) -> np.random.Generator:
        """A generator that depends on the run's seed, the update and the purpose alone."""
        return np.random.default_rng([self.config.seed, self.update, *purpose.encode()])


def _means(what: str, episodes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over episodes, and the goodput as a share of the bound."""
    shown = ("utility", "goodput_dpdu_per_tti", "jain_index", "mean_delay_tti", "invalid_action_rate")
    means = {f"{what}/{name}": _mean([e[name] for e in episodes]) for name in shown}
    goodput = sum(e["goodput_dpdu_per_tti"] for e in episodes)
    bound = sum(e["bound_dpdu_per_tti"] for e in episodes)
    return {**means, f"{what}/goodput_over_bound": goodput / bound if bound else 1.0}


def _mean(values: Sequence[float]) -> float:
    """Of the episodes that have the metric: without an arrival there is no delay."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
