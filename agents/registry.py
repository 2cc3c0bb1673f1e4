# SPDX-License-Identifier: MIT
"""The built-in agents by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmac.agents.agent import Agent
from llmac.agents.baselines.aloha import Aloha, AlohaParameters, BackoffAloha, BackoffParameters
from llmac.agents.baselines.genie import CausalGenie, Genie
from llmac.agents.baselines.grant import (
    AveragingGrantParameters,
    Grant,
    GrantParameters,
    SpeculativeGrantParameters,
)
from llmac.agents.baselines.parameters import Choose, Parameters, tuned
from llmac.agents.baselines.persistent import HybridParameters, Persistent, SpsParameters
from llmac.agents.baselines.priorities import LongestQueue, ProportionalFair
from llmac.agents.baselines.random import Random
from llmac.agents.baselines.tdma import Tdma, TdmaParameters
from llmac.agents.engine.backend import BackendName
from llmac.agents.language.speech import Speech
from llmac.agents.models.shipped import checkpoint_folder
from llmac.bridge.errors import LlmacError

REFERENCE = "genie"
"""The agent whose utility is 1 in `normalised_utility`."""

SHOWN = ("random", "aloha", "grant", "genie", "llm")
"""Those that are compared when nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """A conventional agent: the dataclass of its parameters, and how it is made with them."""

    parameters: type[Parameters]
    make: Callable[[Choose[Any]], Agent]


TUNABLE = {
    "aloha": Tunable(AlohaParameters, Aloha),
    "aloha-beb": Tunable(BackoffParameters, BackoffAloha),
    "grant": Tunable(GrantParameters, Grant),
    "grant-pf": Tunable(AveragingGrantParameters, lambda choose: Grant(choose, ProportionalFair())),
    "grant-lqf": Tunable(GrantParameters, lambda choose: Grant(choose, LongestQueue())),
    "grant-spec": Tunable(SpeculativeGrantParameters, Grant),
    "tdma": Tunable(TdmaParameters, Tdma),
    "sps": Tunable(SpsParameters, Persistent),
    "hybrid": Tunable(HybridParameters, Persistent),
}
"""Those whose parameters `llmac tune` finds, by name."""


def names() -> list[str]:
    """All that `make` knows, in the order of the tables."""
    return ["random", *TUNABLE, "genie", "genie-causal", "mappo", "mappo-4", "mappo:PATH", "llm", "llm:PATH_OR_ID"]


def is_language(name: str) -> bool:
    """Whether an agent speaks, and so can be without a grammar."""
    return name.partition(":")[0] == "llm"


def make(name: str, speech: Speech | None = None, backend: BackendName = BackendName.ENGINE) -> Agent:
    """A new agent; a conventional one with its tuned parameters.

    Args:
        name: one of `names`; with `llm:`, the folder of a checkpoint or of a training run, which stands for the newest
            in it, or folder or Hub id of a pretrained model; with `mappo:`, the folder of a checkpoint or a run.
        speech: how a language agent speaks.
        backend: what runs the model of a language agent.

    Raises:
        LlmacError: there is none of that name, or its model cannot be used.
    """
    if name in TUNABLE:
        agent = TUNABLE[name]
        return agent.make(tuned(name, agent.parameters))
    match name.partition(":"):
        case ("random", "", _):
            return Random()
        case ("genie" | "genie-causal", "", _):
            return Genie() if name == REFERENCE else CausalGenie()
        # torch and transformers take seconds to import, which the other agents need not wait for.
        case ("mappo", ":", where) | ("mappo" | "mappo-4", "", where):
            from llmac.agents.mappo.agent import MappoAgent  # noqa: PLC0415
            from llmac.agents.mappo.policy import Policy  # noqa: PLC0415

            return MappoAgent(Policy.load(checkpoint_folder(name) or Path(where)))
        case ("llm", colon, where):
            from llmac.agents.language.agent import LanguageAgent  # noqa: PLC0415

            if not colon:
                return LanguageAgent.shipped(speech, backend=backend)
            return LanguageAgent.load(where, speech, backend=backend)
        case _:
            raise LlmacError(f"there is no agent {name!r}; there are {', '.join(names())}")
