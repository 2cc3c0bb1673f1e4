# SPDX-License-Identifier: MIT
"""What stands around a prompt, as a tokenizer's chat template and its special tokens want it."""

from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerFast

from llmac.bridge.errors import LlmacError

_PROMPT = "THE PROMPT OF AN AGENT"


@dataclass(frozen=True, slots=True)
class Frame:
    """Text before the instruction of a role and text after the state of an agent."""

    before: str = ""
    after: str = ""


def frame(tokenizer: PreTrainedTokenizerFast) -> Frame:
    """The frame of a prompt: the user's turn of a chat and the beginning of the answer, where there is a chat template.

    Without one, the prompt is a text to be continued, after the token that texts begin with, if there is one.

    Raises:
        LlmacError: the chat template does not hold what the user says.
    """
    if tokenizer.chat_template is None:
        starts = tokenizer.encode(_PROMPT)
        begins = tokenizer.bos_token_id is not None and starts[:1] == [tokenizer.bos_token_id]
        return Frame(before=str(tokenizer.bos_token) if begins else "")
    # Models that can think aloud are asked to answer at once: a decision is due in a TTI.
    options: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    chat = str(tokenizer.apply_chat_template([{"role": "user", "content": _PROMPT}], **options))
    before, prompt, after = chat.partition(_PROMPT)
    if not prompt:
        raise LlmacError("the tokenizer's chat template leaves out what the user says; choose another model")
    return Frame(before, after)
