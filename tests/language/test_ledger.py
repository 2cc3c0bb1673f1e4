# SPDX-License-Identifier: MIT
"""What a BS and its UEs remember, and the teacher who decides by it."""

import numpy as np
import pytest

from llmac.agents.agent import Agent
from llmac.agents.evaluation.episodes import play
from llmac.agents.language.follower import Follower
from llmac.agents.language.leader import Leader
from llmac.agents.language.memory import OLDEST, Memory
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.learning.teacher import Teacher
from llmac.agents.registry import make
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, load
from llmac.v1 import codes_pb2

SEED = np.array([1_000_700], dtype=np.uint64)
LATE = {"ues": 2, "rbgs": 2, "traffic.load": 1.0, "control.delay_ttis": 1, "control.ucm_period_ttis": 24}
SILENT = LeaderAction(np.zeros(1, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint16))


def test_a_lease_takes_an_rbg_until_it_is_left_unused(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "error_model.tbler": 0.0})
    leader = Leader([scenario], SEED, phrasebook)
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    hold, send = 0, codes.ue_action(codes_pb2.ACCESS_TRANSMIT + 1, 0)
    free: list[str] = []
    with ColumnEnv([scenario], ttis=9) as env:
        leaders = env.reset(SEED)
        # Granted in TTI 0, UE 0 uses RBG 1 in TTIs 1 and 3, and leaves it in TTI 5.
        for tti in range(9):
            (request,) = leader.observe(leaders)
            free.append(request.state[request.state.index(" free") :].split(" next")[0])
            label = int(leader.labels[0])
            action = leader.act([f"grant 1 to {label}; end" if tti == 0 else "end"])
            env.lead(action)
            sends = tti in {1, 3}
            leaders = env.follow(FollowerAction(np.array([send if sends else hold, hold], dtype=np.uint16)))
    everything, taken = " free 0 1", " free 0"
    # A grant of TTI t is for TTI t + 1: of the same phase as TTI 1 for even t. TTI 5 is known before TTI 6.
    assert free == [everything, everything, taken, everything, taken, everything, everything, everything, everything]


def test_who_is_heard_without_a_lease_has_more_to_send(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "error_model.tbler": 0.0})
    leader = Leader([scenario], SEED, phrasebook)
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    send = codes.ue_action(codes_pb2.ACCESS_TRANSMIT, 0)
    with ColumnEnv([scenario], ttis=2) as env:
        leader.observe(env.reset(SEED))
        env.lead(SILENT)
        (request,) = leader.observe(env.follow(FollowerAction(np.array([0, send], dtype=np.uint16))))
    assert f" more {leader.labels[1]} 0" in request.state


def test_an_rbg_to_spare_goes_to_who_is_heard_latest_otherwise(phrasebook: Phrasebook) -> None:
    # With a period of 8 UE i may report in TTIs 8 - i, 16 - i, ...: in TTI 8 the BS knows that UE 2 had nothing in
    # TTI 6, UE 3 in TTI 5, and so on; what UEs 0 and 1 have to report is under way, and a grant is hardly earlier.
    # TTIs since a UE was empty, seen from the TTI of the grant, times TTIs that are won: 4 x 7 for UE 3, 5 x 6 for
    # UE 4, 6 x 5 for UE 5, 7 x 4 for UE 6.
    scenario = load("bursty", {"ues": 8, "traffic.load": 0.0})
    leader = Leader([scenario], SEED, phrasebook)
    with ColumnEnv([scenario], ttis=9) as env:
        leaders = env.reset(SEED)
        for _ in range(8):
            leader.observe(leaders)
            leader.act(["end"])
            env.lead(SILENT)
            leaders = env.follow(FollowerAction(np.zeros(8, dtype=np.uint16)))
        (request,) = leader.observe(leaders)
    label = leader.labels.tolist()
    hoped = [label.index(int(word)) for word in request.state.split(" idle ")[1].rstrip(":").split()]
    assert hoped == [4, 5, 3, 6]


def test_a_ue_remembers_what_it_did_and_was_told(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "ues": 1, "control.delay_ttis": 0, "control.ucm_period_ttis": 2})
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    follower, memory = Follower([scenario], phrasebook), Memory([scenario])
    send = codes.ue_action(codes_pb2.ACCESS_TRANSMIT + 1, codes_pb2.UCM_SR)
    delete = codes.ue_action(codes_pb2.ACCESS_DELETE, 0)
    actions = [send, delete, send, *[0] * OLDEST]
    grant = LeaderAction(np.ones(1, np.uint32), np.zeros(1, np.uint32), np.array([codes_pb2.DCM_GRANT + 1], np.uint16))
    states: list[str] = []
    with ColumnEnv([scenario], ttis=len(actions)) as env:
        env.reset(SEED)
        for tti, action in enumerate(actions):
            followers = env.lead(grant if tti == 0 else SILENT)
            states.append(follower.observe(followers)[0].state)
            known = memory.observe(followers)
            assert known.dcm_age == min(tti, OLDEST)
            env.follow(FollowerAction(np.array([action], dtype=np.uint16)))
    assert " even grant 1 0 have" in states[0]
    assert " odd reported 1 sent 1 1 grant 1 1 have" in states[1]
    assert " even reported 2 deleted 1 2 grant 1 2 have" in states[2]
    assert " odd reported 1 sent 1 again 1 grant 1 3 have" in states[3]
    assert " even have" in states[-1]


def test_where_signalling_is_free_a_ue_is_told_that_it_has_just_transmitted(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {"ues": 1, "traffic.load": 1.0})
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    follower = Follower([scenario], phrasebook)
    send, delete = codes.ue_action(codes_pb2.ACCESS_TRANSMIT + 1, 0), codes.ue_action(codes_pb2.ACCESS_DELETE, 0)
    told: list[bool] = []
    with ColumnEnv([scenario], ttis=5) as env:
        env.reset(SEED)
        for action in [send, send, delete, 0, 0]:
            told.append(" sent" in follower.observe(env.lead(SILENT))[0].state)
            env.follow(FollowerAction(np.array([action], dtype=np.uint16)))
    assert told == [False, True, True, False, False]


@pytest.mark.parametrize("name", ["paper", "urban", "scarce-signalling"])
def test_the_teacher_is_as_good_as_the_conventional_protocols(name: str) -> None:
    scenario = load(name)
    goodput = {agent: _goodput(scenario, make(agent)) for agent in ("grant", "hybrid")}
    assert _goodput(scenario, Teacher(speculate=1.0)) > 0.98 * max(goodput.values())


def test_a_cell_of_few_rbgs_is_not_flooded_by_contention() -> None:
    # More than the two RBGs can carry: all of one for contention would cost a quarter of the goodput.
    scenario = load("scarce-signalling", {"rbgs": 2})
    assert _goodput(scenario, Teacher()) > 1.1 * _goodput(scenario, make("hybrid"))


def _goodput(scenario: Scenario, agent: Agent) -> float:
    seeds = list(range(1_000_000, 1_000_008))
    copies = [scenario] * len(seeds)
    with ColumnEnv(copies, privileged=True, bound=True) as env:
        episodes = play(env, agent, copies, seeds)
    return sum(e["goodput_dpdu_per_tti"] for e in episodes)
