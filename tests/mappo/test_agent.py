# SPDX-License-Identifier: MIT
"""The agent in real cells: what it may do, whom it speaks to, and that nothing but the seed decides."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from llmac.agents import registry
from llmac.agents.baselines.columns import per_ue
from llmac.agents.evaluation.episodes import Tti, play
from llmac.agents.language.prompts import Role
from llmac.agents.mappo.agent import MappoAgent
from llmac.agents.mappo.policy import Policy
from llmac.agents.mappo.translation import Translation
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, Semantic, load
from llmac.bridge.testing import check_player

CHURN = [{"tti": 1, "join": 2}, {"tti": 5, "leave": [0], "join": 1}]
SCENARIOS = [
    load("paper", {"ttis": 16}),
    load("near-far", {"ttis": 16, "churn": CHURN, "control.max_dcms_per_tti": 1}),  # with more RBGs than the network
    load("paper", {"ttis": 16, "rbgs": 1, "ues": 1, "vocabulary": {"kind": "semantic", "bsr_levels": 3}}),  # with fewer
]


class _Taken:
    """Keeps every TTI."""

    def __init__(self) -> None:
        self.ttis: list[Tti] = []

    def add(self, tti: Tti) -> None:
        self.ttis.append(tti)


def _play(agent: MappoAgent, scenarios: Sequence[Scenario], seeds: Sequence[int]) -> tuple[list[Tti], list[float]]:
    """The TTIs, and the rate of invalid actions of each environment."""
    taken = _Taken()
    with ColumnEnv(scenarios, privileged=True, bound=True) as env:
        metrics = play(env, agent, scenarios, seeds, [taken])
    return taken.ttis, [m["invalid_action_rate"] for m in metrics]


@pytest.mark.parametrize("sample", [False, True])
def test_it_keeps_to_the_rules_of_a_player(policy: Policy, sample: bool) -> None:
    check_player(lambda: MappoAgent(policy, sample=sample), SCENARIOS)


@pytest.mark.parametrize(("name", "ues"), [("mappo-4", 4), ("mappo", 4), ("mappo", 8)])
def test_the_shipped_ones_deliver_90_percent_of_grant_where_they_were_trained(name: str, ues: int) -> None:
    scenarios, seeds = [load("paper", {"ues": ues})] * 4, range(2_000_000, 2_000_004)
    with ColumnEnv(scenarios, privileged=True, bound=True) as env:
        mine, its = (
            np.mean([e["goodput_dpdu_per_tti"] for e in play(env, registry.make(agent), scenarios, list(seeds))])
            for agent in (name, "grant")
        )
    assert mine > 0.9 * its


def test_what_it_does_is_never_invalid(policy: Policy) -> None:
    ttis, invalid = _play(MappoAgent(policy, sample=True), SCENARIOS, [1, 2, 3])
    assert invalid == [0, 0, 0]
    for tti in ttis:
        action, ues = tti.leader_action, tti.followers
        assert action.dcm_count[1] <= 1
        owner = np.repeat(np.arange(3), action.dcm_count)
        for e, codes in enumerate(Codes(s.rbgs, s.vocabulary) for s in SCENARIOS):
            granted = codes.dcm_rbg[action.dcm_code[owner == e].astype(np.int64)]
            granted = granted[granted >= 0].tolist()
            assert len(set(granted)) == len(granted)
            assert all(rbg < 2 for rbg in granted)  # those that the network knows
        assert (tti.follower_action.action[ues.buffer == 0] < _ucm_codes(ues.ue_count)[ues.buffer == 0]).all()


def _ucm_codes(count: np.ndarray) -> np.ndarray:
    """[n] UCM codes of each UE: an action below them is a hold."""
    return np.repeat([Codes(s.rbgs, s.vocabulary).ucm_codes for s in SCENARIOS], count)


def test_a_bs_speaks_to_the_first_ues_that_it_can_tell_apart(policy: Policy) -> None:
    scenarios = [load("paper", {"ttis": 12, "ues": 6})]
    spoken_to = np.zeros(6, dtype=np.int64)
    agent = MappoAgent(policy, sample=True)
    with ColumnEnv(scenarios) as env:
        agent.reset(scenarios, np.array([7], dtype=np.uint64))
        observation = env.reset([7])
        while not observation.done:
            action = agent.lead(observation)
            spoken_to += per_ue(observation, action) > 0
            observation = env.follow(agent.follow(env.lead(action)))
    assert (spoken_to[:3] > 0).all()
    assert (spoken_to[3:] == 0).all()


def test_an_episode_does_not_depend_on_its_neighbours(policy: Policy) -> None:
    def actions(scenarios: Sequence[Scenario], seeds: Sequence[int]) -> list[list[int]]:
        ttis, _ = _play(MappoAgent(policy, sample=True), scenarios, seeds)
        return [t.follower_action.action[-int(t.followers.ue_count[-1]) :].tolist() for t in ttis]

    paper = SCENARIOS[0]
    alone = actions([paper], [9])
    assert alone == actions([SCENARIOS[1], paper], [4, 9])
    assert alone != actions([paper], [10])


def test_codes_of_cells_are_translated_by_what_they_mean() -> None:
    network = Codes(2, Semantic(bsr_levels=4))
    cells = [Codes(3, Semantic(bsr_levels=6)), Codes(1, Semantic(bsr_levels=2))]
    translation = Translation(network, cells)
    for table, kind in ((translation.dcm, "dcm"), (translation.ucm, "ucm"), (translation.access, "access")):
        own = getattr(network, f"{kind}_texts")
        for e, cell in enumerate(cells):
            theirs = getattr(cell, f"{kind}_texts")
            for code, text in enumerate(own):
                there = table.to_cell[e, code]
                assert (theirs[there] if there >= 0 else None) == (text if text in theirs else None)
            for code, text in enumerate(theirs):
                assert own[table.to_network[e, code]] == (text if text in own else own[0])


def test_a_checkpoint_is_read_as_it_was_written(policy: Policy, tmp_path: Path) -> None:
    policy.save(tmp_path / "p", {"command": "a test"})
    again = Policy.load(tmp_path / "p")
    assert again.sizes == policy.sizes
    assert again.made_by == {"command": "a test"}
    for role in Role:
        for one, other in zip(policy.actors[role].parameters(), again.actors[role].parameters(), strict=True):
            assert one.equal(other)


def test_what_cannot_be_used_is_told(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(LlmacError, match=r"nowhere: there is no checkpoint here"):
        Policy.load(tmp_path / "nowhere")
    policy.save(tmp_path / "p", {})
    weights = tmp_path / "p" / "ue.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(LlmacError, match=r"the checkpoint is damaged: ue.safetensors is not what the manifest says"):
        Policy.load(tmp_path / "p")
    (tmp_path / "p" / "manifest.json").write_text('{"format": 1, "style": "compact"}')
    with pytest.raises(LlmacError, match=r"this is no checkpoint of mappo: sizes: Field required"):
        Policy.load(tmp_path / "p")
    opaque = load("paper", {"vocabulary": {"kind": "opaque", "symbols": 5}})
    with pytest.raises(LlmacError, match=r"its messages are opaque, and this mappo was trained with semantic ones"):
        MappoAgent(policy).reset([opaque], np.array([1], dtype=np.uint64))
