# SPDX-License-Identifier: MIT
"""A small simulation that speaks as ns3-gym's do: it sums up actions, and may show one fault.

    simulation.py PORT SEED FAULT STEP END

FAULT shows at STEP ("handshake", "reset", "step 2", "close") unless SEED is SOUND_SEED. After STEPS steps the END is
"time" (SimulationEnd) or "game" (GameOver).
"""

import os
import random
import signal
import sys

import zmq

from llmac.ns3opengym import messages_pb2 as pb

SOUND_SEED = 1
STEPS = 5
ACTIONS = 3


def space(space_type: int = pb.SPACE_BOX) -> pb.SpaceDescription:
    description = pb.SpaceDescription(type=space_type)  # pyright: ignore[reportArgumentType] (faults are no SpaceType)
    description.space.Pack(pb.BoxSpace(low=0, high=100, dtype=pb.DTYPE_DOUBLE, shape=[2]))
    return description


def container(values: list[float], container_type: "pb.SpaceType" = pb.SPACE_BOX) -> pb.DataContainer:
    container = pb.DataContainer(type=container_type)
    container.data.Pack(pb.BoxDataContainer(dtype=pb.DTYPE_DOUBLE, shape=[len(values)], doubleData=values))
    return container


def broken(fault: str, message: pb.SimInitMsg | pb.EnvStateMsg) -> bytes:
    """What to send instead of a message, if the fault lets it come to that."""
    match fault, message:
        case "exit", _:
            sys.exit(7)
        case "kill" | "stop", _:
            os.kill(os.getpid(), signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
        case "hang", _:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.pause()
        case "garbage", _:
            return b"\xff\xff\xff\xff"
        case "type", pb.SimInitMsg():
            message.obsSpace.CopyFrom(space(9))
        case "nothing", pb.SimInitMsg():
            message.ClearField("actSpace")
        case "type", pb.EnvStateMsg():
            message.obsData.CopyFrom(container([1, 2], pb.SPACE_DISCRETE))
        case "nothing", pb.EnvStateMsg():
            message.ClearField("obsData")
        case "count", pb.EnvStateMsg():
            message.obsData.CopyFrom(container([1, 2, 3]))
        case other:
            raise ValueError(other)
    return message.SerializeToString()


def main(port: str, seed: str, fault: str, faulty_step: str, end: str) -> None:
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(f"tcp://localhost:{port}")
    if int(seed) == SOUND_SEED:
        faulty_step = "never"

    def ask(message: pb.SimInitMsg | pb.EnvStateMsg, step: str) -> bytes:
        socket.send(broken(fault, message) if step == faulty_step else message.SerializeToString())
        return socket.recv()

    def state(step: int, reward: float) -> pb.EnvStateMsg:
        over = step == STEPS
        return pb.EnvStateMsg(
            obsData=container([step, luck]),
            reward=reward,
            isGameOver=over,
            reason=pb.EnvStateMsg.GAME_OVER if over and end == "game" else pb.EnvStateMsg.SIMULATION_END,
            info=f"step={step}",
        )

    hello = pb.SimInitMsg(simProcessId=os.getpid(), obsSpace=space())
    hello.actSpace.type = pb.SPACE_DISCRETE
    hello.actSpace.space.Pack(pb.DiscreteSpace(n=ACTIONS))
    luck = random.Random(seed).random()  # noqa: S311 (a simulation, no secret)
    answer = pb.EnvActMsg.FromString(ask(hello, "handshake"))
    step, reward = 0, 0.0
    while not answer.stopSimReq:
        answer = pb.EnvActMsg.FromString(ask(state(step, reward), f"step {step}" if step else "reset"))
        action = pb.DiscreteDataContainer()
        answer.actData.data.Unpack(action)
        step, reward = step + 1, reward + action.data
    if faulty_step == "close":
        broken(fault, hello)


if __name__ == "__main__":
    main(*sys.argv[1:])
