# SPDX-License-Identifier: MIT
"""Options about how language agents speak, and what is told of it."""

from pathlib import Path
from typing import Annotated

import typer

from llmac.agents.language.speech import Rules, Speech
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag import grammar as grammars

GrammarOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROLE=FILE",
        help="A Lark file with the sentences of language agents: ue=FILE or bs=FILE; repeatable (docs/pag.md).",
    ),
]
NoRuleOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Context rule that language agents need not keep: backlog, opportunity, grant-once, ack-decoded or "
        "dcm-limit; repeatable.",
    ),
]
NoGrammarOption = Annotated[
    bool, typer.Option("--no-grammar", help="Let language agents say anything; what does not parse means nothing.")
]
ExplainOption = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="TTI[:bs|:UE],...",
        help="Print prompt, sentence, alternatives and outcome of decisions of language agents, at the first seed.",
    ),
]


def speech(grammar: list[str] | None, no_rule: list[str] | None, *, no_grammar: bool) -> Speech:
    """How language agents speak, as options say.

    Raises:
        LlmacError: an option has another form, or names what there is not.
    """
    files: dict[str, Path] = {}
    for assignment in grammar or []:
        role, equals, path = assignment.partition("=")
        if not equals or role not in {"ue", "bs"} or role in files:
            raise LlmacError(f"--grammar {assignment}: write ue=FILE or bs=FILE, each once")
        files[role] = Path(path)
    return Speech(
        grammar=grammars.read(files.get("ue"), files.get("bs")),
        rules=Rules.without(no_rule or []),
        masked=not no_grammar,
    )
