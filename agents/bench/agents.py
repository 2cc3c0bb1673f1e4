# SPDX-License-Identifier: MIT
"""How fast language agents decide: the engine beside transformers' generate, and whole runs beside those of `grant`.

Both backends run the same model in the same type with the same number of threads, and are asked the same prompts; they
take the most probable token each time, so that they say the same. The prompts are those of consecutive TTIs of an ns-3
run, none of which is asked twice: what the engine guesses, it has learned from the TTIs before. It forgets before each
TTI what the model said, except where `with_memory` says that it remembers what was asked since the run began.
"""

import gc
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.agents.bench.figures import Figure, Target
from llmac.agents.bench.prompts import FIRST_SEED, Phase, Population, distinct, record, some
from llmac.agents.bench.rounds import interleave, ratios
from llmac.agents.engine.backend import Backend, Reply
from llmac.agents.engine.engine import Engine
from llmac.agents.engine.generate import Generate
from llmac.agents.evaluation.episodes import play
from llmac.agents.language.agent import LanguageAgent
from llmac.agents.language.phrases import Vocabulary
from llmac.agents.language.prompts import Role, template
from llmac.agents.models import checkpoint
from llmac.agents.models.checkpoint import Checkpoint
from llmac.agents.models.device import device, pretrained_dtype
from llmac.agents.models.shipped import shipped_folder
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.scenario import load

_POPULATIONS = {9: Population(1, 8, 4), 65: Population(1, 64, 16), 144: Population(16, 8, 4)}
"""By their number of agents."""
_CELLS = {9: 4, 65: 8, 144: 80}
"""That the prompts are from, so that enough of them are different in each TTI."""
_TARGETS = {"9": 4.0, "65": None, "144": 8.0, "144_with_duplicates": 15.0}
"""Least ratios to `generate`, by the number of agents, whose prompts are all different or as they come."""
_RUN = Population(16, 8, 4)
_RUN_TTIS = 100
_EARLIER_TTIS = 20
"""Before those that are measured: UEs come to differ, and the engine learns what is said."""
_ENGINE_TTIS = 4
"""That the engine decides in one measurement; its rival decides the first of them."""

Backends = Mapping[Role, Backend]


def figures(rounds: int, *, large: bool) -> list[Figure]:
    """Decisions per second, ratios to `generate`, share of the masks, and environment-TTIs per second of whole runs.

    Args:
        rounds: repetitions of everything.
        large: also with an architecture of half a billion parameters.

    Raises:
        LlmacError: the cell cannot run, or the backends do not say the same.
    """
    shipped = checkpoint.load(shipped_folder())
    agent = LanguageAgent.of(shipped)
    # The first round is for what is made at first use.
    ttis = _EARLIER_TTIS + (rounds + 1) * _ENGINE_TTIS
    recorded = {n: record(agent, replace(p, environments=_CELLS[n]), ttis) for n, p in _POPULATIONS.items()}
    result = _small(rounds, shipped, recorded)
    result += _runs(rounds)
    if large:
        result += _large(rounds, shipped, recorded)
    return result


def _small(rounds: int, shipped: Checkpoint, recorded: Mapping[int, Sequence[Phase]]) -> list[Figure]:
    rival = _backends(Generate, shipped)
    measurements: dict[str, Callable[[], float]] = {}
    for name in _TARGETS:
        n = int(name.partition("_")[0])
        earlier = [some(phase, _POPULATIONS[n]) for phase in recorded[n][:_EARLIER_TTIS]]
        take = some if name.endswith("duplicates") else distinct
        later = [take(phase, _POPULATIONS[n]) for phase in recorded[n][_EARLIER_TTIS:]]
        _check_equal(_experienced(shipped, earlier), rival, later[0])
        engine = partial(_rate, _experienced(shipped, earlier), iter(later), _ENGINE_TTIS)
        measurements[f"engine_{name}"] = engine
        measurements[f"generate_{name}"] = partial(_rate, rival, iter(later[::_ENGINE_TTIS]), 1)
        engine = partial(_rate, _experienced(shipped, earlier), iter(later), _ENGINE_TTIS, forget=False)
        measurements[f"engine_{name}_with_memory"] = engine
        if name == "144":
            measurements["mask_share"] = partial(_mask_share, _experienced(shipped, earlier), iter(later))
    for measure in measurements.values():
        measure()
    # In a run all these prompts are not there for the garbage collector to look through again and again.
    gc.collect()
    gc.freeze()
    values = interleave(measurements, rounds)
    gc.unfreeze()
    result: list[Figure] = []
    for name, least in _TARGETS.items():
        generate = values[f"generate_{name}"]
        result += [
            Figure(f"decisions_per_s_{name}", values[f"engine_{name}"], "1/s"),
            Figure(f"generate_decisions_per_s_{name}", generate, "1/s"),
            Figure(
                f"ratio_to_generate_{name}",
                ratios(values[f"engine_{name}"], generate),
                target=Target("≥", least) if least else None,
            ),
            Figure(f"ratio_to_generate_{name}_with_memory", ratios(values[f"engine_{name}_with_memory"], generate)),
        ]
    result.append(Figure("mask_share", values["mask_share"], target=Target("<", 0.05)))
    return result


def _runs(rounds: int) -> list[Figure]:
    """Whole runs, where agents and cell take turns on one core."""
    agents = {name: registry.make(name) for name in ("llm", "grant")}
    values = interleave({name: partial(_env_ttis_per_s, agent) for name, agent in agents.items()}, rounds)
    return [
        Figure("env_ttis_per_s", values["llm"], "TTI/s", Target("≥", 200)),
        Figure("grant_env_ttis_per_s", values["grant"], "TTI/s"),
        Figure("ratio_to_grant_run", ratios(values["llm"], values["grant"])),
    ]


def _large(rounds: int, shipped: Checkpoint, recorded: Mapping[int, Sequence[Phase]]) -> list[Figure]:
    """The architecture of Qwen2.5-0.5B with random weights: at its depth on a GPU, at a sixth of it elsewhere."""
    on_gpu = device().type == "cuda"
    layers = 24 if on_gpu else 4
    population = _POPULATIONS[144] if on_gpu else _POPULATIONS[9]
    config = Qwen2Config(
        vocab_size=151_936,
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=layers,
        num_attention_heads=14,
        num_key_value_heads=2,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    made: Any = Qwen2ForCausalLM(config)
    model: Qwen2ForCausalLM = made.to(device(), pretrained_dtype()).eval()
    both = Checkpoint(dict.fromkeys(Role, model), shipped.tokenizer, {})
    ours, rival = _backends(Engine, both), _backends(Generate, both)
    phases = [distinct(phase, population) for phase in recorded[population.agents][_EARLIER_TTIS:]]
    threads = torch.get_num_threads()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    measurements: dict[str, Callable[[], float]] = {
        "engine": partial(_rate, ours, iter(phases), 1),
        "generate": partial(_rate, rival, iter(phases), 1),
        "tokens": partial(_tokens_per_s, ours, reversed(phases)),
    }
    try:
        values = interleave(measurements, rounds)
        result = [
            Figure("large_layers", [layers]),
            Figure("large_agents", [population.agents]),
            Figure("large_decisions_per_s", values["engine"], "1/s"),
            Figure("large_generate_decisions_per_s", values["generate"], "1/s"),
            Figure("large_tokens_per_s", values["tokens"], "1/s"),
            Figure("large_ratio_to_generate", ratios(values["engine"], values["generate"])),
            # In bfloat16 two tokens can be as good as each other.
            Figure("large_same_sentences", [_agreement(ours, rival, phases[-1])]),
        ]
        if on_gpu:
            result.append(Figure("large_share_of_peak_bandwidth", [_bandwidth_share(ours, model, phases[0])]))
    finally:
        torch.set_num_threads(threads)
    return result


def _backends(kind: type[Engine | Generate], loaded: Checkpoint) -> Backends:
    vocabulary = Vocabulary(loaded.tokenizer)
    return {role: kind(model, vocabulary, template(role).instruction) for role, model in loaded.models.items()}


def _decide(backends: Backends, phase: Phase) -> dict[Role, list[Reply]]:
    return {role: backends[role].decide(requests, None) for role, requests in phase.items()}


def _forget(backends: Backends) -> None:
    for backend in backends.values():
        if isinstance(backend, Engine):
            backend.memory.clear()


def _experienced(loaded: Checkpoint, earlier: Sequence[Phase]) -> Backends:
    """The engine after what was asked earlier."""
    backends = _backends(Engine, loaded)
    for phase in earlier:
        _decide(backends, phase)
    return backends


def _seconds(backends: Backends, phase: Phase, *, forget: bool = False) -> float:
    """It takes to decide, and before that to forget."""
    start = time.perf_counter()
    if forget:
        _forget(backends)
    _decide(backends, phase)
    return time.perf_counter() - start


def _rate(backends: Backends, phases: Iterator[Phase], count: int, *, forget: bool = True) -> float:
    """Decisions per second over the next phases."""
    decisions = seconds = 0.0
    for phase in itertools.islice(phases, count):
        seconds += _seconds(backends, phase, forget=forget)
        decisions += sum(map(len, phase.values()))
    return decisions / seconds


def _tokens_per_s(backends: Backends, phases: Iterator[Phase]) -> float:
    """Tokens of sentences per second, the forced ones among them."""
    phase = next(phases)
    start = time.perf_counter()
    replies = _decide(backends, phase)
    elapsed = time.perf_counter() - start
    return sum(len(reply.tokens) for role in replies.values() for reply in role) / elapsed


def _mask_share(backends: Backends, phases: Iterator[Phase]) -> float:
    """Time of the guides alone, led through the same sentences, over that of the phase."""
    phase = next(phases)
    _forget(backends)
    start = time.perf_counter()
    replies = _decide(backends, phase)
    whole = time.perf_counter() - start
    chosen = [
        (request.guide, [reply.tokens[choice.position] for choice in reply.choices])
        for role, requests in phase.items()
        for request, reply in zip(requests, replies[role], strict=True)
    ]
    start = time.perf_counter()
    for guide, tokens in chosen:
        place = guide
        for token in tokens:
            place = place.after(token)
    return (time.perf_counter() - start) / whole


def _env_ttis_per_s(agent: Agent) -> float:
    cells = [load("near-far", {"ues": _RUN.ues, "rbgs": _RUN.rbgs, "ttis": _RUN_TTIS})] * _RUN.environments
    seeds = list(range(FIRST_SEED, FIRST_SEED + _RUN.environments))
    if isinstance(agent, LanguageAgent):
        agent.weights_changed()
    with ColumnEnv(cells, privileged=True, bound=True) as env:
        start = time.perf_counter()
        play(env, agent, cells, seeds)
        return _RUN.environments * _RUN_TTIS / (time.perf_counter() - start)


def _check_equal(ours: Backends, rival: Backends, phase: Phase) -> None:
    agreement = _agreement(ours, rival, phase)
    if agreement < 1:
        raise LlmacError(f"the engine and generate say the same to {agreement:.0%} of the prompts only")


def _agreement(ours: Backends, rival: Backends, phase: Phase) -> float:
    """Share of the sentences that both say."""
    said = [[r.sentence for replies in _decide(b, phase).values() for r in replies] for b in (ours, rival)]
    return sum(a == b for a, b in zip(*said, strict=True)) / len(said[0])


def _bandwidth_share(backends: Backends, model: Qwen2ForCausalLM, phase: Phase) -> float:
    """Bytes of the weights that the calls of a phase read, over those that the GPU copies in the same time."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    hook = model.model.register_forward_hook(count)
    try:
        seconds = _seconds(backends, phase)
    finally:
        hook.remove()
    read = calls * sum(p.nbytes for p in model.model.layers.parameters())
    return read / seconds / _copy_bandwidth()


def _copy_bandwidth() -> float:
    """Bytes that the GPU reads and writes per second when it copies."""
    source = torch.empty(2**30, dtype=torch.uint8, device=device())
    target = torch.empty_like(source)
    times: list[float] = []
    for _ in range(5):
        torch.cuda.synchronize()
        start = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 2 * source.nbytes / min(times)
