# SPDX-License-Identifier: MIT
"""What the parties observe and do, as columns over E environments; field by field the messages of wire.proto.

E environments are concatenated in their order: n is the number of connected UEs of all of them, n' of those that acted
in the TTI before, B the number of RBGs of all of them. Arrays are read-only.

Observations are named tuples, which are made in a tenth of the time that a frozen dataclass takes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llmac.v1 import wire_pb2

RBG_IDLE: int = wire_pb2.RBG_IDLE
RBG_UNDECODABLE: int = wire_pb2.RBG_UNDECODABLE
FLOW_BS: int = wire_pb2.FLOW_BS


class Privileged(NamedTuple):
    """The state at the beginning of a TTI, for training and the genie only."""

    buffer: NDArray[np.uint16]
    """[n] dPDUs in the buffer."""
    undelivered: NDArray[np.uint16]
    """[n] Those of them not yet delivered."""
    head_delivered: NDArray[np.uint8]
    """[n] 1 where the head-of-line dPDU was delivered."""
    head_age: NDArray[np.uint16]
    """[n] TTIs since the head-of-line dPDU arrived; 0 without one."""
    would_decode: NDArray[np.uint8]
    """[sum over environments of UEs x RBGs] row-major; 1: alone on this RBG in this TTI it would be decoded."""


class Flows(NamedTuple):
    """IP flows as ns-3's FlowMonitor saw them, F of all environments; a flow is one direction of a connection.

    Packets and bytes are those of IP, headers included. What was sent and neither received nor lost is on its way.
    """

    flow_count: NDArray[np.uint32]
    """[E] Flows of each environment; 0 without IP traffic."""
    application: NDArray[np.uint32]
    """[F] Index in the scenario, of what sends the data or of what is acknowledged."""
    source: NDArray[np.int32]
    """[F] Id of a UE, or FLOW_BS."""
    destination: NDArray[np.int32]
    """[F] Likewise."""
    protocol: NDArray[np.uint8]
    """[F] 6: TCP, 17: UDP."""
    source_port: NDArray[np.uint16]
    """[F]"""
    destination_port: NDArray[np.uint16]
    """[F]"""
    tx_packets: NDArray[np.uint32]
    """[F]"""
    tx_bytes: NDArray[np.uint64]
    """[F]"""
    rx_packets: NDArray[np.uint32]
    """[F]"""
    rx_bytes: NDArray[np.uint64]
    """[F]"""
    lost_packets: NDArray[np.uint32]
    """[F] Met a full buffer, or a dPDU of them was deleted undelivered, or their UE left."""
    delay_sum_s: NDArray[np.float64]
    """[F] Of the received packets, in s."""
    jitter_sum_s: NDArray[np.float64]
    """[F] Changes of delay from one received packet to the next, in s."""
    first_tx_s: NDArray[np.float64]
    """[F] Time of the first packet sent, in s."""
    last_rx_s: NDArray[np.float64]
    """[F] Time of the last packet received, in s; 0 without one."""
    payload_bytes: NDArray[np.uint64]
    """[F] What the sink got, without headers and repetitions; 0 for acknowledgements."""
    reassembled_packets: NDArray[np.uint64]
    """[E] Whole packets that the BS made of dPDUs."""
    reassembled_bytes: NDArray[np.uint64]
    """[E] Of them, headers included."""
    reassembled_dpdus: NDArray[np.uint64]
    """[E] Delivered dPDUs that carried them."""


class EpisodeEnd(NamedTuple):
    """What only the end of an episode tells. N: all UEs that were ever connected, over all environments."""

    ue_total: NDArray[np.uint32]
    """[E] UEs that were ever connected; their ids are 0 .. ue_total - 1."""
    ue_arrived: NDArray[np.uint32]
    """[N] dPDUs that arrived."""
    ue_delivered: NDArray[np.uint32]
    """[N] dPDUs that were delivered."""
    delay_histogram: NDArray[np.uint32]
    """[E, T + 1] dPDUs by delay in TTIs; one never delivered counts with its age at the end."""
    bound: NDArray[np.float64]
    """[E] dPDUs that no protocol can exceed, NaN where nothing bounds them; empty unless the reset asked for it."""
    flows: Flows
    """Of the environments with IP traffic."""


class LeaderObservation(NamedTuple):
    """What the BSs observe before TTI `tti`, and what the TTI before brought."""

    tti: int
    """The TTI that begins; T in the last observation of an episode."""
    done: bool
    """The episode is over."""
    ue_count: NDArray[np.uint32]
    """[E] Connected UEs."""
    ue_id: NDArray[np.uint32]
    """[n] Their ids, ascending within an environment."""
    rbg_outcome: NDArray[np.int32]
    """[B] RBG_IDLE, RBG_UNDECODABLE or the id of the UE that was decoded."""
    rbg_duplicate: NDArray[np.uint8]
    """[B] 1 where what was decoded had been decoded before."""
    ucm: NDArray[np.uint16]
    """[n] Code of the UCM that arrived, 0 (null) where none did."""
    mean_snr_db: NDArray[np.float32]
    """[n] Running mean SNR of the link without interference, in dB; NaN without a radio model."""
    leader_utility: NDArray[np.float64]
    """[E] Of the TTI before."""
    follower_utility: NDArray[np.float64]
    """[n'] Of the TTI before."""
    ue_outcome: NDArray[np.uint8]
    """[n'] wire_pb2.UeOutcome of the TTI before."""
    counters: NDArray[np.int32]
    """[E, len(wire_pb2.Counter)] of the TTI before."""
    privileged: Privileged | None
    """Present when the environment was made with privileged=True."""
    dpdu_bits: NDArray[np.uint32] | None
    """[E] Bits of one dPDU; in the first observation of an episode."""
    end: EpisodeEnd | None
    """In the last observation of an episode."""


@dataclass(frozen=True, slots=True)
class LeaderAction:
    """The DCMs of all environments, sparse."""

    dcm_count: NDArray[np.uint32]
    """[E] DCMs of each environment."""
    dcm_ue: NDArray[np.uint32]
    """[sum of dcm_count] Ids of the UEs that they go to, ascending within an environment."""
    dcm_code: NDArray[np.uint16]
    """[sum of dcm_count] DCM codes."""


class FollowerObservation(NamedTuple):
    """What the UEs observe in TTI `tti`; the UEs are those of the LeaderObservation of the same TTI, in its order."""

    tti: int
    ue_count: NDArray[np.uint32]
    """[E] Connected UEs, as in the LeaderObservation (not on the wire a second time)."""
    ue_id: NDArray[np.uint32]
    """[n] Their ids, likewise."""
    buffer: NDArray[np.uint16]
    """[n] dPDUs in the buffer."""
    last_action: NDArray[np.uint16]
    """[n] Code of the UE action that took effect in the TTI before."""
    last_ucm: NDArray[np.uint16]
    """[n] Code of the UCM that the UE sent last, 0 where it never sent one."""
    dcm: NDArray[np.uint16]
    """[n] Code of the DCM that reached the UE, 0 where none did."""
    ucm_opportunity: NDArray[np.uint8]
    """[n] 1 where the UE may send a UCM in this TTI."""


@dataclass(frozen=True, slots=True)
class FollowerAction:
    """One UE action code for each connected UE."""

    action: NDArray[np.uint16]
    """[n]"""
