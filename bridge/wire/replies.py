# SPDX-License-Identifier: MIT
"""Replies of a cell as the tuples of `llmac.bridge.envs.observations`.

They are checked whole before anything of them is used: dtype and length of each column, range of ids and codes. What
comes out is read-only.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.observations import (
    FLOW_BS,
    EpisodeEnd,
    Flows,
    FollowerObservation,
    LeaderObservation,
    Privileged,
)
from llmac.bridge.wire.column import ContentError, greatest, least, total
from llmac.bridge.wire.layout import Layout, Layouts
from llmac.bridge.wire.limits import Limits, PerEnvironment, ascending, check_below
from llmac.v1 import wire_pb2

COUNTERS: Final = len(wire_pb2.Counter.values())
"""Columns of LeaderObservation.counters."""
_MIN_RBG_OUTCOME: Final = min(wire_pb2.RbgOutcome.values())
_UE_OUTCOMES: Final = len(wire_pb2.UeOutcome.values())

Scalars = dict[str, type[np.generic]]
Columns = dict[str, NDArray[Any]]
_LEADER: Final[Scalars] = {
    "ue_count": np.uint32,
    "ue_id": np.uint32,
    "rbg_outcome": np.int32,
    "rbg_duplicate": np.uint8,
    "ucm": np.uint16,
    "mean_snr_db": np.float32,
    "leader_utility": np.float64,
    "follower_utility": np.float64,
    "ue_outcome": np.uint8,
    "counters": np.int32,
}
_PRIVILEGED: Scalars = {
    "buffer": np.uint16,
    "undelivered": np.uint16,
    "head_delivered": np.uint8,
    "head_age": np.uint16,
    "would_decode": np.uint8,
}
_PRIVILEGED_AT: Final = slice(len(_LEADER), len(_LEADER) + len(_PRIVILEGED))
"""Among the columns of an observation that has them."""
_END: Scalars = {
    "ue_total": np.uint32,
    "ue_arrived": np.uint32,
    "ue_delivered": np.uint32,
    "delay_histogram": np.uint32,
    "bound": np.float64,
}
_FLOWS: Scalars = {
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
_REASSEMBLED: Scalars = dict.fromkeys(("reassembled_packets", "reassembled_bytes", "reassembled_dpdus"), np.uint64)
_LEADER_ALL: Scalars = {
    **_LEADER,
    **{f"privileged.{name}": scalar for name, scalar in _PRIVILEGED.items()},
    "start.dpdu_bits": np.uint32,
    **{f"end.{name}": scalar for name, scalar in _END.items()},
    "end.flows.flow_count": np.uint32,
    **{f"end.flows.{name}": scalar for name, scalar in (_FLOWS | _REASSEMBLED).items()},
}
_FOLLOWER: Final[Scalars] = {
    "buffer": np.uint16,
    "last_action": np.uint16,
    "last_ucm": np.uint16,
    "dcm": np.uint16,
    "ucm_opportunity": np.uint8,
}


class ObservationReader:
    """Reads the observations of the environments of one process, in the order of an episode.

    Args:
        limits: of the environments.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        """May be replaced between episodes."""
        self._leaders = Layouts("leader_observation", _LEADER_ALL)
        self._followers = Layouts("follower_observation", _FOLLOWER)
        self._ue_count: NDArray[np.uint32]  # of the last leader observation
        self._ue_id: NDArray[np.uint32]
        self._ue_counts = self._ue_ids = b""  # both, as bytes
        self._pairs = 0  # of a connected UE and an RBG

    @property
    def connected(self) -> int:
        """n, the UEs of the leader observation read last."""
        return len(self._ue_id)

    def leader(self, payload: bytes, tti: int) -> LeaderObservation:
        """Read what the BSs observe before the TTI `tti`.

        Raises:
            ContentError: the payload cannot be.
        """
        limits, (layout, columns) = self.limits, self._leaders.read(payload, tti)
        (
            ue_count,
            ue_id,
            rbg_outcome,
            rbg_duplicate,
            ucm,
            mean_snr_db,
            leader_utility,
            follower_utility,
            ue_outcome,
            counters,
        ) = columns[: len(_LEADER)]
        acted = 0 if tti == 0 else len(self._ue_id)
        if tti == 0 or ue_count.tobytes() != self._ue_counts or ue_id.tobytes() != self._ue_ids:
            self._connect(ue_count, ue_id)
        ue_count, ue_id = self._ue_count, self._ue_id
        place = (limits, len(ue_id), acted, self._pairs, tti == 0, tti == limits.ttis)
        if layout.sound_for != place:
            _check_place(layout, limits, tti)
            _check_leader_lengths(layout, limits, len(ue_id), acted, self._pairs)
            layout.sound_for = place
        if least(rbg_outcome) < _MIN_RBG_OUTCOME:
            raise ContentError(f"rbg_outcome has a {least(rbg_outcome)}, which means nothing")
        check_below(rbg_outcome, limits.ue_ids, limits.rbgs.each, "rbg_outcome")
        check_below(ucm, limits.ucms, ue_count, "ucm")
        if acted and greatest(ue_outcome) >= _UE_OUTCOMES:
            raise ContentError(f"ue_outcome has a {greatest(ue_outcome)}, which means nothing")
        others = dict(zip(layout.lengths, columns, strict=True)) if layout.done or tti == 0 else {}
        return LeaderObservation(
            tti,
            layout.done,
            ue_count,
            ue_id,
            rbg_outcome,
            rbg_duplicate,
            ucm,
            mean_snr_db,
            leader_utility,
            follower_utility,
            ue_outcome,
            counters.reshape(-1, COUNTERS),
            Privileged(*columns[_PRIVILEGED_AT]) if limits.privileged else None,
            others["start.dpdu_bits"] if tti == 0 else None,
            _episode_end(layout, others, limits) if layout.done else None,
        )

    def follower(self, payload: bytes, tti: int) -> FollowerObservation:
        """Read what the UEs observe in the TTI `tti`, that of the leader observation read last.

        Raises:
            ContentError: the payload cannot be.
        """
        limits, (layout, columns) = self.limits, self._followers.read(payload, tti)
        ue_count, ue_id = self._ue_count, self._ue_id
        if layout.sound_for != (len(ue_id),):
            _check_lengths(layout, dict.fromkeys(_FOLLOWER, len(ue_id)))
            layout.sound_for = (len(ue_id),)
        buffer, last_action, last_ucm, dcm, ucm_opportunity = columns
        check_below(last_action, limits.ue_actions, ue_count, "last_action")
        check_below(last_ucm, limits.ucms, ue_count, "last_ucm")
        check_below(dcm, limits.dcms, ue_count, "dcm")
        return FollowerObservation(tti, ue_count, ue_id, buffer, last_action, last_ucm, dcm, ucm_opportunity)

    def _connect(self, ue_count: NDArray[np.uint32], ue_id: NDArray[np.uint32]) -> None:
        """Check who is connected, and take note of it."""
        limits = self.limits
        _check_length("ue_count", len(ue_count), limits.environments)
        _check_length("ue_id", len(ue_id), total(ue_count))
        check_below(ue_id, limits.ue_ids, ue_count, "ue_id")
        if not ascending(ue_id, ue_count):
            raise ContentError("ue_id does not ascend within each environment")
        self._ue_count, self._ue_id = ue_count, ue_id
        self._ue_counts, self._ue_ids = ue_count.tobytes(), ue_id.tobytes()
        self._pairs = int(ue_count @ limits.rbgs.each)


def _check_place(layout: Layout, limits: Limits, tti: int) -> None:
    """Whether what an observation has goes together with its place in the episode."""
    if layout.done != (tti == limits.ttis) or layout.done != ("end" in layout.parts):
        raise ContentError(f"the end of the episode and TTI {tti} of {limits.ttis} do not go together")
    if ("start" in layout.parts) != (tti == 0):
        raise ContentError(f"the start of an episode and TTI {tti} do not go together")
    if ("privileged" in layout.parts) != limits.privileged:
        raise ContentError(
            "privileged columns are " + ("missing" if limits.privileged else "there and were not asked for")
        )


def _check_leader_lengths(layout: Layout, limits: Limits, n: int, acted: int, pairs: int) -> None:
    """Check the columns whose lengths follow from who is connected; those of the end follow from its values."""
    e, b = limits.environments, limits.rbgs.total
    expected = {
        "rbg_outcome": b,
        "rbg_duplicate": b,
        "ucm": n,
        "mean_snr_db": n,
        "leader_utility": e,
        "follower_utility": acted,
        "ue_outcome": acted,
        "counters": e * COUNTERS,
    }
    if "privileged" in layout.parts:
        expected |= dict.fromkeys((f"privileged.{name}" for name in _PRIVILEGED), n)
        expected["privileged.would_decode"] = pairs
    if "start" in layout.parts:
        expected["start.dpdu_bits"] = e
    _check_lengths(layout, expected)


def _check_lengths(layout: Layout, expected: dict[str, int]) -> None:
    for path, count in expected.items():
        _check_length(path, layout.lengths[path], count)


def _check_length(path: str, length: int, expected: int) -> None:
    if length != expected:
        raise ContentError(f"{path.rpartition('.')[2]} has {length} values instead of {expected}")


def _episode_end(layout: Layout, columns: Columns, limits: Limits) -> EpisodeEnd:
    e, delays = limits.environments, limits.ttis + 1
    _check_lengths(layout, {"end.ue_total": e})
    ue_total = columns["end.ue_total"]
    if np.any(ue_total > limits.ue_ids.each):
        raise ContentError("ue_total is larger than the scenario allows")
    n = int(ue_total.sum())
    expected = {
        "end.ue_arrived": n,
        "end.ue_delivered": n,
        "end.delay_histogram": e * delays,
        "end.bound": e if limits.bound else 0,
    }
    _check_lengths(layout, expected)
    return EpisodeEnd(
        ue_total=ue_total,
        ue_arrived=columns["end.ue_arrived"],
        ue_delivered=columns["end.ue_delivered"],
        delay_histogram=columns["end.delay_histogram"].reshape(e, delays),
        bound=columns["end.bound"],
        flows=_flows(layout, columns, ue_total),
    )


def _flows(layout: Layout, columns: Columns, ue_total: NDArray[np.uint32]) -> Flows:
    """Read the flows; without IP traffic there are none."""
    e = ue_total.size
    if "end.flows" not in layout.parts:
        none: dict[str, Any] = {name: np.zeros(0, scalar) for name, scalar in _FLOWS.items()}
        none |= {name: np.zeros(e, scalar) for name, scalar in _REASSEMBLED.items()}
        return Flows(flow_count=np.zeros(e, np.uint32), **none)
    flows: dict[str, Any] = {name: columns[f"end.flows.{name}"] for name in _FLOWS | _REASSEMBLED}
    flow_count = columns["end.flows.flow_count"]
    _check_lengths(layout, {"end.flows.flow_count": e})
    f = int(flow_count.sum())
    _check_lengths(
        layout, {f"end.flows.{name}": f for name in _FLOWS} | {f"end.flows.{name}": e for name in _REASSEMBLED}
    )
    for name in ("source", "destination"):
        if f and flows[name].min() < FLOW_BS:
            raise ContentError(f"{name} has a {flows[name].min()}, which means nothing")
        check_below(flows[name], PerEnvironment(ue_total), flow_count, name)
    return Flows(flow_count=flow_count, **flows)
