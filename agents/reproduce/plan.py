# SPDX-License-Identifier: MIT
"""What is played for each figure. The cells have names (`Cell.setting`) by which the figures find their runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llmac.agents import registry
from llmac.agents.evaluation.sweep.runs import Cell, Player
from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.scenario import load

ARRIVALS, SIZE, CLAIMS, GRAMMAR, DELAY = "arrival rate", "network size", "claims", "grammar", "decision delay "
LAYERS: dict[str, dict[str, Any]] = {
    "paper": {},
    "SINR errors": {
        "channel": "log-distance",
        "placement.radius_m": 1300,
        "error_model": {"model": "mutual-information"},
    },
    "fading": {"channel": "rayleigh"},
    "control loss": {"control.loss_probability": 0.05},
    "control limits": {"control.max_dcms_per_tti": 1, "control.ucm_period_ttis": 4},
    "decision delay": {"decision_delay": [0.0, 1.0]},
    "IP traffic": {
        "traffic": {
            "model": "ip",
            "applications": [
                {
                    "type": "ns3::UdpClient",
                    "attributes": {"PacketSize": 32, "Interval": "2ms", "MaxPackets": 1_000_000},
                    "jitter_ttis": 2,
                }
            ],
        }
    },
}
"""From the abstract cell to a rich one; each keeps those before it. A UDP packet with its headers is one dPDU here."""

TOLD = "told "
"""Before the setting of a layer in which conventional agents guess their parameters from the scenario as it is; in the
others they keep those that were tuned for `paper`, as a checkpoint keeps its weights."""

Pair = tuple[Player, Cell]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is played."""

    seeds: int
    ttis: int
    loads: tuple[float, ...]
    populations: tuple[int, ...]
    delays: tuple[int, ...]
    """Decision delays, in TTIs."""
    claims: tuple[str, ...]
    """Scenarios in which the paper's claims are measured."""
    updates: int
    """Of each training."""
    environments: int
    """Of a batch of training."""
    trained: tuple[int, ...]
    """Populations of the trainings."""


QUICK = Budget(
    seeds=6,
    ttis=100,
    loads=(0.1, 0.3, 0.5, 0.7, 0.9),
    populations=(2, 4, 8, 12),
    delays=(0, 1, 2, 4),
    claims=("near-far", "bursty"),
    updates=24,
    environments=48,
    trained=(4, 8),
)
FULL = Budget(
    seeds=20,
    ttis=200,
    loads=tuple(i / 10 for i in range(1, 10)),
    populations=(2, 4, 6, 8, 12, 16, 24, 32),
    delays=(0, 1, 2, 3, 4, 6, 8),
    claims=("near-far", "bursty", "scarce-signalling", "urban"),
    updates=48,
    environments=48,
    trained=(4, 6, 8, 12),
)


def pairs(
    budget: Budget, examined: str, rivals: Sequence[str], warm_start: str | None, figures: Sequence[str]
) -> list[Pair]:
    """Who plays where, for the figures that are played by a sweep.

    Args:
        budget: how much.
        examined: name of the agent that is examined.
        rivals: names of the agents it stands beside; the genie plays, too.
        warm_start: name of the agent that the examined one began as, for the figure of the grammar.
        figures: which ones, of `cli.reproduce.FIGURES`.
    """
    everybody = [Player.of(name) for name in dict.fromkeys([registry.REFERENCE, *rivals, examined])]
    conventional = [player for player in everybody if not is_learned(player)]
    speakers = [Player.of(registry.REFERENCE), *ablated(examined, warm_start)]
    places: dict[str, list[tuple[Sequence[Player], Cell]]] = {
        "arrival-rate": [(everybody, _cell(budget, ARRIVALS, {"traffic.load": load_})) for load_ in budget.loads],
        "network-size": [(everybody, _cell(budget, SIZE, {"ues": ues})) for ues in budget.populations],
        "generalisation": [
            ([Player.of(name) for name in generalising(examined)], _cell(budget, SIZE, {"ues": ues}))
            for ues in budget.populations
        ],
        # They are over conventional protocols.
        "claims": [
            ([*conventional, Player.of(examined)], _cell(budget, CLAIMS, {}, name))
            for name in ("paper", *budget.claims)
        ],
        "decision-delay": [
            (everybody, _cell(budget, f"{DELAY}{delay}", {"decision_delay": [0.0] * delay + [1.0]}))
            for delay in budget.delays
        ],
        "grammar": [(speakers, _cell(budget, GRAMMAR, {"ues": ues})) for ues in budget.populations],
        "simulator-gap": [
            place
            for layer, fields in layers()
            for place in (
                (everybody, _cell(budget, layer, fields)),
                (conventional, _cell(budget, TOLD + layer, {**fields, "name": "layers"})),
            )
        ],
    }
    wanted = [place for figure in figures for place in places.get(figure, [])]
    return list(dict.fromkeys((player, cell) for players, cell in wanted for player in players))


def is_learned(player: Player) -> bool:
    """Whether it plays with weights, rather than with parameters."""
    return ":" in player.agent or checkpoint_folder(player.agent) is not None


def generalising(examined: str) -> list[str]:
    """Names of the agents whose populations other than those of their training are looked at: learned, and without."""
    return list(dict.fromkeys([registry.REFERENCE, "aloha", "grant", "mappo", "mappo-4", examined]))


def _cell(budget: Budget, setting: str, fields: dict[str, Any], scenario: str = "paper") -> Cell:
    return Cell.of(load(scenario, {"ttis": budget.ttis, **fields}), setting)


def ablated(examined: str, warm_start: str | None) -> list[Player]:
    """The examined agent and its warm start, with and without grammar."""
    agents = {"trained": examined, **({"warm start": warm_start} if warm_start else {})}
    return [
        Player.of(agent, f"{name}{'' if masked else ', no grammar'}", masked=masked)
        for name, agent in agents.items()
        for masked in (True, False)
    ]


def layers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and fields of each, those of the ones before included."""
    fields: dict[str, Any] = {}
    for name, more in LAYERS.items():
        fields = {**fields, **more}
        yield name, dict(fields)
