# SPDX-License-Identifier: MIT
"""How language agents speak: what they are told, in which language, and what they may not say. See docs/pag.md."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from llmac.agents.language.prompts import Style
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag.grammar import Grammar, standard


@dataclass(frozen=True, slots=True)
class Rules:
    """Context rules, what the grammar alone cannot say; each can be switched off for an ablation."""

    backlog: bool = True
    """UE: `transmit` and `delete` only with a non-empty buffer."""
    opportunity: bool = True
    """UE: a UCM only with an opportunity."""
    grant_once: bool = True
    """BS: an RBG is granted at most once per TTI."""
    ack_decoded: bool = True
    """BS: `ack` only to a UE that was decoded in the TTI before."""
    dcm_limit: bool = True
    """BS: at most `max_dcms_per_tti` messages."""

    @classmethod
    def without(cls, names: Iterable[str]) -> "Rules":
        """All rules but those named, with `-` or `_` between words.

        Raises:
            LlmacError: there is no such rule.
        """
        off = {name.replace("-", "_") for name in names}
        known = [rule.name for rule in fields(cls)]
        for name in sorted(off.difference(known)):
            listed = ", ".join(rule.replace("_", "-") for rule in known)
            raise LlmacError(f"there is no rule {name.replace('_', '-')!r}; there are {listed}")
        return cls(**dict.fromkeys(off, False))


@dataclass(frozen=True, slots=True)
class Speech:
    """How the agents of a run speak."""

    style: Style = Style.COMPACT
    """Of the prompts."""
    grammar: Grammar = field(default_factory=standard)
    """Of the sentences."""
    rules: Rules = Rules()
    masked: bool = True
    """Whether only sentences of the grammar can be said; otherwise what does not parse means nothing."""
