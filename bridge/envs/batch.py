# SPDX-License-Identifier: MIT
"""How E environments are laid over P processes: contiguous blocks, each with its scenarios and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.errors import ScenarioError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, to_proto
from llmac.bridge.wire.column import write
from llmac.bridge.wire.limits import Limits, PerEnvironment
from llmac.v1 import scenario_pb2, wire_pb2


@dataclass(frozen=True, slots=True)
class Block:
    """The environments of one process."""

    environments: slice
    scenarios: tuple[scenario_pb2.Scenario, ...]
    """The different ones."""
    scenario_index: NDArray[np.uint32]
    """[environments of the block] into `scenarios`."""
    limits: Limits

    def reset(self, seeds: NDArray[np.uint64], captures: str = "") -> bytes:
        """Ask for new episodes, a payload; `seeds` [E] are of all environments, `captures` is for pcap files."""
        request = wire_pb2.Reset(
            scenarios=self.scenarios,
            scenario_index=write(self.scenario_index, np.uint32),
            seed=write(seeds[self.environments], np.uint64),
            privileged=self.limits.privileged,
            bound=self.limits.bound,
            captures=captures,
        )
        return wire_pb2.Message(reset=request).SerializeToString()


@dataclass(frozen=True, slots=True)
class Batch:
    """E environments."""

    scenarios: tuple[Scenario, ...]
    limits: Limits
    """Of all of them."""
    blocks: tuple[Block, ...]
    """Of the processes."""


def lay_out(scenarios: Sequence[Scenario], processes: int, ttis: int | None, *, privileged: bool, bound: bool) -> Batch:
    """Lay one environment per scenario over the processes; the sizes of the blocks differ by one at most.

    Args:
        scenarios: [E]
        processes: P, not more than E.
        ttis: T, by default that of the scenarios.
        privileged: whether `Privileged` is to be observed.
        bound: whether the upper bound is to be computed.

    Raises:
        ScenarioError: the scenarios cannot run in step.
    """
    if not 1 <= processes <= len(scenarios):
        raise ScenarioError(
            f"{len(scenarios)} environments and {processes} processes were asked for; at least one process is needed, "
            "and one environment for each"
        )
    lengths = {ttis} if ttis is not None else {scenario.ttis for scenario in scenarios}
    if len(lengths) > 1:
        raise ScenarioError(f"the scenarios have episodes of {_list(lengths)} TTIs; give `ttis`, one length for all")
    numerologies = {scenario.radio.numerology for scenario in scenarios}
    if len(numerologies) > 1:
        raise ScenarioError(f"the scenarios have numerologies {_list(numerologies)}; all need the same TTI length")
    length = lengths.pop()
    if length < 1:
        raise ScenarioError(f"an episode of {length} TTIs was asked for; the least is 1")
    edges = [len(scenarios) * p // processes for p in range(processes + 1)]
    return Batch(
        scenarios=tuple(scenarios),
        limits=_limits(scenarios, length, privileged=privileged, bound=bound),
        blocks=tuple(
            _block(scenarios, slice(begin, end), length, privileged=privileged, bound=bound)
            for begin, end in pairwise(edges)
        ),
    )


def ue_ids(scenario: Scenario, ttis: int) -> int:
    """Count the UEs that can be connected at some time of an episode of `ttis` TTIs; their ids are less than this."""
    joins = sum(event.join for event in scenario.churn if event.tti < ttis)
    return scenario.ues + joins + scenario.max_poisson_joins


def _block(scenarios: Sequence[Scenario], part: slice, ttis: int, *, privileged: bool, bound: bool) -> Block:
    different: dict[bytes, tuple[int, scenario_pb2.Scenario]] = {}
    index: list[int] = []
    for scenario in scenarios[part]:
        message = to_proto(scenario, ttis)
        key = message.SerializeToString(deterministic=True)
        index.append(different.setdefault(key, (len(different), message))[0])
    return Block(
        environments=part,
        scenarios=tuple(message for _, message in different.values()),
        scenario_index=np.array(index, dtype=np.uint32),
        limits=_limits(scenarios[part], ttis, privileged=privileged, bound=bound),
    )


def _limits(scenarios: Sequence[Scenario], ttis: int, *, privileged: bool, bound: bool) -> Limits:
    codes = [Codes(scenario.rbgs, scenario.vocabulary) for scenario in scenarios]
    return Limits(
        environments=len(scenarios),
        ttis=ttis,
        rbgs=PerEnvironment(scenario.rbgs for scenario in scenarios),
        ue_ids=PerEnvironment(ue_ids(scenario, ttis) for scenario in scenarios),
        ue_actions=PerEnvironment(code.ue_action_codes for code in codes),
        ucms=PerEnvironment(code.ucm_codes for code in codes),
        dcms=PerEnvironment(code.dcm_codes for code in codes),
        privileged=privileged,
        bound=bound,
    )


def _list(values: set[int]) -> str:
    return ", ".join(map(str, sorted(values)))
