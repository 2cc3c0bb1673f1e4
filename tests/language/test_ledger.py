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


def test_an_rbg_is_free_after_the_last_transmission_that_its_ue_announced(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "error_model.tbler": 0.0, "control.ucm_period_ttis": 2})
    leader = Leader([scenario], SEED, phrasebook)
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    send = codes.ue_action(codes_pb2.ACCESS_TRANSMIT + 1, 0)
    announce = codes.ue_action(codes_pb2.ACCESS_DELETE, codes_pb2.UCM_SR)
    states: list[str] = []
    with ColumnEnv([scenario], ttis=5) as env:
        leaders = env.reset(SEED)
        # Granted in TTI 0, UE 0 uses RBG 1 in TTIs 1 and 3, and has said in TTI 2 that one more is to come.
        for tti, action in enumerate([0, send, announce, send, 0]):
            states.append(leader.observe(leaders)[0].state)
            label = int(leader.labels[0])
            env.lead(leader.act([f"grant 1 to {label}; end" if tti == 0 else "end"]))
            leaders = env.follow(FollowerAction(np.array([action, 0], dtype=np.uint16)))
    assert " even free 0 1" in states[4]
    assert " wait" not in states[4]


def test_of_two_ues_that_are_granted_the_same_rbg_one_has_a_lease(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "control.ucm_period_ttis": 1})
    leader = Leader([scenario], SEED, phrasebook)
    report = Codes(scenario.rbgs, scenario.vocabulary).ue_action(codes_pb2.ACCESS_HOLD, codes_pb2.UCM_SR)
    with ColumnEnv([scenario], ttis=3) as env:
        leaders = env.reset(SEED)
        for code, said in ((codes_pb2.DCM_GRANT, report), (codes_pb2.DCM_NULL, 0)):
            leader.observe(leaders)
            leader.tell(np.full(2, code))
            env.lead(SILENT)
            leaders = env.follow(FollowerAction(np.array([said, 0], dtype=np.uint16)))
        (request,) = leader.observe(leaders)
    # What UE 0 says is no announcement on a lease, but that it waits for one.
    assert f" wait {leader.labels[0]} 1" in request.state


def test_a_report_counts_when_the_lease_turns_out_to_be_over(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "control.delay_ttis": 0, "control.ucm_period_ttis": 1})
    leader = Leader([scenario], SEED, phrasebook)
    report = Codes(scenario.rbgs, scenario.vocabulary).ue_action(codes_pb2.ACCESS_HOLD, codes_pb2.UCM_SR)
    with ColumnEnv([scenario], ttis=2) as env:
        leader.observe(env.reset(SEED))
        env.lead(leader.act([f"grant 1 to {leader.labels[0]}; end"]))
        (request,) = leader.observe(env.follow(FollowerAction(np.array([report, 0], dtype=np.uint16))))
    assert f" wait {leader.labels[0]} 1" in request.state


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
    assert " odd reported 1 sent 1 1 left 1 grant 1 1 have" in states[1]
    assert " even reported 2 deleted 1 2 left 1 grant 1 2 have" in states[2]
    assert " odd reported 1 sent 1 again 1 left 1 grant 1 3 have" in states[3]
    assert " even have" in states[-1]


def test_a_ue_remembers_whether_it_was_granted_what_it_sent() -> None:
    scenario = load("paper", {**LATE, "ues": 1, "control.delay_ttis": 0})
    memory = Memory([scenario])
    # A grant of RBG 1 for TTI 1, and a lease from then on; in TTI 5 the UE tries RBG 0, and in TTI 7 RBG 1. There is
    # another grant in TTI 9, which the UE uses a TTI too late.
    sends = {1: 1, 3: 1, 5: 0, 7: 1, 10: 1}
    grant = LeaderAction(np.ones(1, np.uint32), np.zeros(1, np.uint32), np.array([codes_pb2.DCM_GRANT + 1], np.uint16))
    tried: dict[int, bool] = {}
    with ColumnEnv([scenario], ttis=12) as env:
        env.reset(SEED)
        for tti in range(12):
            followers = env.lead(grant if tti in {1, 9} else SILENT)
            known = memory.observe(followers)
            if known.sent_age[0] == 1:
                tried[tti - 1] = bool(known.tried[0])
            access = codes_pb2.ACCESS_TRANSMIT + sends[tti] if tti in sends else codes_pb2.ACCESS_HOLD
            action = Codes(scenario.rbgs, scenario.vocabulary).ue_action(access, 0)
            env.follow(FollowerAction(np.array([action], dtype=np.uint16)))
    assert tried == {1: False, 3: False, 5: True, 7: True, 10: True}


def test_a_ue_counts_down_what_it_announced_on_its_lease(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {**LATE, "ues": 1, "control.delay_ttis": 0, "control.ucm_period_ttis": 2})
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    send, delete = codes.ue_action(codes_pb2.ACCESS_TRANSMIT, 0), codes.ue_action(codes_pb2.ACCESS_DELETE, 0)
    two_more = codes.ue_action(codes_pb2.ACCESS_TRANSMIT, codes_pb2.UCM_BSR + 1)
    grant = LeaderAction(np.ones(1, np.uint32), np.zeros(1, np.uint32), np.array([codes_pb2.DCM_GRANT], np.uint16))

    def left(first: LeaderAction) -> list[int | None]:
        follower, shown = Follower([scenario], phrasebook), list[int | None]()
        with ColumnEnv([scenario], ttis=8) as env:
            env.reset(SEED)
            for tti, action in enumerate([two_more, delete, send, delete, send, delete, 0, 0]):
                words = follower.observe(env.lead(SILENT if tti else first))[0].state.split()
                shown.append(int(words[words.index("left") + 1]) if "left" in words else None)
                env.follow(FollowerAction(np.array([action], dtype=np.uint16)))
        return shown

    assert left(grant) == [None, 2, 2, 1, 1, 0, 0, None]
    assert left(SILENT) == [None] * 8


def test_a_ue_knows_whether_dpdus_have_come_lately() -> None:
    scenario = load("paper", {"ues": 8, "traffic.load": 0.15, "control.delay_ttis": 1})
    send = Codes(scenario.rbgs, scenario.vocabulary).ue_action(codes_pb2.ACCESS_TRANSMIT, 0)
    memory, buffers, quiet = Memory([scenario]), [np.zeros(8, dtype=np.int64)], list[int]()
    with ColumnEnv([scenario], ttis=30) as env:
        env.reset(SEED)
        for tti in range(30):
            followers = env.lead(SILENT)
            buffers.append(followers.buffer.astype(np.int64))
            came = np.diff(buffers, axis=0)[max(0, tti - OLDEST + 1) :].any(axis=0)
            known = memory.observe(followers)
            np.testing.assert_array_equal(known.quiet, ~came & (known.sent_age < OLDEST))
            quiet.append(int(np.count_nonzero(known.quiet)))
            env.follow(FollowerAction(np.where(followers.buffer > 0, send, 0).astype(np.uint16)))
    assert 0 < quiet[-1] < 8


def test_who_decides_late_takes_into_account_what_it_has_decided() -> None:
    scenario = load("paper", {"ues": 1, "traffic.load": 1.0, "decision_delay": [0.0, 0.0, 1.0]})
    codes = Codes(scenario.rbgs, scenario.vocabulary)
    memory = Memory([scenario])
    decisions = [
        codes.ue_action(access, 0) for access in (0, 0, codes_pb2.ACCESS_DELETE, codes_pb2.ACCESS_TRANSMIT, 0, 0)
    ]
    known: list[tuple[int, int, bool]] = []
    with ColumnEnv([scenario], ttis=len(decisions)) as env:
        env.reset(SEED)
        for decision in decisions:
            followers = env.lead(SILENT)
            recalled = memory.observe(followers)
            assert recalled.odd == (followers.tti % 2 == 1)
            known.append((int(recalled.buffer[0]), int(followers.buffer[0]), bool(recalled.sent_age[0] == 1)))
            action = np.array([decision], dtype=np.uint16)
            memory.note(followers, action)
            env.follow(FollowerAction(action))
    # One dPDU comes in each TTI. What is decided in TTI 2 is done in TTI 4, and the buffer of TTI 5 shows it.
    assert known == [(1, 1, False), (2, 2, False), (3, 3, False), (3, 4, False), (4, 5, True), (5, 5, False)]


@pytest.mark.parametrize(("name", "share"), [("paper", 0.95), ("near-far", 0.9), ("bursty", 0.9), ("urban", 0.9)])
def test_the_teacher_stands_a_decision_delay(name: str, share: float) -> None:
    late = _goodput(load(name, {"decision_delay": [0.0, 1.0]}), Teacher())
    assert late > share * _goodput(load(name), Teacher())


def test_cells_with_different_delays_can_be_played_together() -> None:
    ttis = {"ttis": 60}
    scenarios = [
        load("paper", ttis),
        load("paper", {**ttis, "decision_delay": [0.0, 1.0]}),
        load("bursty", {**ttis, "decision_delay": [0.0, 0.0, 0.0, 1.0]}),
        load("scarce-signalling", ttis),
    ]
    together = _play(scenarios, Teacher())
    alone = [_play([scenario], Teacher(), first=e)[0] for e, scenario in enumerate(scenarios)]
    assert together == alone


def test_symbols_are_neither_grants_nor_announcements(phrasebook: Phrasebook) -> None:
    vocabulary = {"kind": "opaque", "symbols": 4}
    scenario = load("paper", {**LATE, "ues": 1, "control.ucm_period_ttis": 1, "vocabulary": vocabulary})
    follower = Follower([scenario], phrasebook)
    send = Codes(scenario.rbgs, scenario.vocabulary).ue_action(codes_pb2.ACCESS_TRANSMIT, 2)
    words: list[str] = []
    with ColumnEnv([scenario], ttis=3) as env:
        env.reset(SEED)
        for _ in range(3):
            words += follower.observe(env.lead(SILENT))[0].state.split()
            env.follow(FollowerAction(np.array([send], dtype=np.uint16)))
    assert "sent" in words
    assert not {"tried", "left"} & set(words)


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
    return sum(_play([scenario] * 8, agent))


def _play(scenarios: list[Scenario], agent: Agent, first: int = 0) -> list[float]:
    """Goodput in one episode of each scenario, in dPDU/TTI."""
    seeds = [1_000_000 + first + e for e in range(len(scenarios))]
    with ColumnEnv(scenarios, privileged=True, bound=True) as env:
        return [e["goodput_dpdu_per_tti"] for e in play(env, agent, scenarios, seeds)]
