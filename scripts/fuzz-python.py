# SPDX-License-Identifier: MIT
"""Python's decoders under libFuzzer, which looks for inputs that reach new lines (atheris, the extra `fuzz`).

    PYTHONPATH=tests/bridge python scripts/fuzz-python.py [options of libFuzzer] FOLDER

The first byte of an input chooses the decoder. FOLDER, which may be empty, gets a sound input for each decoder, and
those that reach something new. Whatever comes, a decoder raises its typed errors only; and observations are read and
refused alike by a reader that knows where their columns are and by one that does not.
"""

import sys
from collections.abc import Callable
from copy import copy
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["llmac"]):
    from google.protobuf.message import DecodeError
    from test_messages import (
        LIMITS,
        follower_message,
        follower_payload,
        leader_message,
        leader_payload,
        reader_with_layout,
    )
    from test_verdicts import on_frame, on_gym, on_request, verdict

    from llmac.bridge.envs.observations import FollowerObservation, LeaderObservation
    from llmac.bridge.ns3gym import data as gym_data
    from llmac.bridge.ns3gym.spaces import MisfitError, space_of
    from llmac.bridge.wire import frame
    from llmac.bridge.wire.replies import ObservationReader
    from llmac.ns3opengym import messages_pb2 as pb

SPACE = pb.SpaceDescription(type=pb.SPACE_DISCRETE)
SPACE.space.Pack(pb.DiscreteSpace(n=4))
VALUE = pb.DataContainer(type=pb.SPACE_DISCRETE)
VALUE.data.Pack(pb.DiscreteDataContainer(data=3))
KNOWN = reader_with_layout()
LEADER = leader_payload(leader_message(4, 6))
Read = Callable[[bytes, int], LeaderObservation | FollowerObservation]


def on_leader(data: bytes) -> None:
    """An observation of the BSs, as the one after those that both readers have seen."""
    KNOWN.leader(LEADER, 4)  # who is connected is as it was
    _compare(KNOWN.leader, _fresh().leader, data)


def on_follower(data: bytes) -> None:
    """An observation of the UEs."""
    KNOWN.leader(LEADER, 4)
    _compare(KNOWN.follower, _fresh().follower, data)


def _fresh() -> ObservationReader:
    """A reader that has seen who is connected and knows no layout."""
    reader, empty = copy(KNOWN), ObservationReader(LIMITS)
    reader._leaders, reader._followers = empty._leaders, empty._followers  # noqa: SLF001
    return reader


def _compare(one: Read, other: Read, data: bytes) -> None:
    ours, theirs = verdict(one, data, 5), verdict(other, data, 5)
    if ours != theirs:
        raise RuntimeError(f"{ours} with a known layout, and {theirs} without")


def on_gym_state(data: bytes) -> None:
    """What a simulation of ns3-gym observes, its space and its values behind each other."""
    try:
        space = space_of(pb.SpaceDescription.FromString(data))
        gym_data.decode(pb.DataContainer.FromString(data), space)
    except (DecodeError, MisfitError):
        pass


DECODERS = (on_frame, on_request, on_gym, on_leader, on_follower, on_gym_state)
SOUND = (
    frame.encode(1, 1, leader_payload(leader_message())),
    b"",
    b"",
    leader_payload(leader_message(5, 6)),
    follower_payload(follower_message(5)),
    SPACE.SerializeToString(),
)


def decode(data: bytes) -> None:
    """What libFuzzer calls."""
    if data:
        DECODERS[data[0] % len(DECODERS)](data[1:])


def main() -> None:
    """Write the sound inputs and begin."""
    folder = Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(SOUND):
        (folder / f"sound-{number}").write_bytes(bytes([number]) + data)
    (folder / "sound-value").write_bytes(bytes([5]) + VALUE.SerializeToString())
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
