# SPDX-License-Identifier: MIT
"""Explains decisions of language agents: the prompt, the sentence, what else could have been said, what came of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from llmac.agents.agent import Speaker
from llmac.agents.engine.backend import Choice, Reply
from llmac.agents.evaluation.episodes import Tti
from llmac.bridge.envs.observations import RBG_IDLE, RBG_UNDECODABLE, LeaderObservation
from llmac.bridge.errors import LlmacError
from llmac.v1 import wire_pb2

_SHOWN = 6
"""Alternatives of a choice, the most probable ones."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Decisions to be explained: in one TTI those of one party, or of all of them."""

    tti: int
    party: str | None = None
    """`bs` or the id of a UE."""


def parse(text: str) -> list[Wanted]:
    """What `--explain` asks for, for instance "0,17:bs,42:3".

    Raises:
        LlmacError: it has another form.
    """
    return [_parse_one(part) for part in text.split(",")]


def _parse_one(text: str) -> Wanted:
    tti, colon, party = text.partition(":")
    if not tti.isdecimal() or (colon and party != "bs" and not party.isdecimal()):
        raise LlmacError(
            f"--explain {text}: write TTI, TTI:bs or TTI:<UE>, separated by commas, for instance 0,17:bs,42:3"
        )
    return Wanted(int(tti), party or None)


class Explainer:
    """Explains the decisions of one agent in the first environment.

    Args:
        agent: name of the agent, for headings.
        speaker: the agent.
        wanted: which decisions.
        write: gets the explanation, line by line.
    """

    def __init__(self, agent: str, speaker: Speaker, wanted: Sequence[Wanted], write: Callable[[str], None]) -> None:
        self._agent = agent
        self._speaker = speaker
        self._wanted = wanted
        self._write = write
        self._told: set[str] = set()

    def add(self, tti: Tti) -> None:
        """See episodes.Recorder."""
        parties = [wanted.party for wanted in self._wanted if wanted.tti == tti.followers.tti]
        if not parties:
            return
        everybody = None in parties
        if everybody or "bs" in parties:
            self._explain_bs(tti)
        for i, ue in enumerate(tti.followers.ue_id[: int(tti.followers.ue_count[0])].tolist()):
            if everybody or str(ue) in parties:
                self._explain_ue(tti, i, ue)

    def _explain_bs(self, tti: Tti) -> None:
        spoken = self._speaker.spoken()
        self._head(f"TTI {tti.followers.tti}, base station", "bs", spoken.leader_states[0], spoken.leader[0])
        sent = int(tti.leader_action.dcm_count[0])
        self._write(
            f"sent:     {sent} DCMs, to UEs {', '.join(map(str, tti.leader_action.dcm_ue[:sent].tolist())) or '-'}"
        )
        self._write(f"outcome:  {_rbgs(tti.following, tti.rbgs)}; utility {tti.following.leader_utility[0]:g}")

    def _explain_ue(self, tti: Tti, index: int, ue: int) -> None:
        spoken = self._speaker.spoken()
        label = int(spoken.labels[index])
        title = f"TTI {tti.followers.tti}, UE {ue} (the base station knows it as {label})"
        self._head(title, "ue", spoken.follower_states[index], spoken.follower[index])
        outcome = wire_pb2.UeOutcome.Name(tti.following.ue_outcome[index])  # pyright: ignore[reportArgumentType]
        self._write(f"outcome:  {outcome.removeprefix('UE_').lower().replace('_', ' ')}")

    def _head(self, title: str, role: str, state: str, reply: Reply) -> None:
        self._write("")
        self._write(f"== {self._agent}, {title}")
        if role not in self._told:
            self._told.add(role)
            self._write(f"instruction of this role, before every prompt:\n{self._speaker.instructions[role]}")
        self._write(f"prompt:  {state}")
        self._write(f"sentence: {reply.sentence}")
        self._write(f"log-probability {reply.log_prob:.4f}, entropy {reply.entropy:.4f} nats; choices:")
        for line in self._choices(reply):
            self._write(line)

    def _choices(self, reply: Reply) -> Iterator[str]:
        for choice in reply.choices:
            before = "".join(self._speaker.texts[token] for token in reply.tokens[: choice.position])
            yield f"  {before or '(beginning)'} ...: {self._alternatives(choice, reply.tokens[choice.position])}"

    def _alternatives(self, choice: Choice, chosen: int) -> str:
        order = np.argsort(-choice.log_probs, kind="stable")[:_SHOWN]
        shown = [int(i) for i in order]
        texts = [
            f"{'>' if int(choice.allowed[i]) == chosen else ''}{self._speaker.texts[int(choice.allowed[i])]!r} "
            f"{np.exp(choice.log_probs[i]):.3f}"
            for i in shown
        ]
        left = len(choice.allowed) - len(shown)
        return " | ".join([*texts, *([f"{left} more"] if left else [])])


def _rbgs(observation: LeaderObservation, rbgs: int) -> str:
    names = {RBG_IDLE: "idle", RBG_UNDECODABLE: "undecodable"}
    outcomes = enumerate(observation.rbg_outcome[:rbgs].tolist())
    return ", ".join(f"RBG {rbg} {names.get(outcome, f'decoded from UE {outcome}')}" for rbg, outcome in outcomes)
