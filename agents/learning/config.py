# SPDX-License-Identifier: MIT
"""What a training run is made from: one YAML file, saved with the run, that makes it again."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from llmac.bridge.errors import LlmacError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


_Positive = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class Domain(_Section):
    """Cells to train in: a scenario, and what is drawn anew for every episode."""

    scenario: str
    """A built-in scenario, or the path of a YAML file."""
    ues: tuple[int, int] | None = None
    """UEs at TTI 0: least and most, uniformly; by default those of the scenario."""
    load: tuple[float, float] | None = None
    """Arrival probability per UE and TTI: least and most, uniformly."""
    channels: tuple[str, ...] = ()
    """Channel presets, one of which is drawn; none: that of the scenario."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Other fields of the scenario, for instance {"control.delay_ttis": 1}."""
    weight: _Positive = 1.0
    """How often this domain is drawn, relative to the others."""

    @model_validator(mode="after")
    def _ranges(self) -> "Domain":
        for name, range_ in (("ues", self.ues), ("load", self.load)):
            if range_ is not None and range_[0] > range_[1]:
                raise ValueError(f"{name}: the least, {range_[0]}, is above the most, {range_[1]}")
        return self


class RoleRates(_Section):
    """Learning rates at their peak; over the first 20th of the run the roles' rise, then they fall to a tenth."""

    bs: _Positive = 3e-4
    """Of the leader's weights, theta_b."""
    ue: _Positive = 3e-4
    """Of the followers' weights, theta_u, which all UEs share."""
    critic: _Positive = 1e-3
    """Of the critic's weights, all the time."""


class Schedule(_Section):
    """Who learns when (docs/training.md)."""

    kind: Literal["simultaneous", "two-timescale", "best-response"] = "simultaneous"
    """Both in every update; both, the leader slower; or `follower_updates` of the followers to one of the leader."""
    leader_rate_ratio: _Share = 0.1
    """two-timescale: the leader's learning rate over that of `learning_rate.bs`."""
    follower_updates: int = Field(default=4, ge=1, le=1000)
    """best-response: K, updates of the followers before each of the leader."""


class Mappo(_Section):
    """Networks of `mappo` that begin with random weights; see llmac.agents.mappo.policy.Sizes."""

    ues: int = Field(default=8, ge=1, le=1024)
    """M, UEs that the BS can tell apart; more may be in the cell."""
    memory: int = Field(default=4, ge=1, le=100)
    """k, TTIs that a network sees at once."""
    width: int = Field(default=128, ge=1, le=1024)
    """Of the hidden layers."""


_DEFAULTS_OF_MAPPO: dict[str, Any] = {
    "start": None,
    "entropy": (0.01, 0.0),
    "kl_limit": 0.05,
    "max_grad_norm": 10.0,
    "learning_rate": {"bs": 1e-3, "ue": 1e-3},
}
"""Where they differ: small networks learn from nothing, in larger steps and with more exploration."""


class TrainConfig(_Section):
    """A training run; see docs/training.md. Some defaults of `mappo` are others, see docs/mappo.md."""

    domains: tuple[Domain, ...] = Field(min_length=1)
    agent: Literal["llm", "mappo"] = "llm"
    """What is trained: language models, or networks without language (docs/mappo.md)."""
    mappo: Mappo = Mappo()
    start: str | None = "shipped"
    """Weights to begin with: "shipped", a checkpoint or a training run by its path, a pretrained model by path or Hub
    id, which gets an adapter for each role, or null for random ones."""
    seed: int = Field(default=0, ge=0, lt=1_000_000)
    """Of everything that is drawn: cells, episodes, sentences, order of minibatches, random weights."""
    updates: int = Field(default=200, ge=1)
    """Batches of episodes, each followed by one PPO update."""
    environments: int = Field(default=64, ge=1, le=4096)
    """E, episodes of a batch."""
    ttis: int = Field(default=24, ge=2, le=10_000)
    """T, length of a training episode in TTIs."""
    gamma: _Share = 0.98
    """Discount per TTI."""
    gae_lambda: _Share = 0.95
    """Lambda of generalised advantage estimation (Schulman et al., ICLR 2016), per phase."""
    clip: _Share = 0.2
    """Epsilon of the clipped surrogate (Schulman et al., arXiv 1707.06347), per decision."""
    epochs: int = Field(default=4, ge=1, le=100)
    """Passes over a batch, at most."""
    minibatches: int = Field(default=8, ge=1, le=1000)
    """Of each pass."""
    kl_control: Literal["stop", "penalty"] = "stop"
    """What keeps an update near the old policy: it ends early, or pays a penalty whose weight adapts from one update to
    the next."""
    kl_limit: _Positive = 0.02
    """Mean KL divergence from the old policy, per decision, that ends a role's update, or that the penalty aims at."""
    gradient_accumulation: int = Field(default=1, ge=1, le=10_000)
    """Parts of a minibatch that go through the model one after the other, so that large models fit in memory."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the matrix products in an update; the trained weights stay in float32."""
    critic: Literal["central", "prompt"] = "central"
    """Where values come from: a network that sees all buffers, or a head of each role's model on its own prompt."""
    critic_updates: int = Field(default=2, ge=0)
    """Updates at the beginning that fit the critic only: a warm start is worse off with the advice of a blank one."""
    entropy: tuple[float, float] = (0.0003, 0.0)
    """Weight of the entropy bonus at the beginning and at the end of the run; linear between."""
    max_grad_norm: _Positive = 0.5
    learning_rate: RoleRates = RoleRates()
    schedule: Schedule = Schedule()
    validate_every: int = Field(default=10, ge=1)
    """Updates between two validations, as the policy will play when it is trained, on seeds from 1,000,000."""
    save_every: int = Field(default=10, ge=1)
    """Updates between two checkpoints."""

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("agent") != "mappo":
            return data
        rates = data.get("learning_rate", {})
        if isinstance(rates, dict):
            rates = {**_DEFAULTS_OF_MAPPO["learning_rate"], **rates}
        return {**_DEFAULTS_OF_MAPPO, **data, "learning_rate": rates}

    @model_validator(mode="after")
    def _mappo_is_small(self) -> "TrainConfig":
        if self.agent == "mappo" and self.precision != "float32":
            raise ValueError("precision: the networks of mappo are trained in float32")
        return self

    @classmethod
    def read(cls, path: Path) -> "TrainConfig":
        """Read a YAML file.

        Raises:
            LlmacError: it cannot be read, or a field is unknown or out of range.
        """
        try:
            return cls.parse(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
        except OSError as error:
            raise LlmacError(f"{path}: the training configuration cannot be read: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise LlmacError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from error

    @classmethod
    def parse(cls, data: object, source: str) -> "TrainConfig":
        """Check what was read from `source`.

        Raises:
            LlmacError: a field is unknown or out of range.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the configuration"
            raise LlmacError(f"{source}: {field}: {first['msg']}") from error

    def write(self, path: Path) -> None:
        """Write a YAML file that `read` gives back, in one step.

        Raises:
            LlmacError: it cannot be written.
        """
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_text(yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise LlmacError(f"{path}: the training configuration cannot be written: {error.strerror}") from error

    def fraction(self, update: int) -> float:
        """How much of the run lies before an update, in [0, 1)."""
        return update / self.updates
