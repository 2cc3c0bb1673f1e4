# SPDX-License-Identifier: MIT
"""How fast language agents decide: the engine beside transformers' generate, and whole runs beside those of `grant`.

Both backends run the same model in the same type with the same number of threads, and are asked the same prompts, which
come from an ns-3 run; they take the most probable token each time, so that they say the same. The engine forgets before
each phase what it was asked, except where memory is what is measured.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.agents.bench.figures import Figure, Target
from llmac.agents.bench.prompts import FIRST_SEED, Phase, Population, again, distinct, record
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
_TARGETS = {9: 4.0, 144: 8.0}
_RUN = Population(16, 8, 4)
_RUN_TTIS = 100
_RECORDED_TTIS = {9: 100, 65: 20, 144: 60}
_ENGINE_PHASES = 4
"""Phases that the engine decides in one measurement, for which the rival decides one."""

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
    ours, rival = _backends(Engine, shipped), _backends(Generate, shipped)
    agent = LanguageAgent.of(shipped)
    recorded = {n: record(agent, p, _RECORDED_TTIS[n]) for n, p in _POPULATIONS.items()}
    result = _small(rounds, ours, rival, recorded)
    result += _runs(rounds)
    if large:
        result += _large(rounds, shipped, recorded)
    return result


def _small(rounds: int, ours: Backends, rival: Backends, recorded: Mapping[int, Sequence[Phase]]) -> list[Figure]:
    material: dict[str, Sequence[Phase]] = {
        str(n): distinct(recorded[n], p, 2 * _ENGINE_PHASES) for n, p in _POPULATIONS.items()
    }
    _check_equal(ours, rival, material["144"][0])
    material["144_with_duplicates"] = recorded[144]
    measurements: dict[str, Callable[[], float]] = {}
    for name, phases in material.items():
        measurements[f"engine_{name}"] = partial(_rate, ours, itertools.cycle(phases), _ENGINE_PHASES)
        measurements[f"generate_{name}"] = partial(_rate, rival, itertools.cycle(phases), 1)
    measurements["engine_144_with_memory"] = partial(_episode_rate, ours, recorded[144])
    measurements["mask_share"] = partial(_mask_share, ours, itertools.cycle(material["144"]))
    for measure in measurements.values():
        measure()  # once, for what is made at first use
    values = interleave(measurements, rounds)
    result: list[Figure] = []
    for name in material:
        least = 15.0 if name == "144_with_duplicates" else _TARGETS.get(int(name))
        result += [
            Figure(f"decisions_per_s_{name}", values[f"engine_{name}"], "1/s"),
            Figure(f"generate_decisions_per_s_{name}", values[f"generate_{name}"], "1/s"),
            Figure(
                f"ratio_to_generate_{name}",
                ratios(values[f"engine_{name}"], values[f"generate_{name}"]),
                target=Target("≥", least) if least else None,
            ),
        ]
    over = ratios(values["engine_144_with_memory"], values["generate_144_with_duplicates"])
    result.append(Figure("ratio_to_generate_144_with_memory", over))
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
    phases = distinct(recorded[population.agents], population, 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    measurements: dict[str, Callable[[], float]] = {
        "engine": partial(_rate, ours, itertools.cycle(phases), 1),
        "generate": partial(_rate, rival, itertools.cycle(phases), 1),
        "tokens": partial(_tokens_per_s, ours, itertools.cycle(phases)),
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


def _seconds(backends: Backends, phase: Phase) -> float:
    fresh = again(phase)
    _forget(backends)
    start = time.perf_counter()
    _decide(backends, fresh)
    return time.perf_counter() - start


def _rate(backends: Backends, phases: Iterator[Phase], count: int) -> float:
    """Decisions per second over the next phases, each as if it were the first."""
    taken = [next(phases) for _ in range(count)]
    decisions = sum(len(requests) for phase in taken for requests in phase.values())
    return decisions / sum(_seconds(backends, phase) for phase in taken)


def _episode_rate(backends: Backends, phases: Sequence[Phase]) -> float:
    """Decisions per second over an episode, in which the engine remembers."""
    fresh = [again(phase) for phase in phases]
    _forget(backends)
    start = time.perf_counter()
    for phase in fresh:
        _decide(backends, phase)
    return sum(len(requests) for phase in phases for requests in phase.values()) / (time.perf_counter() - start)


def _tokens_per_s(backends: Backends, phases: Iterator[Phase]) -> float:
    """Tokens of sentences per second, the forced ones among them."""
    fresh = again(next(phases))
    _forget(backends)
    start = time.perf_counter()
    replies = _decide(backends, fresh)
    elapsed = time.perf_counter() - start
    return sum(len(reply.tokens) for role in replies.values() for reply in role) / elapsed


def _mask_share(backends: Backends, phases: Iterator[Phase]) -> float:
    """Time of the guides alone, led through the same sentences, over that of the phase."""
    phase = next(phases)
    first, second = again(phase), again(phase)
    _forget(backends)
    start = time.perf_counter()
    replies = _decide(backends, first)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    for role, requests in second.items():
        for request, reply in zip(requests, replies[role], strict=True):
            guide = request.guide
            said = len(guide.forced)
            while guide.allowed.size:
                guide.advance(reply.tokens[said])
                said += 1 + len(guide.forced)
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
    said = [[r.sentence for replies in _decide(b, again(phase)).values() for r in replies] for b in (ours, rival)]
    if said[0] != said[1]:
        differing = sum(a != b for a, b in zip(*said, strict=True))
        raise LlmacError(f"the engine and generate disagree about {differing} of {len(said[0])} sentences")


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
