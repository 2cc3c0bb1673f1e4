# SPDX-License-Identifier: MIT
"""Records what a teacher says in ns-3, as prompts and sentences that a language agent would have met there."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from llmac.agents.agent import Agent
from llmac.agents.baselines.columns import per_ue
from llmac.agents.baselines.random import Random
from llmac.agents.chance import Purpose, uniform
from llmac.agents.engine.backend import Guide, Request
from llmac.agents.language.follower import Follower
from llmac.agents.language.leader import Leader
from llmac.agents.language.ledger import decision_lag
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role, Style, template
from llmac.agents.language.speech import Speech
from llmac.agents.models.chat import Frame
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction
from llmac.bridge.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Choice:
    """One token that was chosen, not forced."""

    position: int
    """In the example's tokens."""
    allowed: NDArray[np.int64]
    """Tokens that were allowed there."""


@dataclass(frozen=True, slots=True)
class Example:
    """One decision of the teacher."""

    tokens: tuple[int, ...]
    """Of the prompt and of the sentence."""
    choices: tuple[Choice, ...]


@dataclass(slots=True)
class Recorded:
    """What a teacher said of one role: different decisions, and how often each was made."""

    examples: dict[tuple[str, str], Example] = field(default_factory=dict[tuple[str, str], Example])
    """By state and sentence."""
    count: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def add(self, other: "Recorded") -> None:
        """Take in more."""
        self.examples |= other.examples
        self.count.update(other.count)

    def weights(self) -> NDArray[np.float64]:
        """[examples] How much each is to count.

        A state counts with the square root of how often it came; what the teacher said there share that.
        """
        of_state = Counter[str]()
        for (state, _), count in self.count.items():
            of_state[state] += count
        return np.array([self.count[key] / of_state[key[0]] ** 0.5 for key in self.examples])


def record(
    env: ColumnEnv,
    teacher: Agent,
    scenarios: Sequence[Scenario],
    seeds: NDArray[np.uint64],
    phrasebook: Phrasebook,
    slip: float,
    label_spaces: Sequence[int],
    on_tti: Callable[[], None],
    style: Style = Style.COMPACT,
    frame: Frame | None = None,
) -> dict[Role, Recorded]:
    """Play one batch of episodes; returns what each role said.

    Args:
        env: of the scenarios.
        teacher: plays both roles.
        scenarios: [E].
        seeds: [E].
        phrasebook: of the model that is to learn.
        slip: probability that a UE does something else than the teacher says, so that the examples also show how
            to go on after a mistake (as DART does: Laskey et al., CoRL 2017).
        label_spaces: [E] see Leader.
        on_tti: called after each TTI.
        style: how the prompts are worded.
        frame: what stands around them.
    """
    vocabulary = phrasebook.vocabulary
    frame = frame or Frame()
    instructions = {role: vocabulary.encode([frame.before + template(role, style).instruction])[0] for role in Role}
    recorded = {role: Recorded() for role in Role}

    def keep(role: Role, requests: Sequence[Request], sentences: Sequence[str]) -> None:
        known = recorded[role].examples
        recorded[role].count.update((r.state, s) for r, s in zip(requests, sentences, strict=True))
        new = [(r, s) for r, s in zip(requests, sentences, strict=True) if (r.state, s) not in known]
        states = vocabulary.encode([request.state + frame.after for request, _ in new])
        for (request, sentence), state in zip(new, states, strict=True):
            prompt = [*instructions[role], *state]
            known[request.state, sentence] = _example(request.guide, prompt, f" {sentence}", vocabulary)

    clumsy = Random()
    clumsy.reset(scenarios, seeds)
    leader = Leader(scenarios, seeds, phrasebook, Speech(style=style), label_spaces)
    follower = Follower(scenarios, phrasebook, Speech(style=style))
    teacher.reset(scenarios, seeds)
    # Where decisions take effect later, a UE knows what it has decided, not what became of that.
    at_once = np.array([not decision_lag(scenario) for scenario in scenarios])
    leaders = env.reset(seeds, scenarios)
    while not leaders.done:
        requests = leader.observe(leaders)
        action = teacher.lead(leaders)
        keep(Role.BS, requests, leader.tell(per_ue(leaders, action)))
        followers = env.lead(action)
        requests = follower.observe(followers)
        action = teacher.follow(followers).action
        keep(Role.UE, requests, follower.tell(action))
        uniforms = uniform(np.repeat(seeds, followers.ue_count), followers.tti, Purpose.SLIP, followers.ue_id)
        slips = (uniforms < slip) & np.repeat(at_once, followers.ue_count)
        leaders = env.follow(FollowerAction(np.where(slips, clumsy.follow(followers).action, action)))
        on_tti()
    return recorded


def _example(guide: Guide, prompt: list[int], sentence: str, vocabulary: Vocabulary) -> Example:
    """Lead `guide` through the sentence and note where it left a choice."""
    tokens = [*prompt, *guide.forced]
    choices: list[Choice] = []
    sentence = sentence[len(vocabulary.decode(guide.forced)) :]
    # The end of a sentence is a choice only where the sentence could go on.
    while guide.allowed.size > 0:
        choices.append(Choice(len(tokens), guide.allowed))
        token = _next(guide.allowed, sentence, vocabulary)
        guide = guide.after(token)
        said = (token, *guide.forced)
        tokens += said
        sentence = sentence[len(vocabulary.decode(said)) :]
    return Example(tuple(tokens), tuple(choices))


def _next(allowed: NDArray[np.int64], rest: str, vocabulary: Vocabulary) -> int:
    """The allowed token that the rest of a sentence goes on with: of several the longest, as the guide spells."""
    if not rest:
        return vocabulary.end_of_sentence
    fitting = [token for token in allowed.tolist() if rest.startswith(vocabulary.texts[token])]
    return max(fitting, key=lambda token: len(vocabulary.texts[token]))
