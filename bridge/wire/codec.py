# SPDX-License-Identifier: MIT
"""Messages of the wire to and from the dataclasses of `llmac.bridge.envs.observations`.

Replies are checked whole before anything of them is used: dtype and length of each column, range of ids and codes.
What comes out are read-only views into the bytes that came in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import lt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import (
    FLOW_BS,
    EpisodeEnd,
    Flows,
    FollowerAction,
    FollowerObservation,
    LeaderAction,
    LeaderObservation,
    Privileged,
)
from llmac.bridge.wire.column import FEW, ContentError, greatest, least, read, total, write
from llmac.v1 import wire_pb2

COUNTERS = len(wire_pb2.Counter.values())
"""Columns of LeaderObservation.counters."""
_MIN_RBG_OUTCOME = min(wire_pb2.RbgOutcome.values())
_UE_OUTCOMES = len(wire_pb2.UeOutcome.values())


class PerEnvironment:
    """A number for each environment, with what is asked of them in every exchange.

    Attributes:
        each: [E]
        least: the least of them.
        total: their sum.
    """

    __slots__ = ("each", "least", "total")

    def __init__(self, each: Iterable[int]) -> None:
        self.each = np.fromiter(each, dtype=np.int64)
        self.least = int(self.each.min())
        self.total = int(self.each.sum())


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known beforehand of the E environments of a process; their replies are checked against it."""

    environments: int
    ttis: int
    rbgs: PerEnvironment
    ue_ids: PerEnvironment
    """Ids of UEs are less than this."""
    ue_actions: PerEnvironment
    """Number of UE action codes."""
    ucms: PerEnvironment
    """Number of UCM codes."""
    dcms: PerEnvironment
    """Number of DCM codes."""
    privileged: bool
    bound: bool


# ---- replies


def leader_observation(message: wire_pb2.LeaderObservation, limits: Limits, tti: int, acted: int) -> LeaderObservation:
    """Read what the BSs observe.

    Args:
        message: from the cell.
        limits: of the environments.
        tti: the TTI that begins.
        acted: n', the UEs that acted in the TTI before; 0 at the beginning of an episode.

    Raises:
        ContentError: the message cannot be.
    """
    m, e = message, limits.environments
    if m.tti != tti:
        raise ContentError(f"it is about TTI {m.tti} instead of TTI {tti}")
    if m.done != (tti == limits.ttis) or m.done != m.HasField("end"):
        raise ContentError(f"the end of the episode and TTI {tti} of {limits.ttis} do not go together")
    if m.HasField("start") != (tti == 0):
        raise ContentError(f"the start of an episode and TTI {tti} do not go together")
    ue_count = read(m.ue_count, np.uint32, e, "ue_count")
    n = total(ue_count)
    ue_id = read(m.ue_id, np.uint32, n, "ue_id")
    _check_ids(ue_id, ue_count, limits.ue_ids)
    rbg_outcome = read(m.rbg_outcome, np.int32, limits.rbgs.total, "rbg_outcome")
    if least(rbg_outcome) < _MIN_RBG_OUTCOME:
        raise ContentError(f"rbg_outcome has a {least(rbg_outcome)}, which means nothing")
    check_below(rbg_outcome, limits.ue_ids, limits.rbgs.each, "rbg_outcome")
    ucm = read(m.ucm, np.uint16, n, "ucm")
    check_below(ucm, limits.ucms, ue_count, "ucm")
    ue_outcome = read(m.ue_outcome, np.uint8, acted, "ue_outcome")
    if acted and greatest(ue_outcome) >= _UE_OUTCOMES:
        raise ContentError(f"ue_outcome has a {greatest(ue_outcome)}, which means nothing")
    return LeaderObservation(
        tti=m.tti,
        done=m.done,
        ue_count=ue_count,
        ue_id=ue_id,
        rbg_outcome=rbg_outcome,
        rbg_duplicate=read(m.rbg_duplicate, np.uint8, rbg_outcome.size, "rbg_duplicate"),
        ucm=ucm,
        mean_snr_db=read(m.mean_snr_db, np.float32, n, "mean_snr_db"),
        leader_utility=read(m.leader_utility, np.float64, e, "leader_utility"),
        follower_utility=read(m.follower_utility, np.float64, acted, "follower_utility"),
        ue_outcome=ue_outcome,
        counters=read(m.counters, np.int32, e * COUNTERS, "counters").reshape(e, COUNTERS),
        privileged=_privileged(m, limits, ue_count, n),
        dpdu_bits=read(m.start.dpdu_bits, np.uint32, e, "dpdu_bits") if tti == 0 else None,
        end=_episode_end(m.end, limits) if m.done else None,
    )


def follower_observation(
    message: wire_pb2.FollowerObservation, limits: Limits, leader: LeaderObservation
) -> FollowerObservation:
    """Read what the UEs observe; `leader` is the observation of the same TTI.

    Raises:
        ContentError: the message cannot be.
    """
    m, n = message, leader.ue_id.size
    if m.tti != leader.tti:
        raise ContentError(f"it is about TTI {m.tti} instead of TTI {leader.tti}")
    last_action = read(m.last_action, np.uint16, n, "last_action")
    check_below(last_action, limits.ue_actions, leader.ue_count, "last_action")
    last_ucm = read(m.last_ucm, np.uint16, n, "last_ucm")
    check_below(last_ucm, limits.ucms, leader.ue_count, "last_ucm")
    dcm = read(m.dcm, np.uint16, n, "dcm")
    check_below(dcm, limits.dcms, leader.ue_count, "dcm")
    return FollowerObservation(
        tti=m.tti,
        ue_count=leader.ue_count,
        ue_id=leader.ue_id,
        buffer=read(m.buffer, np.uint16, n, "buffer"),
        last_action=last_action,
        last_ucm=last_ucm,
        dcm=dcm,
        ucm_opportunity=read(m.ucm_opportunity, np.uint8, n, "ucm_opportunity"),
    )


def _privileged(
    message: wire_pb2.LeaderObservation, limits: Limits, ue_count: NDArray[np.uint32], n: int
) -> Privileged | None:
    if message.HasField("privileged") != limits.privileged:
        raise ContentError(
            "privileged columns are " + ("missing" if limits.privileged else "there and were not asked for")
        )
    if not limits.privileged:
        return None
    p = message.privileged
    return Privileged(
        buffer=read(p.buffer, np.uint16, n, "buffer"),
        undelivered=read(p.undelivered, np.uint16, n, "undelivered"),
        head_delivered=read(p.head_delivered, np.uint8, n, "head_delivered"),
        head_age=read(p.head_age, np.uint16, n, "head_age"),
        would_decode=read(p.would_decode, np.uint8, int(ue_count @ limits.rbgs.each), "would_decode"),
    )


def _episode_end(message: wire_pb2.EpisodeEnd, limits: Limits) -> EpisodeEnd:
    e, delays = limits.environments, limits.ttis + 1
    ue_total = read(message.ue_total, np.uint32, e, "ue_total")
    if np.any(ue_total > limits.ue_ids.each):
        raise ContentError("ue_total is larger than the scenario allows")
    n = int(ue_total.sum())
    return EpisodeEnd(
        ue_total=ue_total,
        ue_arrived=read(message.ue_arrived, np.uint32, n, "ue_arrived"),
        ue_delivered=read(message.ue_delivered, np.uint32, n, "ue_delivered"),
        delay_histogram=read(message.delay_histogram, np.uint32, e * delays, "delay_histogram").reshape(e, delays),
        bound=read(message.bound, np.float64, e if limits.bound else 0, "bound"),
        flows=_flows(message, ue_total),
    )


_FLOW_COLUMNS: dict[str, type[np.generic]] = {
    "application": np.uint32,
    "source": np.int32,
    "destination": np.int32,
    "protocol": np.uint8,
    "source_port": np.uint16,
    "destination_port": np.uint16,
    "tx_packets": np.uint32,
    "tx_bytes": np.uint64,
    "rx_packets": np.uint32,
    "rx_bytes": np.uint64,
    "lost_packets": np.uint32,
    "delay_sum_s": np.float64,
    "jitter_sum_s": np.float64,
    "first_tx_s": np.float64,
    "last_rx_s": np.float64,
    "payload_bytes": np.uint64,
}
_REASSEMBLED_COLUMNS = ("reassembled_packets", "reassembled_bytes", "reassembled_dpdus")


def _flows(message: wire_pb2.EpisodeEnd, ue_total: NDArray[np.uint32]) -> Flows:
    """Read the flows; without IP traffic there are none."""
    e, m = ue_total.size, message.flows
    if not message.HasField("flows"):
        columns: dict[str, Any] = {name: np.zeros(0, scalar) for name, scalar in _FLOW_COLUMNS.items()}
        columns |= {name: np.zeros(e, np.uint64) for name in _REASSEMBLED_COLUMNS}
        return Flows(flow_count=np.zeros(e, np.uint32), **columns)
    flow_count = read(m.flow_count, np.uint32, e, "flow_count")
    f = int(flow_count.sum())
    columns = {name: read(getattr(m, name), scalar, f, name) for name, scalar in _FLOW_COLUMNS.items()}
    columns |= {name: read(getattr(m, name), np.uint64, e, name) for name in _REASSEMBLED_COLUMNS}
    for name in ("source", "destination"):
        if f and columns[name].min() < FLOW_BS:
            raise ContentError(f"{name} has a {columns[name].min()}, which means nothing")
        check_below(columns[name], PerEnvironment(ue_total), flow_count, name)
    return Flows(flow_count=flow_count, **columns)


def _check_ids(ue_id: NDArray[np.uint32], ue_count: NDArray[np.uint32], ue_ids: PerEnvironment) -> None:
    check_below(ue_id, ue_ids, ue_count, "ue_id")
    if not ascending(ue_id, ue_count):
        raise ContentError("ue_id does not ascend within each environment")


def ascending(ids: NDArray[np.uint32], counts: NDArray[np.uint32]) -> bool:
    """Whether ids ascend strictly within each environment; `counts` [E] says how many belong to each."""
    if ids.size < 2:  # noqa: PLR2004 (one has no order)
        return True
    if ids.size <= FEW:
        few, end = ids.tolist(), 0
        for count in counts.tolist():
            begin, end = end, end + count
            if not all(map(lt, few[begin:end], few[begin + 1 : end])):
                return False
        return True
    rises = ids[1:] > ids[:-1]
    if counts.size > 1:
        firsts = counts.cumsum()[:-1]  # where the next environment begins
        rises[firsts[(firsts > 0) & (firsts < ids.size)] - 1] = True
    return bool(rises.all())


def check_below(values: NDArray[np.integer], limits: PerEnvironment, counts: NDArray[np.integer], name: str) -> None:
    """Refuse values that reach the limit of their environment.

    Args:
        values: [sum of counts] of all environments.
        limits: of the environments.
        counts: [E] how many values belong to each environment.
        name: of the column.

    Raises:
        ContentError: the clause names column, value and limit.
    """
    if values.size == 0 or greatest(values) < limits.least:
        return
    each = np.repeat(limits.each, counts)
    if np.any(values >= each):
        at = int(np.argmax(values >= each))
        raise ContentError(f"{name} has a {values[at]}, and less than {each[at]} is allowed")


# ---- requests


def leader_action(tti: int, action: LeaderAction) -> wire_pb2.Message:
    """Write the DCMs of the environments of one process."""
    return wire_pb2.Message(
        leader_action=wire_pb2.LeaderAction(
            tti=tti,
            dcm_count=write(action.dcm_count, np.uint32),
            dcm_ue=write(action.dcm_ue, np.uint32),
            dcm_code=write(action.dcm_code, np.uint16),
        )
    )


def follower_action(tti: int, action: FollowerAction) -> wire_pb2.Message:
    """Write the UE actions of the environments of one process."""
    return wire_pb2.Message(follower_action=wire_pb2.FollowerAction(tti=tti, action=write(action.action, np.uint16)))
