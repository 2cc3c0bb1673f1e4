# SPDX-License-Identifier: MIT
"""Bytes for the decoders of both sides: messages as they should be, and damaged in many ways; repeatable.

    corpus.py FOLDER N

writes N files for libFuzzer, which takes the decoder from the first byte.
"""

import random
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from llmac.bridge.wire import frame
from llmac.bridge.wire.column import write
from llmac.ns3opengym import messages_pb2 as pb
from llmac.v1 import wire_pb2

FRAME, REQUEST, GYM = range(3)
"""Decoders, numbered as in ns3_module/fuzz/verdict.h."""
_EXTREMES = (b"\x00", b"\xff", b"\x80", b"\x7f", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x00\x00\x00\x80")


def inputs(decoder: int, count: int, seed: int) -> Iterator[bytes]:
    """Inputs of a decoder, about a third of them as they should be, or nearly."""
    rng = random.Random(f"{seed} {decoder}")  # noqa: S311 (repeatable, no secret)
    make = {FRAME: _frame, REQUEST: _request, GYM: _gym}[decoder]
    for _ in range(count):
        yield make(rng)


def records(decoder: int, data: bytes) -> bytes:
    """A record of a corpus for wire-verdict."""
    return struct.pack("<BI", decoder, len(data)) + data


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Bits flipped, bytes cut out, put in, repeated or replaced by extremes; mostly a few of them, sometimes none."""
    whole = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(whole) + 1)
        match rng.randrange(6):
            case 0 if at < len(whole):
                whole[at] ^= 1 << rng.randrange(8)
            case 1:
                del whole[at : at + rng.choice((1, 2, 4, len(whole)))]
            case 2:
                whole[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16)))
            case 3:
                whole[at:at] = whole[at : at + rng.randrange(1, 40)]
            case 4:
                extreme = rng.choice(_EXTREMES)
                whole[at : at + len(extreme)] = extreme
            case _:
                whole[at : at + 1] = rng.randbytes(1)
    return bytes(whole)


def _frame(rng: random.Random) -> bytes:
    payload = rng.choice((b"", rng.randbytes(rng.randrange(60)), _request(rng), _hello(rng)))
    whole = frame.encode(rng.randrange(1, 2**64), rng.choice((0, 1, rng.randrange(2**64))), payload)
    return rng.choice((whole, damaged(rng, whole)))


def _hello(rng: random.Random) -> bytes:
    hello = wire_pb2.Hello(schema_digest="0" * 64, ns3_version="3.37", process_id=rng.randrange(2**32))
    return damaged(rng, wire_pb2.Message(hello=hello).SerializeToString())


def _request(rng: random.Random) -> bytes:
    """A request in TTI 0 of two environments with UEs 0 to 3, 6 DCM codes and 32 UE action codes."""
    make: Callable[[random.Random], wire_pb2.Message] = rng.choice((_leader, _leader, _follower, _other))
    return damaged(rng, make(rng).SerializeToString())


def _leader(rng: random.Random) -> wire_pb2.Message:
    ues = [sorted(rng.sample(range(rng.choice((4, 4, 5))), rng.randrange(5) % 4)) for _ in range(2)]
    told = [ue for part in ues for ue in part]
    codes = [rng.randrange(rng.choice((6, 6, 6, 7))) for _ in told]
    return wire_pb2.Message(
        leader_action=wire_pb2.LeaderAction(
            tti=rng.choice((0, 0, 0, 1)),
            dcm_count=write(np.array([len(part) for part in ues]), np.uint32),
            dcm_ue=write(np.array(told, np.uint32), np.uint32),
            dcm_code=write(np.array(codes, np.uint16), np.uint16),
        )
    )


def _follower(rng: random.Random) -> wire_pb2.Message:
    actions = [rng.randrange(rng.choice((32, 32, 32, 33))) for _ in range(rng.choice((8, 8, 8, 7)))]
    action = write(np.array(actions), rng.choice((np.uint16, np.uint16, np.uint8)))
    return wire_pb2.Message(follower_action=wire_pb2.FollowerAction(tti=rng.choice((0, 0, 0, 1)), action=action))


def _other(rng: random.Random) -> wire_pb2.Message:
    reset = wire_pb2.Reset(
        scenario_index=write(np.zeros(2), np.uint32), seed=write(np.ones(2), np.uint64), privileged=True
    )
    scenario = reset.scenarios.add(ttis=10, ues=4, rbgs=2, buffer_capacity=20)
    scenario.vocabulary.semantic.bsr_levels = 6
    scenario.traffic.bernoulli.probability = 0.5
    return rng.choice((wire_pb2.Message(reset=reset), wire_pb2.Message(close=wire_pb2.Close()), wire_pb2.Message()))


def _gym(rng: random.Random) -> bytes:
    """The action of a row of 4 UEs, as ns3-gym's clients send it."""
    values = [rng.randrange(rng.choice((32, 32, 32, 33))) for _ in range(rng.choice((4, 4, 4, 3)))]
    box = pb.BoxDataContainer(dtype=rng.choice((pb.DTYPE_UINT, pb.DTYPE_UINT, pb.DTYPE_INT, pb.DTYPE_FLOAT)), shape=[4])
    getattr(box, {pb.DTYPE_UINT: "uintData", pb.DTYPE_INT: "intData"}.get(box.dtype, "floatData")).extend(values)
    action = pb.DictDataContainer()
    for name in ("dcm", "action"):
        element = action.element.add(name=name, type=pb.SPACE_BOX)
        element.data.Pack(box)
    message = pb.EnvActMsg(stopSimReq=rng.random() < 0.1)
    message.actData.type = pb.SPACE_DICT
    message.actData.data.Pack(action)
    return damaged(rng, message.SerializeToString())


def main(folder: str, count: str) -> None:
    for decoder in (FRAME, REQUEST, GYM):
        for number, data in enumerate(inputs(decoder, int(count), seed=0)):
            (Path(folder) / f"{decoder}-{number}").write_bytes(bytes([decoder]) + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
