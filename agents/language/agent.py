# SPDX-License-Identifier: MIT
"""The language agent `llm`: one causal language model for the BSs, one for the UEs, both under the grammar."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmac.agents.agent import Spoken
from llmac.agents.chance import Purpose, uniform
from llmac.agents.engine.backend import Backend, BackendName, Draw, Reply, Request
from llmac.agents.engine.backends import BACKENDS
from llmac.agents.language.follower import Follower
from llmac.agents.language.leader import Leader
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import Role, template
from llmac.agents.language.speech import Speech
from llmac.agents.models import checkpoint
from llmac.agents.models.chat import Frame
from llmac.agents.models.checkpoint import Checkpoint
from llmac.agents.models.shipped import shipped_folder
from llmac.bridge.envs.observations import FollowerAction, FollowerObservation, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario

_CHOICES_PER_TTI = 2**20
"""More than a sentence can have; numbers the draws of a TTI."""


class LanguageAgent:
    """Plays both roles with a model for each; see llmac.agents.agent.Agent.

    Args:
        backends: what runs the model of each role.
        phrasebook: of their common tokenizer.
        speech: how they speak; its grammar is that of the phrasebook.
        frame: what stands around the prompts.
        sample: roles that draw their sentences from the models' distributions; the others take the most probable token
            each time. True stands for both, False for none.

    Attributes:
        backends: as given.
    """

    def __init__(
        self,
        backends: Mapping[Role, Backend],
        phrasebook: Phrasebook,
        speech: Speech | None = None,
        frame: Frame | None = None,
        *,
        sample: bool | Collection[Role] = False,
    ) -> None:
        self.backends = backends
        self._speech = speech or Speech()
        self._frame = frame or Frame()
        self._phrasebook = phrasebook
        self._sampling = tuple(Role) if sample is True else () if sample is False else sample

    @classmethod
    def load(
        cls,
        where: str | Path,
        speech: Speech | None = None,
        *,
        backend: BackendName = BackendName.ENGINE,
        sample: bool | None = None,
    ) -> "LanguageAgent":
        """The agent of a checkpoint, or of a pretrained model.

        Args:
            where: folder of a checkpoint, or folder or Hub id of a pretrained model.
            speech: how it speaks; the style of its prompts is the model's.
            backend: what runs the models.
            sample: see LanguageAgent; None: as the checkpoint says.

        Raises:
            LlmacError: it cannot be used.
        """
        return cls.of(checkpoint.open_any(str(where)), speech, backend=backend, sample=sample)

    @classmethod
    def of(
        cls,
        loaded: Checkpoint,
        speech: Speech | None = None,
        *,
        backend: BackendName = BackendName.ENGINE,
        sample: bool | None = None,
    ) -> "LanguageAgent":
        """The agent of a checkpoint in memory, whose models may go on changing; see `load` and `weights_changed`."""
        vocabulary = Vocabulary(loaded.tokenizer)
        speech = replace(speech or Speech(), style=loaded.style)
        before, after = loaded.frame.before, loaded.frame.after
        backends = {
            role: BACKENDS[backend](model, vocabulary, before + template(role, loaded.style).instruction, after)
            for role, model in loaded.models.items()
        }
        sampling = loaded.sampling if sample is None else sample
        return cls(backends, Phrasebook(vocabulary, speech.grammar), speech, loaded.frame, sample=sampling)

    def weights_changed(self) -> None:
        """To be called after every change of the models' weights."""
        for backend in self.backends.values():
            backend.weights_changed()

    def prompts(self, role: Role, states: Sequence[str]) -> list[list[int]]:
        """Token ids of the whole prompt for each state, as the backends read it."""
        encode = self._phrasebook.vocabulary.encode
        (instruction,) = encode([self._frame.before + template(role, self._speech.style).instruction])
        return [[*instruction, *state] for state in encode([state + self._frame.after for state in states])]

    @classmethod
    def shipped(cls, speech: Speech | None = None, *, backend: BackendName = BackendName.ENGINE) -> "LanguageAgent":
        """The agent of the checkpoint that comes with llmac."""
        return cls.load(shipped_folder(), speech, backend=backend)

    def reset(self, scenarios: Sequence[Scenario], seeds: NDArray[np.uint64]) -> None:
        """See Agent.

        Raises:
            LlmacError: a prompt can become too long for the model, or its tokenizer cannot express the grammar.
        """
        self._seeds = seeds
        self._leader = Leader(scenarios, seeds, self._phrasebook, self._speech)
        self._follower = Follower(scenarios, self._phrasebook, self._speech)
        for role, states in ((Role.BS, self._leader.longest_states()), (Role.UE, self._follower.longest_states())):
            self.backends[role].check(list(dict.fromkeys(states)))

    def lead(self, observation: LeaderObservation) -> LeaderAction:
        """Let the BSs speak."""
        speakers = np.zeros(len(self._seeds), dtype=np.uint32)
        draw = self._draw(Role.BS, self._seeds, observation.tti, speakers)
        self.leader_requests = self._leader.observe(observation)
        self.leader_replies = self.backends[Role.BS].decide(self.leader_requests, draw)
        return self._leader.act([reply.sentence for reply in self.leader_replies])

    def follow(self, observation: FollowerObservation) -> FollowerAction:
        """Let the UEs speak."""
        seeds = np.repeat(self._seeds, observation.ue_count)
        draw = self._draw(Role.UE, seeds, observation.tti, observation.ue_id)
        self.follower_requests = self._follower.observe(observation)
        self.follower_replies = self.backends[Role.UE].decide(self.follower_requests, draw)
        return self._follower.act([reply.sentence for reply in self.follower_replies])

    leader_requests: Sequence[Request] = ()
    """[E] what the BSs were asked last; their guides are used up."""
    follower_requests: Sequence[Request] = ()
    """[n] what the UEs were asked last."""
    leader_replies: Sequence[Reply] = ()
    """[E] what the BSs said last, UEs by their labels."""
    follower_replies: Sequence[Reply] = ()
    """[n] what the UEs said last."""

    def spoken(self) -> Spoken:
        """What was said in the last TTI; see llmac.agents.agent.Speaker."""
        return Spoken(
            leader_states=[request.state for request in self.leader_requests],
            leader=self.leader_replies,
            follower_states=[request.state for request in self.follower_requests],
            follower=self.follower_replies,
            labels=self._leader.labels,
            leader_unparsed=self._leader.unparsed,
            follower_unparsed=self._follower.unparsed,
        )

    @property
    def texts(self) -> Sequence[str]:
        """Text of each token."""
        return self._phrasebook.vocabulary.texts

    @property
    def instructions(self) -> Mapping[str, str]:
        """What every prompt begins with, by role."""
        return {role: template(role, self._speech.style).instruction for role in Role}

    def canonical(self, environment: int) -> str:
        """What a BS said last, as a sentence of the grammar: UEs by their ids, in ascending order."""
        return self._leader.canonical(environment, self.leader_replies[environment].sentence)

    def _draw(self, role: Role, seeds: NDArray[np.uint64], tti: int, speaker: NDArray[np.uint32]) -> Draw | None:
        if role not in self._sampling:
            return None
        purpose = {Role.BS: Purpose.BS_SENTENCE, Role.UE: Purpose.UE_SENTENCE}[role]

        def draw(requests: NDArray[np.int64], choice: NDArray[np.int64]) -> NDArray[np.float64]:
            return uniform(seeds[requests], tti * _CHOICES_PER_TTI + choice, purpose, speaker[requests])

        return draw
