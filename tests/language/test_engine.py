# SPDX-License-Identifier: MIT
"""The engine against a plain reference: one sentence at a time, no cache, no batch, logits of the whole vocabulary."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from transformers import PreTrainedModel

from llmac.agents.chance import Purpose, uniform
from llmac.agents.engine import engine as engine_module
from llmac.agents.engine import memory as memory_module
from llmac.agents.engine.backend import Guide, Request
from llmac.agents.engine.decoder import Decoder
from llmac.agents.engine.engine import Engine
from llmac.agents.engine.generate import Generate
from llmac.agents.engine.reading import Reading
from llmac.agents.language.guides import BsGuide, UeGuide, UeRules
from llmac.agents.language.phrases import Phrasebook, Vocabulary
from llmac.agents.language.prompts import BsPrompts, Entry, News, Role, UePrompts, template
from llmac.bridge.errors import LlmacError
from llmac.bridge.pag.codes import Codes
from llmac.bridge.scenario import Scenario, Semantic

TOLERANCE = 1e-4
CELL = Scenario(name="cell", rbgs=3, ues=4)
CODES = Codes(CELL.rbgs, CELL.vocabulary)


@torch.inference_mode()
def reference_log_prob(
    model: PreTrainedModel, vocabulary: Vocabulary, role: Role, state: str, guide: Guide, tokens: tuple[int, ...]
) -> float:
    """Log-probability of a sentence, by the definition."""
    prompt = vocabulary.encode([template(role).instruction + state])[0]
    said = len(guide.forced)
    log_prob = 0.0
    while guide.allowed.size:
        so_far = torch.tensor([[*prompt, *tokens[:said]]])
        logits = model(input_ids=so_far, use_cache=False).logits[0, -1].double()
        allowed = torch.from_numpy(guide.allowed)
        log_prob += float(logits[tokens[said]] - torch.logsumexp(logits[allowed], 0))
        guide = guide.after(tokens[said])
        said += 1 + len(guide.forced)
    assert said == len(tokens)
    return log_prob


class Cases:
    """Random requests of both roles, made again as often as wanted."""

    def __init__(self, phrasebook: Phrasebook, role: Role, count: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._role = role
        self._rules = UeRules(phrasebook.ue(CELL.rbgs, CELL.vocabulary))
        self._phrases = phrasebook.bs(100, CELL.rbgs, CELL.vocabulary)
        self._prompts = UePrompts(CELL)
        self.cases: list[tuple[str, Callable[[], Guide]]] = [self._case() for _ in range(count)]

    def requests(self) -> list[Request]:
        return [Request(state, make()) for state, make in self.cases]

    def _case(self) -> tuple[str, Callable[[], Guide]]:
        rng = self._rng
        if self._role is Role.UE:
            buffer, report = int(rng.integers(0, 3)), int(rng.integers(0, 2))
            state = self._prompts.state(buffer, int(rng.integers(0, CODES.dcm_codes)), report)
            return state, lambda: self._rules.start(backlogged=buffer > 0, may_report=report > 0)
        labels = rng.permutation(100)[: rng.integers(0, 5)].tolist()
        decoded = labels[: len(labels) // 2]
        entries = [Entry(u, News.GOT if u in decoded else News.WAITS, 2) for u in labels]
        limit = int(rng.integers(0, 3))
        return BsPrompts(CELL).state(entries), lambda: BsGuide.start(self._phrases, labels, decoded, limit)


def draws(requests: NDArray[np.int64], choice: NDArray[np.int64]) -> NDArray[np.float64]:
    return uniform(np.full(len(requests), 5, dtype=np.uint64), choice, Purpose.UE_SENTENCE, requests.astype(np.uint32))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("sample", [False, True])
def test_log_probs_equal_the_reference(
    phrasebook: Phrasebook,
    engines: dict[Role, Engine],
    models: dict[Role, PreTrainedModel],
    role: Role,
    *,
    sample: bool,
) -> None:
    cases = Cases(phrasebook, role, 60, seed=1)
    replies = engines[role].decide(cases.requests(), draws if sample else None)
    assert len({reply.sentence for reply in replies}) > 1
    for (state, make), reply in zip(cases.cases, replies, strict=True):
        expected = reference_log_prob(models[role], phrasebook.vocabulary, role, state, make(), reply.tokens)
        assert reply.log_prob == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("role", list(Role))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), memory=st.sampled_from([2**10, 2**16, 2**28]), most=st.sampled_from([1, 40, 640]))
def test_batching_sharing_and_guesses_change_nothing(
    phrasebook: Phrasebook,
    models: dict[Role, PreTrainedModel],
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
    seed: int,
    memory: int,
    most: int,
) -> None:
    monkeypatch.setattr(engine_module, "KEY_VALUE_BYTES", memory)
    monkeypatch.setattr(Decoder, "most", most)
    engine = Engine(models[role], phrasebook.vocabulary, template(role).instruction)
    cases = Cases(phrasebook, role, 12, seed)
    cases.cases += cases.cases[:4]
    # What others said with other draws begins right now and then, and goes on wrong; the last is no sentence.
    others = [reply.tokens for reply in engine.decide(cases.requests(), lambda i, n: draws(i + 50, n))]
    for (state, _), tokens in zip(cases.cases, [*others[3:], (5, 6), (), others[0][:-3]], strict=True):
        engine.draft.learn(state, [], tokens, guessed=True)
    engine.weights_changed()
    together = engine.decide(cases.requests(), draws)
    for i, request in enumerate(cases.requests()):
        engine.weights_changed()
        (alone,) = engine.decide([request], lambda _, choice, i=i: draws(np.full(len(choice), i), choice))
        assert alone.sentence == together[i].sentence
        assert alone.log_prob == pytest.approx(together[i].log_prob, abs=TOLERANCE)


@pytest.mark.parametrize("role", list(Role))
def test_what_is_guessed_right_takes_one_call(
    phrasebook: Phrasebook, models: dict[Role, PreTrainedModel], monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    cases = Cases(phrasebook, role, 20, seed=7)
    # A prompt does not tell all of the rules, so that one with others may have another answer.
    cases.cases = list(dict(cases.cases).items())
    calls: list[Reading] = []
    read = Decoder.read

    def noted(self: Decoder, reading: Reading) -> torch.Tensor:
        calls.append(reading)
        return read(self, reading)

    monkeypatch.setattr(Decoder, "read", noted)
    engine = Engine(models[role], phrasebook.vocabulary, template(role).instruction)
    said = [reply.sentence for reply in engine.decide(cases.requests(), draws)]
    # The instruction, the prompts, and several calls for sentences that nobody has said before.
    assert len(calls) > 3
    calls.clear()
    engine.memory.clear()
    assert [reply.sentence for reply in engine.decide(cases.requests(), draws)] == said
    (call,) = calls
    # What prompts and sentences begin with is read once.
    spoken = [f"{state} {text}" for (state, _), text in zip(cases.cases, said, strict=True)]
    prompts = phrasebook.vocabulary.encode(spoken)
    assert len(call.tokens) <= len({tuple(prompt[:n]) for prompt in prompts for n in range(1, len(prompt) + 1)})


def test_the_most_probable_token_is_taken_without_chance(phrasebook: Phrasebook, engines: dict[Role, Engine]) -> None:
    cases = Cases(phrasebook, Role.UE, 8, seed=2)
    lowest = engines[Role.UE].decide(cases.requests(), None)
    assert lowest == engines[Role.UE].decide(cases.requests(), None)


def test_what_was_said_before_is_remembered_exactly(phrasebook: Phrasebook, engines: dict[Role, Engine]) -> None:
    cases = Cases(phrasebook, Role.BS, 20, seed=4)
    engines[Role.BS].weights_changed()
    first = engines[Role.BS].decide(cases.requests(), draws)
    assert engines[Role.BS].decide(cases.requests(), draws) == first
    # Other draws go partly where nobody went.
    other = engines[Role.BS].decide(cases.requests(), lambda i, choice: draws(i + 100, choice))
    engines[Role.BS].weights_changed()
    for reply, fresh in zip(
        other, engines[Role.BS].decide(cases.requests(), lambda i, choice: draws(i + 100, choice)), strict=True
    ):
        assert reply.tokens == fresh.tokens
        assert reply.log_prob == pytest.approx(fresh.log_prob, abs=TOLERANCE)


def test_memory_is_bounded(
    phrasebook: Phrasebook, engines: dict[Role, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "NODES", 50)
    engine = engines[Role.BS]
    engine.weights_changed()
    for seed in range(20):
        cases = Cases(phrasebook, Role.BS, 10, seed)
        full = len(engine.memory) > 50
        engine.decide(cases.requests(), draws)
        # A BS of the small cell says no more than three messages of at most three choices each, and then its end.
        assert len(engine.memory) <= (0 if full else 50) + 10 * 12


def test_the_entropy_is_that_of_the_choices(phrasebook: Phrasebook, engines: dict[Role, Engine]) -> None:
    for reply in engines[Role.BS].decide(Cases(phrasebook, Role.BS, 20, seed=5).requests(), draws):
        chosen = [reply.tokens[choice.position] for choice in reply.choices]
        log_probs = [c.log_probs[c.allowed == token].item() for c, token in zip(reply.choices, chosen, strict=True)]
        assert reply.log_prob == pytest.approx(sum(log_probs))
        entropies = [-(np.exp(c.log_probs) * c.log_probs).sum() for c in reply.choices]
        assert reply.entropy == pytest.approx(sum(entropies))
        assert all(np.exp(c.log_probs).sum() == pytest.approx(1) for c in reply.choices)


def test_sentences_are_drawn_with_their_probabilities(
    phrasebook: Phrasebook, engines: dict[Role, Engine], models: dict[Role, PreTrainedModel]
) -> None:
    """A small cell, whose sentences can be listed: their probabilities add up to one, and the draws follow them."""
    small = Scenario(name="small", rbgs=1, vocabulary=Semantic(bsr_levels=2))
    rules = UeRules(phrasebook.ue(1, small.vocabulary))
    state = UePrompts(small).state(1, 0, 1)
    texts = rules.phrases.phrases
    tokens = [tuple(ids) for ids in phrasebook.vocabulary.encode(texts)]

    def guide() -> UeGuide:
        return rules.start(backlogged=True, may_report=True)

    probability = np.exp(
        [reference_log_prob(models[Role.UE], phrasebook.vocabulary, Role.UE, state, guide(), t) for t in tokens]
    )
    assert probability.sum() == pytest.approx(1.0, abs=TOLERANCE)
    count = 4000
    replies = engines[Role.UE].decide([Request(state, guide()) for _ in range(count)], draws)
    said = np.array([texts.index(f" {reply.sentence}") for reply in replies])
    share = np.bincount(said, minlength=len(texts)) / count
    assert np.abs(share - probability).max() < 5 * np.sqrt(0.25 / count)


def test_new_weights_are_used_once_announced(vocabulary: Vocabulary, models: dict[Role, PreTrainedModel]) -> None:
    instruction = template(Role.UE).instruction
    phrasebook = Phrasebook(vocabulary)
    cases = Cases(phrasebook, Role.UE, 10, seed=3)
    one = Engine(models[Role.UE], vocabulary, instruction)
    two = Engine(models[Role.BS], vocabulary, instruction)
    expected = [reply.log_prob for reply in two.decide(cases.requests(), None)]
    assert [reply.log_prob for reply in one.decide(cases.requests(), None)] != pytest.approx(expected, abs=TOLERANCE)
    before = {name: tensor.clone() for name, tensor in models[Role.UE].state_dict().items()}
    try:
        models[Role.UE].load_state_dict(models[Role.BS].state_dict())
        one.weights_changed()
        assert [reply.log_prob for reply in one.decide(cases.requests(), None)] == pytest.approx(
            expected, abs=TOLERANCE
        )
    finally:
        models[Role.UE].load_state_dict(before)


def test_a_prompt_beyond_the_context_is_refused(engines: dict[Role, Engine], phrasebook: Phrasebook) -> None:
    rules = UeRules(phrasebook.ue(1, Semantic(bsr_levels=2)))
    request = Request(" 1" * 4100, rules.start(backlogged=True, may_report=True))
    with pytest.raises(LlmacError, match=r"a prompt of 41\d\d tokens is too long for the model's context of 4096"):
        engines[Role.UE].decide([request], None)


def test_nothing_to_decide(engines: dict[Role, Engine]) -> None:
    assert engines[Role.BS].decide([], None) == []


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("sample", [False, True])
def test_generate_says_the_same(
    phrasebook: Phrasebook,
    engines: dict[Role, Engine],
    models: dict[Role, PreTrainedModel],
    role: Role,
    *,
    sample: bool,
) -> None:
    cases = Cases(phrasebook, role, 40, seed=6)
    generate = Generate(models[role], phrasebook.vocabulary, template(role).instruction)
    ours = engines[role].decide(cases.requests(), draws if sample else None)
    for reply, expected in zip(ours, generate.decide(cases.requests(), draws if sample else None), strict=True):
        assert reply.sentence == expected.sentence
        assert reply.log_prob == pytest.approx(expected.log_prob, abs=TOLERANCE)
        assert reply.entropy == pytest.approx(expected.entropy, abs=TOLERANCE)


@pytest.mark.parametrize("limit", [0, 1])
def test_the_sentences_of_a_bs_add_up_to_one(phrasebook: Phrasebook, engines: dict[Role, Engine], limit: int) -> None:
    """A small cell, whose BS sentences are listed by walking through every choice that the engine was given."""
    phrases = phrasebook.bs(100, 2, Semantic(bsr_levels=2))
    state = BsPrompts(CELL).state([Entry(41, News.GOT), Entry(7, News.WAITS, 1)])
    probability: dict[tuple[int, ...], float] = {}
    # Draws that lead along each path: the k-th draw picks a middle of one option's share.
    paths: list[tuple[float, ...]] = [()]
    while paths:
        path = paths.pop()
        (reply,) = engines[Role.BS].decide(
            [Request(state, BsGuide.start(phrases, [41, 7], [41], limit))],
            lambda _, choice, path=path: np.array([path[c] if c < len(path) else 0.0 for c in choice.tolist()]),
        )
        probability[reply.tokens] = float(np.exp(reply.log_prob))
        for number in range(len(path), len(reply.choices)):
            zeros = (0.0,) * (number - len(path))
            ends = np.exp(reply.choices[number].log_probs).cumsum()
            paths += [(*path, *zeros, float(middle)) for middle in (ends[:-1] + ends[1:]) / 2]
    assert len(probability) > 5
    assert sum(probability.values()) == pytest.approx(1.0, abs=TOLERANCE)
