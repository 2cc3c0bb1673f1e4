# SPDX-License-Identifier: MIT
"""ns3-gym's way in Python: a client that does with each message what the stock client does, to measure and test with.

It unpacks each nested `Any`, makes an array of each box and packs actions value by value, as
https://github.com/tkn-tub/ns3-gym does it. Unlike that client it has deadlines. `llmac.bridge.ns3gym` is for users.
"""

from typing import Any, cast

import numpy as np
import zmq
from numpy.typing import NDArray

from llmac.bridge.errors import DeadlineError
from llmac.ns3opengym import messages_pb2 as pb

State = tuple[Any, float, bool, str]
"""Observation, reward, whether the game is over, and the simulation's text."""


class GymClient:
    """Binds a REP socket, as that framework's agents do, and speaks with the simulations that connect to it.

    Args:
        port: on the loopback interface; 0 takes a free one.
        deadline_s: seconds that any message may take.
    """

    def __init__(self, port: int = 0, deadline_s: float = 20.0) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        self._socket.setsockopt(zmq.RCVTIMEO, int(1000 * deadline_s))
        self._socket.setsockopt(zmq.LINGER, 1000)
        self._socket.bind(f"tcp://127.0.0.1:{port or '*'}")
        self.port = int(self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
        """That simulations connect to."""
        self.observation_space = pb.SpaceDescription()
        """Of the simulation that was greeted last."""
        self.action_space = pb.SpaceDescription()
        """Likewise."""

    def greet(self) -> None:
        """Wait for a simulation and welcome it.

        Raises:
            DeadlineError: none came.
        """
        hello = pb.SimInitMsg.FromString(self._receive("handshake"))
        self.observation_space, self.action_space = hello.obsSpace, hello.actSpace
        self._socket.send(pb.SimInitAck(done=True, stopSimReq=False).SerializeToString())

    def state(self) -> State:
        """Wait for the next state; the last one is answered at once, by a request to stop.

        Raises:
            DeadlineError: it did not come.
        """
        message = pb.EnvStateMsg.FromString(self._receive("state"))
        state = decode(message.obsData), message.reward, message.isGameOver, message.info
        if message.isGameOver:
            self.stop()
        return state

    def act(self, action: Any) -> None:
        """Answer a state with an action."""
        reply = pb.EnvActMsg()
        reply.actData.CopyFrom(encode(action, self.action_space))
        reply.stopSimReq = False
        self._socket.send(reply.SerializeToString())

    def stop(self) -> None:
        """Answer a state with the request to stop."""
        self._socket.send(pb.EnvActMsg(stopSimReq=True).SerializeToString())

    def close(self) -> None:
        """Close the socket; may be called again."""
        self._context.destroy()

    def _receive(self, step: str) -> bytes:
        try:
            return self._socket.recv()
        except zmq.Again:
            raise DeadlineError(f"ns3-gym simulation on port {self.port}", step, "no message in time") from None


def decode(container: pb.DataContainer) -> Any:
    """The value in a container; boxes in one row, dictionaries and tuples of values."""
    match container.type:
        case pb.SPACE_DISCRETE:
            discrete = pb.DiscreteDataContainer()
            container.data.Unpack(discrete)
            return discrete.data
        case pb.SPACE_BOX:
            box = pb.BoxDataContainer()
            container.data.Unpack(box)
            return _decode_box(box)
        case pb.SPACE_TUPLE:
            elements = pb.TupleDataContainer()
            container.data.Unpack(elements)
            return tuple([decode(element) for element in elements.element])
        case _:
            named = pb.DictDataContainer()
            container.data.Unpack(named)
            return {element.name: decode(element) for element in named.element}


def _decode_box(box: pb.BoxDataContainer) -> NDArray[Any]:
    match box.dtype:
        case pb.DTYPE_INT:
            return np.array(box.intData)
        case pb.DTYPE_UINT:
            return np.array(box.uintData)
        case pb.DTYPE_DOUBLE:
            return np.array(box.doubleData)
        case _:
            return np.array(box.floatData)


def encode(action: Any, space: pb.SpaceDescription) -> pb.DataContainer:
    """A container with an action of the space."""
    container = pb.DataContainer(type=space.type)
    match space.type:
        case pb.SPACE_DISCRETE:
            container.data.Pack(pb.DiscreteDataContainer(data=action))
        case pb.SPACE_BOX:
            container.data.Pack(_encode_box(action, space))
        case pb.SPACE_TUPLE:
            tuple_space, elements = pb.TupleSpace(), pb.TupleDataContainer()
            space.space.Unpack(tuple_space)
            elements.element.extend([encode(*pair) for pair in zip(action, tuple_space.element, strict=True)])
            container.data.Pack(elements)
        case _:
            dict_space, named = pb.DictSpace(), pb.DictDataContainer()
            space.space.Unpack(dict_space)
            inner = {element.name: element for element in dict_space.element}
            for name, value in cast("dict[str, Any]", action).items():
                element = encode(value, inner[name])
                element.name = name
                named.element.append(element)
            container.data.Pack(named)
    return container


def _encode_box(action: Any, space: pb.SpaceDescription) -> pb.BoxDataContainer:
    declared, box = pb.BoxSpace(), pb.BoxDataContainer()
    space.space.Unpack(declared)
    box.shape.extend([len(action)])
    match declared.dtype:
        case pb.DTYPE_INT:
            box.dtype = pb.DTYPE_INT
            box.intData.extend(action)
        case pb.DTYPE_UINT:
            box.dtype = pb.DTYPE_UINT
            box.uintData.extend(action)
        case _:  # DOUBLE, too
            box.dtype = pb.DTYPE_FLOAT
            box.floatData.extend(action)
    return box
