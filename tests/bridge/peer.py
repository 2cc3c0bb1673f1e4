# SPDX-License-Identifier: MIT
"""A peer that misbehaves in one way, for faults of the transport that a sound cell does not show.

It connects as the cell does, says Hello and answers every request with an empty message of the right kind.
"""

import sys
from collections.abc import Callable

import zmq

from llmac.bridge.wire import frame
from llmac.v1 import wire_pb2
from llmac.v1.digest import SCHEMA_DIGEST

ANSWERS = {
    "reset": wire_pb2.Message(leader_observation=wire_pb2.LeaderObservation(done=True)),
    "leader_action": wire_pb2.Message(follower_observation=wire_pb2.FollowerObservation(tti=7)),
    "follower_action": wire_pb2.Message(leader_observation=wire_pb2.LeaderObservation()),
    "close": wire_pb2.Message(closed=wire_pb2.Closed()),
}
Answer = Callable[[int, int, bytes], list[bytes]]


def reply(session: int, sequence: int, request: bytes) -> bytes:
    body = wire_pb2.Message.FromString(request).WhichOneof("body")
    return frame.encode(session, sequence, ANSWERS[str(body)].SerializeToString())


def flipped(whole: bytes) -> bytes:
    return whole[:-1] + bytes([whole[-1] ^ 1])


class Damaged:
    """Damages its first replies."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, session: int, sequence: int, request: bytes) -> list[bytes]:
        self.left -= 1
        whole = reply(session, sequence, request)
        return [flipped(whole) if self.left >= 0 else whole]


class LostOnce:
    """Does not answer the first time."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def __call__(self, session: int, sequence: int, request: bytes) -> list[bytes]:
        lost = not self.seen
        self.seen.add(sequence)
        return [] if lost else [reply(session, sequence, request)]


def nothing(_session: int, _sequence: int, _request: bytes) -> list[bytes]:
    return []


def sound(session: int, sequence: int, request: bytes) -> list[bytes]:
    return [reply(session, sequence, request)]


def twice(session: int, sequence: int, request: bytes) -> list[bytes]:
    return [reply(session, sequence, request)] * 2


def stale_first(session: int, sequence: int, request: bytes) -> list[bytes]:
    return [reply(session, max(sequence - 1, 0), request), reply(session, sequence, request)]


def of_another_session(session: int, sequence: int, request: bytes) -> list[bytes]:
    return [reply(session ^ 2, sequence, request)]


def truncated(session: int, sequence: int, request: bytes) -> list[bytes]:
    return [reply(session, sequence, request)[:-3]]


def no_message(session: int, sequence: int, _request: bytes) -> list[bytes]:
    return [frame.encode(session, sequence, b"\xff\xff\xff")]


def another_body(session: int, sequence: int, _request: bytes) -> list[bytes]:
    return [frame.encode(session, sequence, wire_pb2.Message(hello=wire_pb2.Hello()).SerializeToString())]


def empty(_session: int, _sequence: int, _request: bytes) -> list[bytes]:
    return [b""]


def oversized(_session: int, _sequence: int, _request: bytes) -> list[bytes]:
    return [bytes(frame.MAX_FRAME_BYTES + 1)]


ANSWERERS: dict[str, Answer] = {
    "sound": sound,
    "damaged-once": Damaged(1),
    "damaged-always": Damaged(1000),
    "lost-once": LostOnce(),
    "silent": nothing,
    "duplicated": twice,
    "stale-first": stale_first,
    "other-session": of_another_session,
    "truncated": truncated,
    "empty": empty,
    "no-message": no_message,
    "other-body": another_body,
    "oversized": oversized,
}


def hello(fault: str, session: int) -> bytes:
    digest = "0" * 64 if fault == "other-digest" else SCHEMA_DIGEST
    message = wire_pb2.Message(hello=wire_pb2.Hello(schema_digest=digest, ns3_version="3.37", cell_version="0.0"))
    if fault == "hello-missing":
        message = wire_pb2.Message(closed=wire_pb2.Closed())
    whole = frame.encode(session ^ 2 if fault == "hello-other-session" else session, 0, message.SerializeToString())
    match fault:
        case "older":
            return whole[:4] + b"\x00\x00" + whole[6:]
        case "newer":
            return whole[:4] + b"\x02\x00" + whole[6:]
        case "hello-flipped":
            return flipped(whole)
        case _:
            return whole


def main() -> None:
    fault, *rest = sys.argv[1:]
    option = dict(zip((name.removeprefix("--") for name in rest[::2]), rest[1::2], strict=True))
    session = int(option["session"])
    if fault == "dies-at-start":
        sys.exit("peer: no memory for the cell")
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 1000)
        socket.setsockopt(zmq.ROUTING_ID, f"cell-{option['process']}".encode())
        socket.connect(option["connect"])
        if fault == "hello-silent":
            socket.recv()
        socket.send(hello(fault, session))
        welcome = wire_pb2.Message.FromString(frame.decode(socket.recv()).payload)
        if welcome.HasField("refusal"):
            sys.exit(f"peer: refused: {welcome.refusal.reason}")
        if fault == "dies":
            socket.recv()
            sys.exit("peer: a fault in the simulation")
        while True:
            request = frame.decode(socket.recv())
            for answer in ANSWERERS[fault](session, request.sequence, request.payload):
                socket.send(answer)
            if wire_pb2.Message.FromString(request.payload).HasField("close") and fault in {"sound", "duplicated"}:
                return


if __name__ == "__main__":
    main()
