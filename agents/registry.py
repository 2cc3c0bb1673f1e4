# SPDX-License-Identifier: MIT
"""The built-in agents by name."""

from collections.abc import Callable

from llmac.agents.agent import Agent
from llmac.agents.baselines.aloha import Aloha
from llmac.agents.baselines.genie import Genie
from llmac.agents.baselines.grant import Grant
from llmac.agents.baselines.random import Random
from llmac.bridge.errors import LlmacError

REFERENCE = "genie"
"""The agent whose utility is 1 in `normalised_utility`."""


def names() -> list[str]:
    """All that `make` knows, in the order of the tables."""
    return list(_MAKERS)


def make(name: str) -> Agent:
    """A new agent.

    Raises:
        LlmacError: there is none of that name.
    """
    maker = _MAKERS.get(name)
    if maker is None:
        raise LlmacError(f"there is no agent {name!r}; there are {', '.join(_MAKERS)}")
    return maker()


def _llm() -> Agent:
    # torch and transformers take seconds to import, which the other agents need not wait for.
    from llmac.agents.language.agent import LanguageAgent  # noqa: PLC0415

    return LanguageAgent.shipped()


_MAKERS: dict[str, Callable[[], Agent]] = {
    "random": Random,
    "aloha": Aloha.tuned,
    "grant": Grant,
    "genie": Genie,
    "llm": _llm,
}
