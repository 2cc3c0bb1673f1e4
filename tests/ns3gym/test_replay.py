# SPDX-License-Identifier: MIT
"""The recorded conversations of the stock client and simulation, replayed against Ns3GymEnv in both directions."""

import ast
from typing import Any

import numpy as np
import pytest
from replay import ReplayingSimulation, Transcript, transcripts

from llmac.bridge.ns3gym import Ns3GymEnv
from llmac.bridge.ns3gym.data import decode
from llmac.bridge.ns3gym.spaces import unpack
from llmac.ns3opengym import messages_pb2 as pb


def test_all_are_there() -> None:
    assert len(transcripts()) == 19


@pytest.mark.parametrize("transcript", transcripts(), ids=lambda one: one.name)
def test_replay(transcript: Transcript, free_port: int) -> None:
    simulation = ReplayingSimulation(free_port, transcript.simulation)
    env = Ns3GymEnv(port=free_port, connect_s=20)
    observation, info = env.reset()
    saw = [str(("reset", stock_text(observation)))]
    assert env.observation_space.contains(observation)
    assert info["extra_info"] == "step=0"
    ends = [(False, False)]
    for frame in transcript.agent[1:]:
        message = pb.EnvActMsg.FromString(frame)
        if message.stopSimReq:
            break
        observation, reward, *end, info = env.step(decode(message.actData, env.action_space))
        assert env.observation_space.contains(observation)
        # The stock client returns no text as {}.
        saw.append(str((len(saw), stock_text(observation), reward, any(end), info["extra_info"] or "{}")))
        ends.append((end[0], end[1]))
    env.close()

    assert saw == transcript.saw
    assert ends[-1] == ("game over" in transcript.name, "simulation end" in transcript.name)
    answers = simulation.finish()
    assert pb.SimInitAck.FromString(answers[0]) == pb.SimInitAck.FromString(transcript.agent[0])
    assert [meaning(frame) for frame in answers[1:]] == [meaning(frame) for frame in transcript.agent[1:]]


@pytest.mark.parametrize("transcript", transcripts(), ids=lambda one: one.name)
def test_transcripts_tell_what_they_say(transcript: Transcript) -> None:
    """The texts that the replay is compared with are those of the frames, so that it compares what it claims to."""
    assert len(transcript.simulation) == len(transcript.agent) == len(transcript.saw) + 1
    states = [pb.EnvStateMsg.FromString(frame) for frame in transcript.simulation[1:]]
    for state, text in zip(states[1:], transcript.saw[1:], strict=True):
        _, _, reward, done, info = ast.literal_eval(text)
        assert (reward, done, info) == (state.reward, state.isGameOver, state.info or "{}")


def stock_text(observation: Any) -> str:
    """How Python prints the observation when the stock client returns it: plain integers, boxes in one row."""

    def stock(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: stock(inner) for name, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(stock(inner) for inner in value)
        return value.reshape(-1) if isinstance(value, np.ndarray) else int(value)

    return str(stock(observation))


def meaning(frame: bytes) -> Any:
    """What an EnvActMsg says; the order of a dictionary's elements means nothing."""
    message = pb.EnvActMsg.FromString(frame)
    return message.stopSimReq, container_meaning(message.actData)


def container_meaning(container: pb.DataContainer) -> Any:
    match container.type:
        case pb.SPACE_TUPLE:
            elements = unpack(container.data, pb.TupleDataContainer).element
            return [container_meaning(element) for element in elements]
        case pb.SPACE_DICT:
            elements = unpack(container.data, pb.DictDataContainer).element
            return {element.name: container_meaning(element) for element in elements}
        case _:
            return container.type, container.data.type_url, container.data.value
