# SPDX-License-Identifier: MIT
"""Both sides decide alike on the same bytes, whatever they are, and nothing but a typed error comes of them.

LLMAC_FUZZ_RUNS raises the number of inputs for each decoder; scripts/fuzz.sh runs a million.
"""

import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from corpus import FRAME, GYM, REQUEST, damaged, inputs, records
from google.protobuf.message import DecodeError
from gymnasium import spaces
from test_messages import (
    follower_message,
    follower_payload,
    leader_message,
    leader_payload,
    reader_at_start,
    reader_with_layout,
)

from llmac.bridge.envs import columns
from llmac.bridge.envs.batch import lay_out
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.errors import ActionError
from llmac.bridge.ns3gym import data as gym_data
from llmac.bridge.ns3gym.spaces import MisfitError, space_of, unpack
from llmac.bridge.scenario import load
from llmac.bridge.testing.digest import digest
from llmac.bridge.wire import frame
from llmac.bridge.wire.column import ContentError, read
from llmac.bridge.wire.frame import DamagedFrameError
from llmac.bridge.wire.limits import PerEnvironment
from llmac.bridge.wire.message import parse
from llmac.ns3opengym import messages_pb2 as pb
from llmac.v1 import wire_pb2

Judge = Callable[[bytes], str]
RUNS = int(os.environ.get("LLMAC_FUZZ_RUNS", "10000"))
BATCH = 100_000
SEED = 2026
REFUSED = "refused"
ROWS, ACTION_CODES = 4, 32
CELLS = lay_out([load("paper")] * 2, 1, None, privileged=False, bound=False)
IDS = PerEnvironment([4, 4])


def on_frame(data: bytes) -> str:
    try:
        arrived = frame.decode(data)
        message = parse(arrived.payload)
    except (DamagedFrameError, DecodeError):
        return REFUSED
    body = message.WhichOneof("body")
    number = wire_pb2.Message.DESCRIPTOR.fields_by_name[body].number if body else 0
    return f"session {arrived.session} sequence {arrived.sequence} body {number}"


def on_request(data: bytes) -> str:
    """What Python checks before it sends a request is what the cell checks when it comes."""
    try:
        message = parse(data)
        if message.HasField("leader_action") and message.leader_action.tti == 0:
            lead = message.leader_action
            count, ue = read(lead.dcm_count, np.uint32, "dcm_count"), read(lead.dcm_ue, np.uint32, "dcm_ue")
            action = LeaderAction(count, ue, read(lead.dcm_code, np.uint16, "dcm_code"))
            columns._check_leader_action(action, CELLS, IDS)  # pyright: ignore[reportPrivateUsage]
            return "leader action"
        if message.HasField("follower_action") and message.follower_action.tti == 0:
            follow = FollowerAction(read(message.follower_action.action, np.uint16, "action"))
            ues = np.array([4, 4], np.uint32)
            columns._check_follower_action(follow, ues, CELLS)  # pyright: ignore[reportPrivateUsage]
            return "follower action"
    except (DecodeError, ContentError, ActionError):
        pass
    return REFUSED


def on_gym(data: bytes) -> str:
    """The box "action" of a dictionary, with 4 codes as UINT or INT."""
    try:
        message = pb.EnvActMsg.FromString(data)
        if message.stopSimReq:
            return "stop"
        if message.actData.type != pb.SPACE_DICT:
            return REFUSED
        elements = unpack(message.actData.data, pb.DictDataContainer).element
    except (DecodeError, MisfitError):
        return REFUSED
    for element in elements:
        if element.name == "action" and element.type == pb.SPACE_BOX:
            try:
                box = unpack(element.data, pb.BoxDataContainer)
            except MisfitError:
                continue
            sent = {pb.DTYPE_UINT: box.uintData, pb.DTYPE_INT: box.intData}.get(box.dtype, [])
            right = len(sent) == ROWS and all(0 <= code < ACTION_CODES for code in sent)
            return f"action {' '.join(map(str, sent))}" if right else REFUSED
    return REFUSED


@pytest.mark.parametrize(("decoder", "judge"), [(FRAME, on_frame), (REQUEST, on_request), (GYM, on_gym)])
def test_both_sides_decide_alike(cell: Path, decoder: int, judge: Judge) -> None:
    verdicts = Counter[str]()
    corpus_inputs = inputs(decoder, RUNS, SEED)
    while part := list(islice(corpus_inputs, BATCH)):
        corpus = b"".join(records(decoder, data) for data in part)
        judged = subprocess.run([cell.parent / "fuzz" / "wire-verdict"], input=corpus, capture_output=True, check=True)
        theirs = judged.stdout.decode().splitlines()
        ours = [judge(data) for data in part]
        differing = [
            (data.hex(), our, their) for data, our, their in zip(part, ours, theirs, strict=True) if our != their
        ]
        assert differing == []
        verdicts.update("refused" if our == REFUSED else "accepted" for our in ours)
    assert min(verdicts["refused"], verdicts["accepted"]) > RUNS / 20, verdicts


@pytest.mark.parametrize("body", ["leader", "follower"])
def test_whatever_a_cell_observes_is_read_or_refused(body: str) -> None:
    """The decoders that only Python has; one that knows the layout reads and refuses what one that does not would."""
    rng = random.Random(SEED)  # noqa: S311 (repeatable, no secret)
    known, verdicts = reader_with_layout(), Counter[str]()
    for _ in range(RUNS):
        fresh = reader_at_start()
        fresh.leader(leader_payload(leader_message()), 3)
        if body == "leader":
            data = damaged(rng, leader_payload(leader_message(5, 6)))
            ours, theirs = (verdict(reader.leader, data, 5) for reader in (known, fresh))
        else:
            data = damaged(rng, follower_payload(follower_message(5)))
            ours, theirs = (verdict(reader.follower, data, 5) for reader in (known, fresh))
        assert ours == theirs, data.hex()
        verdicts["refused" if ours.startswith(REFUSED) else "read"] += 1
        if body == "leader":
            known.leader(leader_payload(leader_message(4, 6)), 4)
    assert min(verdicts.values()) > RUNS / 20


def verdict(read_by: Callable[[bytes, int], LeaderObservation | FollowerObservation], data: bytes, tti: int) -> str:
    try:
        return digest([read_by(data, tti)])
    except ContentError as error:
        return f"{REFUSED}: {error}"


def test_whatever_an_ns3_gym_simulation_says_is_read_or_refused() -> None:
    rng = random.Random(SEED)  # noqa: S311 (repeatable, no secret)
    description, container = pb.SpaceDescription(type=pb.SPACE_DICT), pb.DataContainer(type=pb.SPACE_DICT)
    boxes, values = pb.DictSpace(), pb.DictDataContainer()
    boxes.element.add(name="x", type=pb.SPACE_BOX).space.Pack(
        pb.BoxSpace(low=0, high=9, dtype=pb.DTYPE_UINT, shape=[3])
    )
    values.element.add(name="x", type=pb.SPACE_BOX).data.Pack(
        pb.BoxDataContainer(dtype=pb.DTYPE_UINT, shape=[3], uintData=[1, 2, 3])
    )
    description.space.Pack(boxes)
    container.data.Pack(values)
    space = space_of(description)
    assert isinstance(space, spaces.Dict)
    verdicts = Counter[str]()
    for _ in range(RUNS):
        try:
            space_of(pb.SpaceDescription.FromString(damaged(rng, description.SerializeToString())))
            gym_data.decode(pb.DataContainer.FromString(damaged(rng, container.SerializeToString())), space)
            verdicts["read"] += 1
        except (DecodeError, MisfitError):
            verdicts["refused"] += 1
    assert min(verdicts.values()) > RUNS / 50
