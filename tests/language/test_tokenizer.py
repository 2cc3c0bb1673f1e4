# SPDX-License-Identifier: MIT
"""The tokenizer says everything that the grammar and the prompts need, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from llmac.agents.language.phrases import Vocabulary
from llmac.agents.language.prompts import sample_prompts
from llmac.agents.models import tokenizer

TRAINED = Vocabulary(tokenizer.train())
words = st.sampled_from(
    ["ack", "grant", "to", "end", "hold", "delete", "transmit", "null", "sr", "bsr", "m", "every", "got"]
)
pieces = st.one_of(
    words.map(" {}".format), st.integers(0, 9999).map(" {}".format), st.sampled_from([";", ",", ".", ":"])
)


@given(st.lists(pieces).map("".join))
def test_decoding_gives_back_the_text(text: str) -> None:
    assert TRAINED.decode(TRAINED.encode([text])[0]) == text


def test_every_prompt_is_known() -> None:
    unknown = TRAINED.tokenizer.get_vocab()[tokenizer.UNKNOWN]
    for prompt in sample_prompts():
        tokens = TRAINED.encode([prompt])[0]
        assert unknown not in tokens
        assert TRAINED.decode(tokens) == prompt


def test_the_vocabulary_is_small_and_the_same_every_time() -> None:
    assert TRAINED.size <= tokenizer.VOCABULARY_LIMIT
    assert tokenizer.train().get_vocab() == TRAINED.tokenizer.get_vocab()


def test_numbers_below_a_hundred_are_one_token() -> None:
    assert [len(tokens) for tokens in TRAINED.encode([f" {n}" for n in range(100)])] == [1] * 100
    assert [len(tokens) for tokens in TRAINED.encode([" 100", " 999", " 1023"])] == [2, 2, 3]
