# SPDX-License-Identifier: MIT
"""The project's tokenizer: words and small numbers, trained on the project's own prompts and sentences.

A token is a word, a number up to 99, or a single character, with the space before it as in GPT-2's byte-level
tokenizers; a larger number is its first two digits and then one digit at a time, so that any UE number can be said.
Decoding gives back the text byte for byte.
"""

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llmac.agents.language.labels import SHORT_LABELS
from llmac.agents.language.prompts import sample_prompts
from llmac.bridge.pag.codes import Codes
from llmac.bridge.pag.grammar import Grammar
from llmac.bridge.pag.sentences import Dcm, Pag
from llmac.bridge.scenario import Opaque, Semantic

VOCABULARY_LIMIT = 256
PAD, EOS, UNKNOWN = "<pad>", "<eos>", "<unk>"
WORD = r" ?[A-Za-z]+| \d{1,2}|."
"""What a text is split into before each part gets its tokens."""


def _splitting() -> Any:
    """The pre-tokenizer."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def is_own(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether texts are split as they are here."""
    backend: Any = tokenizer.backend_tokenizer
    return backend.normalizer is None and backend.pre_tokenizer.__getstate__() == _splitting().__getstate__()


def train(grammar: Grammar | None = None) -> PreTrainedTokenizerFast:
    """Train the tokenizer; the same every time for the same grammar, whose words it knows besides the standard ones."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = _splitting()
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.WordLevelTrainer(
        vocab_size=VOCABULARY_LIMIT, special_tokens=[PAD, EOS, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator([*_corpus(), *(_sentences(grammar) if grammar else ())], trainer=trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    )


def _sentences(grammar: Grammar) -> Iterable[str]:
    """What can be said in small cells."""
    for messages in (Semantic(bsr_levels=2), Opaque(kind="opaque", symbols=2)):
        pag = Pag((), 2, messages, grammar)
        yield from (f" {pag.print_ue(action)}" for action in pag.sayable)
        yield from (f" {pag.join([pag.clause(Dcm(ue, code))])}" for ue in range(2) for code in pag.sayable_dcms)


def _corpus() -> Iterable[str]:
    yield from (f" {number}" for number in range(SHORT_LABELS))
    yield "0123456789"
    # A space alone: never said, but llguidance needs a token for every byte that the grammar can force.
    yield "  "
    for codes in (Codes(2, Semantic(bsr_levels=2)), Codes(2, Opaque(kind="opaque", symbols=2))):
        texts = (*codes.access_texts, *codes.ucm_texts, *codes.dcm_texts)
        yield from (f" {text};" for text in texts)
    yield " to end"
    yield from sample_prompts()
