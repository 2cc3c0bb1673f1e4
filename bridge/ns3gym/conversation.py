# SPDX-License-Identifier: MIT
"""One simulation from its first message to its end: who speaks when, with a deadline on each step."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, TypeVar

from google.protobuf.message import DecodeError, Message
from gymnasium import Space

from llmac.bridge.errors import BridgeError, CellCrashError, DeadlineError, FrameError, HandshakeError
from llmac.bridge.ns3gym.data import decode, encode
from llmac.bridge.ns3gym.port import STOP, Port
from llmac.bridge.ns3gym.process import SimulationProcess
from llmac.bridge.ns3gym.spaces import MisfitError, space_of
from llmac.ns3opengym import messages_pb2 as pb

END_S = 1.0
"""Seconds that a simulation which closed its connection has to end, so that the error can say how it did."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a step has to be done."""

    connect_s: float
    """From the start to the simulation's first message."""
    step_s: float
    """From an action to the state that it leads to."""
    close_s: float
    """From the request to stop to the end of the process."""


@dataclass(frozen=True, slots=True)
class State:
    """What the simulation says after a step."""

    observation: Any
    """A value of the observation space."""
    reward: float
    terminated: bool
    """The simulation declared the game over."""
    truncated: bool
    """The simulated time is over."""
    extra_info: str
    """A text of the simulation's own."""


T = TypeVar("T")
M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=BridgeError)


class Conversation:
    """Speaks with the simulation that connects next.

    After an error other than ActionError it is of no more use than to be dropped.

    Args:
        port: where the simulation connects.
        process: the simulation, when it was started here; ended with the conversation.
        deadlines: of the steps.

    Raises:
        DeadlineError: no simulation connected in time.
        CellCrashError: its process ended before.
        HandshakeError: what it offers cannot be used.
    """

    def __init__(self, port: Port, process: SimulationProcess | None, deadlines: Deadlines) -> None:
        self._port = port
        self._process = process
        self._deadlines = deadlines
        self._number = process.pid if process else 0
        self._turn: Literal["simulation", "agent", "over"] = "simulation"
        self._peer = b""
        try:
            self.observation_space, self.action_space = self._shake_hands()
        except BaseException:
            self.drop()
            raise

    @property
    def name(self) -> str:
        """Who the simulation is, for error messages."""
        process = f" (process {self._number})" if self._number else ""
        return f"ns3-gym simulation on port {self._port.number}{process}"

    def state(self, step: str) -> State:
        """Wait for the next state; when it is the last one, let the simulation end.

        Args:
            step: what is under way, for error messages.

        Raises:
            DeadlineError: it did not come in time.
            CellCrashError: the simulation ended before.
            FrameError: it cannot be used.
        """
        frame = self._receive(step, self._deadlines.step_s)
        try:
            message = _parse(pb.EnvStateMsg, frame)
            observation = decode(message.obsData, self.observation_space)
        except MisfitError as error:
            raise self._error(FrameError, step, f"the state cannot be used: {error}") from None
        if message.isGameOver:
            self._answer(STOP, step)
            self._turn = "over"
        timed_out = message.reason == pb.EnvStateMsg.SIMULATION_END
        return State(
            observation=observation,
            reward=message.reward,
            terminated=message.isGameOver and not timed_out,
            truncated=message.isGameOver and timed_out,
            extra_info=message.info,
        )

    def act(self, action: Any, step: str) -> None:
        """Answer a state with an action.

        Raises:
            ActionError: it is not in the action space; nothing was sent.
            CellCrashError: the simulation is gone.
        """
        data = encode(action, self.action_space)
        self._answer(pb.EnvActMsg(actData=data).SerializeToString(), step)

    def end(self) -> None:
        """Let the simulation stop, and end its process, at the latest by force after `close_s`."""
        deadline = monotonic() + self._deadlines.close_s
        try:
            if self._turn == "simulation":
                self._receive("close", self._deadlines.close_s)
            if self._turn == "agent":
                self._answer(STOP, "close")
                self._turn = "over"
        except BridgeError:
            self.drop()
        else:
            self.drop(deadline - monotonic())

    def drop(self, grace_s: float = 0.0) -> None:
        """Have nothing more to do with the simulation: end its process, or let it stop when it speaks again."""
        if self._peer and self._turn == "agent":
            self._port.send(self._peer, STOP)
        elif self._peer and self._turn == "simulation":
            self._port.dismiss(self._peer)
        self._turn = "over"
        if self._process is not None:
            self._process.stop(max(0.0, grace_s))

    def _shake_hands(self) -> tuple[Space[Any], Space[Any]]:
        """Observation and action space, of the first simulation that lives to be welcomed."""
        while True:
            peer, frame = self._await(self._port.next, "handshake", self._deadlines.connect_s)
            try:
                hello = _parse(pb.SimInitMsg, frame)
                self._number = hello.simProcessId or self._number
                offered = space_of(hello.obsSpace), space_of(hello.actSpace)
            except MisfitError as error:
                self._port.send(peer, STOP)
                raise self._error(HandshakeError, "handshake", f"its first message cannot be used: {error}") from None
            if self._port.send(peer, WELCOME):
                self._peer = peer
                return offered

    def _receive(self, step: str, timeout_s: float) -> bytes:
        frame = self._await(lambda: self._port.take(self._peer), step, timeout_s)
        self._turn = "agent"
        return frame

    def _await(self, take: Callable[[], T | None], step: str, timeout_s: float) -> T:
        """What `take` returns as soon as it is something."""
        deadline = monotonic() + timeout_s
        while (taken := take()) is None:
            self._check_life(step)
            if monotonic() >= deadline:
                what = "answered" if self._peer else f"connected to tcp://localhost:{self._port.number}"
                raise self._error(DeadlineError, step, f"no simulation {what} within {timeout_s:g} s")
        return taken

    def _check_life(self, step: str) -> None:
        if self._peer and self._port.deserted():
            raise self._disconnected(step)
        if self._process and (end := self._process.ended()):
            raise self._error(CellCrashError, step, end)

    def _answer(self, frame: bytes, step: str) -> None:
        if not self._port.send(self._peer, frame):
            raise self._disconnected(step)
        self._turn = "simulation"

    def _disconnected(self, step: str) -> CellCrashError:
        if self._process and self._process.wait(END_S) and (end := self._process.ended()):
            return self._error(CellCrashError, step, end)
        return self._error(CellCrashError, step, "it closed its connection")

    def _error(self, kind: type[E], step: str, cause: str) -> E:
        return kind(self.name, step, cause, self._process.log() if self._process else "")


WELCOME = pb.SimInitAck(done=True).SerializeToString()


def _parse(message_type: type[M], frame: bytes) -> M:
    try:
        return message_type.FromString(frame)
    except DecodeError:
        raise MisfitError(f"it is no {message_type.DESCRIPTOR.name}") from None
