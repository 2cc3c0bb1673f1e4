# SPDX-License-Identifier: MIT
"""How agents speak: context rules that are switched off, grammars of users, free decoding, history."""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from transformers import PreTrainedModel

from llmac.agents.baselines.random import Random
from llmac.agents.cli import main
from llmac.agents.engine import memory
from llmac.agents.engine.backend import Request
from llmac.agents.engine.engine import Engine
from llmac.agents.evaluation.episodes import play
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.follower import Follower
from llmac.agents.language.guides import FreeGuide
from llmac.agents.language.leader import Leader
from llmac.agents.language.phrases import Phrasebook
from llmac.agents.language.prompts import Role
from llmac.agents.language.speech import Rules, Speech
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag import grammar
from llmac.bridge.scenario import load
from llmac.v1 import wire_pb2

SEEDS = np.arange(1_000_500, 1_000_504, dtype=np.uint64)


def test_rules_are_switched_off_by_name() -> None:
    assert Rules.without(["grant-once", "ack_decoded"]) == Rules(grant_once=False, ack_decoded=False)
    assert Rules.without([]) == Rules()
    with pytest.raises(LlmacError, match="there is no rule 'x-y'; there are backlog, opportunity, grant-once, ack-de"):
        Rules.without(["x_y"])


def test_free_decoding_means_nothing_and_is_counted(engines: dict[Role, Engine], phrasebook: Phrasebook) -> None:
    agent = LanguageAgent(engines, phrasebook, Speech(masked=False), sample=True)
    scenarios = [load("paper", {"ues": 3, "rbgs": 2})] * 2
    with ColumnEnv(scenarios, ttis=4, privileged=True, bound=True) as env:
        metrics = play(env, agent, scenarios, SEEDS[:2].tolist())
    # A model that knows nothing hits a sentence by chance almost never: 4 decisions in each of 4 TTIs.
    assert all(m["invalid_action_rate"] > 0.9 for m in metrics)
    assert all(m["goodput_dpdu_per_tti"] < 0.5 for m in metrics)
    most = max(len(reply.tokens) for reply in agent.follower_replies)
    assert most <= phrasebook.ue(2, scenarios[0].vocabulary).longest


def test_what_a_free_speaker_gets_right_is_done(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {"ues": 2, "traffic.load": 1.0})
    leader = Leader([scenario], SEEDS[:1], phrasebook, Speech(masked=False))
    follower = Follower([scenario], phrasebook, Speech(masked=False))
    with ColumnEnv([scenario], ttis=2) as env:
        leader.observe(env.reset(SEEDS[:1]))
        label = int(leader.labels[1])
        followers = env.lead(leader.act([f"grant 1 to {label}; end"]))
        assert leader.unparsed.tolist() == [0]
        assert followers.dcm.tolist() == [0, 3]
        follower.observe(followers)
        leaders = env.follow(follower.act(["transmit 9; null", "transmit 1; null"]))
        assert follower.unparsed.tolist() == [1]
        leader.observe(leaders)
        assert leader.act(["grant grant"]).dcm_count.tolist() == [0]
        assert leader.unparsed.tolist() == [1]
        assert leader.canonical(0, "grant grant") == "end"


def test_a_grammar_of_a_user_plays(tmp_path: Path, engines: dict[Role, Engine], phrasebook: Phrasebook) -> None:
    """In the words of the small tokenizer, turned around."""
    (tmp_path / "ue.lark").write_text(
        'start: ucm "; " access\naccess: "late" -> hold | "ack" -> delete | "every " RBG -> transmit\n'
        'ucm: "idle" -> null | "wait" -> sr | "more " LEVEL -> bsr\n'
    )
    (tmp_path / "bs.lark").write_text('start: (m ", ")* "idle"\nm: UE " free " RBG -> grant | UE " ack" -> ack\n')
    own = grammar.read(tmp_path / "ue.lark", tmp_path / "bs.lark")
    agent = LanguageAgent(engines, Phrasebook(phrasebook.vocabulary, own), Speech(grammar=own), sample=True)
    scenarios = [load("paper", {"ues": 5})] * 4
    agent.reset(scenarios, SEEDS)
    said: set[str] = set()
    with ColumnEnv(scenarios, ttis=6) as env:
        leaders = env.reset(SEEDS)
        while not leaders.done:
            followers = env.lead(agent.lead(leaders))
            leaders = env.follow(agent.follow(followers))
            assert leaders.counters[:, wire_pb2.COUNTER_INVALID].sum() == 0
            said |= {word for reply in agent.leader_replies for word in reply.sentence.split(" ")}
            said |= {reply.sentence for reply in agent.follower_replies}
    assert {"free", "idle"} <= said
    assert {"idle; late", "idle; every 1"} <= said


def test_history_is_what_was_observed_and_said(phrasebook: Phrasebook) -> None:
    scenario = load("paper", {"ues": 3, "history_ttis": 2, "traffic.load": 1.0, "churn": [{"tti": 4, "leave": [1]}]})
    leader = Leader([scenario], SEEDS[:1], phrasebook)
    follower = Follower([scenario], phrasebook)
    teacher = Random()
    teacher.reset([scenario], SEEDS[:1])
    codes = phrasebook.pag(scenario.rbgs, scenario.vocabulary).codes
    accesses, ucms, dcms = codes.access_texts, codes.ucm_texts, codes.dcm_texts
    said: list[str] = []
    states: list[str] = []
    ue_states: list[str] = []
    observed: list[list[int]] = []
    with ColumnEnv([scenario], ttis=6) as env:
        leaders = env.reset(SEEDS[:1])
        while not leaders.done:
            states.append(leader.observe(leaders)[0].state)
            label = int(leader.labels[0])
            said.append(f"grant 0 to {label}; end")
            followers = env.lead(leader.act(said[-1:]))
            ue_states.append(follower.observe(followers)[0].state)
            columns = (followers.buffer, followers.last_action, followers.last_ucm, followers.dcm)
            observed.append([int(column[0]) for column in columns])
            leaders = env.follow(teacher.follow(followers))
    assert [state.count(" then") for state in states] == [0, 1, 2, 2, 2, 2]
    assert [state.count(" then") for state in ue_states] == [0, 1, 2, 2, 2, 2]
    assert f" then idle idle. {said[0]}." in states[1]
    # What a UE is told of now it is told of as history one TTI later.
    for (buffer, last, ucm, dcm), after in zip(observed, ue_states[1:], strict=False):
        access = accesses[last // len(ucms)]
        assert f" then {buffer}, {access}, {ucms[ucm]}, {dcms[dcm]}." in after


def test_the_longest_prompt_is_the_longest(phrasebook: Phrasebook, engines: dict[Role, Engine]) -> None:
    overrides = {"ues": 7, "rbgs": 3, "history_ttis": 3, "traffic.load": 1.0}
    vocabulary = phrasebook.vocabulary
    crowd = {"churn": [{"tti": 3, "join": 150}], "history_ttis": 0}
    for cell in ({}, {"vocabulary": {"kind": "opaque", "symbols": 12}}, crowd):
        scenario = load("paper", overrides | cell)
        longest = {
            Role.BS: Leader([scenario], SEEDS[:1], phrasebook).longest_states()[0],
            Role.UE: Follower([scenario], phrasebook).longest_states()[0],
        }
        bound = {role: len(vocabulary.encode([state])[0]) for role, state in longest.items()}
        agent = LanguageAgent(engines, phrasebook, sample=True)
        agent.reset([scenario], SEEDS[:1])
        with ColumnEnv([scenario], ttis=10) as env:
            leaders = env.reset(SEEDS[:1])
            while not leaders.done:
                leaders = env.follow(agent.follow(env.lead(agent.lead(leaders))))
                spoken = agent.spoken()
                for role, states in ((Role.BS, spoken.leader_states), (Role.UE, spoken.follower_states)):
                    assert max(map(len, vocabulary.encode(states))) <= bound[role]


def test_a_prompt_that_can_become_too_long_is_refused_at_once(
    phrasebook: Phrasebook, engines: dict[Role, Engine]
) -> None:
    agent = LanguageAgent(engines, phrasebook)
    with pytest.raises(LlmacError, match=r"a prompt of \d+ tokens is too long for the model's context of 4096 tokens"):
        agent.reset([load("paper", {"ues": 200, "history_ttis": 10})], SEEDS[:1])


def test_what_is_said_can_be_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["run", "paper", "--agents", "grant,llm", "--ttis", "20", "--seeds", "2", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["llmac", *arguments, "--explain", "3:bs,5:1,7"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert re.findall(r"== (.*)", told) == [
        "llm, TTI 3, base station",
        "llm, TTI 5, UE 1 (the base station knows it as 10)",
        "llm, TTI 7, base station",
        *(f"llm, TTI 7, UE {ue} (the base station knows it as {label})" for ue, label in _LABELS),
    ]
    trace = pq.read_table(tmp_path / "trace.parquet").to_pylist()
    assert all(row["sentence"] is None and row["bs_entropy"] is None for row in trace if row["agent"] == "grant")
    (row,) = (r for r in trace if r["agent"] == "llm" and (r["seed"], r["tti"], r["ue"]) == (2_000_000, 5, 1))
    assert row["sentence"] == f"{row['access']}; {row['ucm_sent']}"
    assert f"sentence: {row['sentence']}\nlog-probability {row['log_prob']:.4f}, entropy {row['entropy']:.4f}" in told
    (bs,) = {r["bs_sentence"] for r in trace if r["agent"] == "llm" and (r["seed"], r["tti"]) == (2_000_000, 3)}
    assert f"sentence: {bs}\n" in told
    # At each choice the alternatives and their probabilities are told, the chosen one marked.
    first = re.search(r"TTI 5, UE 1.*?\(beginning\) \.\.\.: (.*?)\n", told, re.DOTALL)
    assert first is not None
    shares = [float(share) for share in re.findall(r"' ([01]\.\d+)", first[1])]
    assert sum(shares) == pytest.approx(1, abs=0.002)
    assert first[1].count(">") == 1
    assert re.search(r"TTI 3, base.*?outcome:  RBG 0 .*?; utility", told, re.DOTALL)


_LABELS = ((0, 61), (1, 10), (2, 97), (3, 20))
"""Of seed 2,000,000."""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--explain", "x"), "--explain x: write TTI, TTI:bs or TTI:<UE>, separated by commas"),
        (("--explain", "1", "--json"), "--explain and --json both print to standard output; give one of them"),
        (("--grammar", "ue"), "--grammar ue: write ue=FILE or bs=FILE, each once"),
        (("--grammar", "ue=/nowhere.lark"), "/nowhere.lark: the grammar cannot be read"),
        (("--no-rule", "sleep"), "there is no rule 'sleep'; there are backlog,"),
    ],
)
def test_a_bad_option_is_told_in_one_sentence(
    arguments: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["llmac", "run", "paper", "--agents", "llm", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.count("\n") == 1


def test_free_decoding_does_not_fill_the_memory(
    models: dict[Role, PreTrainedModel], phrasebook: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The distributions over a whole vocabulary are forgotten, as soon as they take too much."""
    monkeypatch.setattr(memory, "NODES", 100)
    engine = Engine(models[Role.UE], phrasebook.vocabulary, "Device.")
    tokens = phrasebook.vocabulary.size
    for state in (" 1", " 2", " 3", " 4"):
        engine.decide([Request(f"Buffer{state}", FreeGuide(phrasebook.vocabulary, 20))], None)
        assert len(engine.memory) <= 100 + 21 * (1 + tokens // 40)
    assert len(engine.memory) < 4 * 20 * (tokens // 40)


def test_a_tokenizer_without_the_words_is_refused_before_the_first_tti(
    tmp_path: Path, engines: dict[Role, Engine], phrasebook: Phrasebook
) -> None:
    (tmp_path / "ue.lark").write_text(
        'start: access "; " ucm\naccess: "ruhe" -> hold | "weg" -> delete | "sende " RBG -> transmit\n'
        'ucm: "nichts" -> null | "bitte" -> sr | "stapel " LEVEL -> bsr\n'
    )
    own = grammar.read(tmp_path / "ue.lark")
    agent = LanguageAgent(engines, Phrasebook(phrasebook.vocabulary, own), Speech(grammar=own))
    with pytest.raises(LlmacError, match="the tokenizer cannot express 'ruhe; nichts'"):
        agent.reset([load("paper")], np.array([1], dtype=np.uint64))
