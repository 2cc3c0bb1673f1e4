# SPDX-License-Identifier: MIT
"""What a sweep is made of: a run is one agent's episode in one cell at one seed."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from llmac.agents.baselines.parameters import read_tuned
from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import Scenario, load
from llmac.bridge.scenario.channels import PRESETS

FIRST_SEED = 2_000_000
"""Of reported results; training and tuning use lower ones."""


@dataclass(frozen=True, slots=True)
class Player:
    """An agent that takes part, by the name it has in tables."""

    name: str
    agent: str
    """Its name in the registry; for a training run that of one of its checkpoints."""
    masked: bool = True
    """Whether a language agent speaks under the grammar."""

    @classmethod
    def of(cls, agent: str, name: str | None = None, *, masked: bool = True) -> "Player":
        """An agent of the registry, by its name there or another one.

        A training run may go on meanwhile: it takes part with the policy that was its newest one when this process
        first asked.
        """
        return cls(name or agent, _pinned(agent), masked)

    @classmethod
    def without_grammar(cls, agent: str) -> "Player":
        """A language agent that may say anything."""
        return cls.of(agent, f"{agent}, no grammar", masked=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where runs take place; made by `of`."""

    scenario: Scenario = field(compare=False)
    fields: str
    """All fields of the scenario, as JSON; cells with the same ones are the same."""
    channel: str
    """Name of a preset; `none` without a loss model, `own` for one that the scenario has made up."""
    setting: str = ""
    """What was changed in the scenario, if anything, besides UEs, load and channel."""

    @classmethod
    def of(cls, scenario: Scenario, setting: str = "") -> "Cell":
        """The cell of a scenario, with the name of its channel."""
        return cls(scenario, scenario.model_dump_json(), _channel(scenario), setting)

    @property
    def load(self) -> float:
        """Arrival probability or mean arrivals per UE and TTI (while on); NaN where the traffic has none."""
        return float(getattr(self.scenario.traffic, "load", math.nan))

    @property
    def title(self) -> str:
        """For people."""
        load_ = "" if math.isnan(self.load) else f", load {self.load:g}"
        setting = f", {self.setting}" if self.setting else ""
        return f"{self.scenario.name}, {self.scenario.ues} UEs{load_}, channel {self.channel}{setting}"


@dataclass(frozen=True, slots=True)
class Run:
    """One agent's episode in one cell at one seed."""

    player: Player
    cell: Cell
    seed: int

    @property
    def place(self) -> tuple[str, ...]:
        """What a person tells runs apart by, but for the seed."""
        cell = self.cell
        return (
            self.player.name,
            cell.scenario.name,
            cell.setting,
            str(cell.scenario.ues),
            f"{cell.load:g}",
            cell.channel,
        )

    @property
    def fingerprint(self) -> str:
        """Of its names, and of all but the seed that it depends on: weights or parameters, and the whole scenario."""
        return _fingerprint(self.player, self.cell.setting, self.cell.fields)


def grid(
    scenarios: Sequence[str],
    ues: Sequence[int],
    loads: Sequence[float],
    channels: Sequence[str],
    overrides: dict[str, Any] | None = None,
) -> list[Cell]:
    """Every combination; of what is left empty, what each scenario has.

    Raises:
        ScenarioError: there is no such scenario, or it has no such field or value.
    """
    cells: list[Cell] = []
    for name, n, load_, channel in product(scenarios, ues or [None], loads or [None], channels or [None]):
        fields = {"ues": n, "traffic.load": load_, "channel": channel}
        given = {field: value for field, value in fields.items() if value is not None}
        cells.append(Cell.of(load(name, {**(overrides or {}), **given})))
    return cells


def _channel(scenario: Scenario) -> str:
    if not scenario.channel:
        return "none"
    return next((name for name in PRESETS if load("paper", {"channel": name}).channel == scenario.channel), "own")


@cache
def _pinned(agent: str) -> str:
    kind, _, where = agent.partition(":")
    folder = checkpoint_folder(agent)
    goes_on = folder is not None and where and folder != Path(where).expanduser()
    return f"{kind}:{folder}" if goes_on else agent


@cache
def _fingerprint(player: Player, setting: str, scenario: str) -> str:
    parts = (player.name, player.agent, str(player.masked), weights(player.agent), setting, scenario)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def weights(agent: str) -> str:
    """What makes an agent play as it does: digest of its files, or its tuned parameters.

    Raises:
        LlmacError: a file cannot be read.
    """
    folder = checkpoint_folder(agent)
    if folder is None:
        return str(read_tuned().get(agent, ""))
    digest = hashlib.sha256()
    try:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(str(path.relative_to(folder)).encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise LlmacError(f"{folder}: this cannot be read: {error.strerror}") from error
    return digest.hexdigest()
