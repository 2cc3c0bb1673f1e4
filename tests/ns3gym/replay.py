# SPDX-License-Identifier: MIT
"""The recorded conversations, and a simulation that says again what one of them did."""

import json
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import zmq

from llmac.ns3opengym import messages_pb2 as pb

TIMEOUT_MS = 20_000


@dataclass(frozen=True)
class Transcript:
    name: str
    simulation: list[bytes]
    """Frames that the simulation sent."""
    agent: list[bytes]
    """Frames that the stock client answered them with."""
    saw: list[str]
    """What its `reset` and then each `step` returned, as Python prints it."""


def transcripts() -> list[Transcript]:
    recorded: list[dict[str, Any]] = json.loads(
        Path(__file__).with_name("transcripts.json").read_text(encoding="utf-8")
    )
    return [
        Transcript(
            name=f"{one['space']}, {one['end']}",
            simulation=[bytes.fromhex(frame) for who, frame in one["frames"] if who == "sim->agent"],
            agent=[bytes.fromhex(frame) for who, frame in one["frames"] if who == "agent->sim"],
            saw=[line for line in one["client_saw"] if line.startswith("(")],  # the rest is chatter
        )
        for one in recorded
    ]


class ReplayingSimulation(Thread):
    """Connects to a port as a simulation does, sends frames until it is asked to stop, and keeps the answers."""

    def __init__(self, port: int, frames: list[bytes]) -> None:
        super().__init__()
        self._port = port
        self._frames = frames
        self.answers: list[bytes] = []
        self.start()

    def run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
            socket.connect(f"tcp://localhost:{self._port}")
            for frame in self._frames:
                socket.send(frame)
                self.answers.append(socket.recv())
                if pb.EnvActMsg.FromString(self.answers[-1]).stopSimReq:
                    break

    def finish(self) -> list[bytes]:
        """All answers, when the conversation is over."""
        self.join(TIMEOUT_MS / 1000)
        assert not self.is_alive()
        return self.answers
