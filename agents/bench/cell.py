# SPDX-License-Identifier: MIT
"""How fast the cell is, driven inside C++ by random agents: beside ns-3's own LTE module, and as it grows."""

import re
import subprocess
from functools import partial
from pathlib import Path

import numpy as np

from llmac.agents.bench.figures import Figure, Target
from llmac.agents.bench.rounds import interleave, ratios
from llmac.bridge.errors import CellMissingError, LlmacError
from llmac.bridge.launch.local import HOW_TO_BUILD, find_executable

_DEADLINE_S = 300.0
_LOG_DISTANCE = "ns3::LogDistancePropagationLossModel"
_MODELS = {"log_distance": (_LOG_DISTANCE, 40), "uma": ("ns3::ThreeGppUmaPropagationLossModel", 20)}
"""TypeId, and the least ratio."""
_SIZES = {"8x4": (8, 4, 15, 100_000, 4000), "64x16": (64, 16, 50, 20_000, 400)}
"""UEs, our RBGs of 4 RBs, the rival's RBs (LTE's widest band that is not wider than ours), TTIs of both."""


_UE_TTIS = 500_000
"""TTIs that are simulated, times the number of UEs."""
_MEMORY_TTIS = 200
"""The length of an episode."""
_POPULATIONS = (8, 16, 32, 64, 128, 256, 512, 1024)
_ENVIRONMENTS = (1, 101)


def figures(rounds: int) -> list[Figure]:
    """Our TTIs/s over the rival's, memory of an environment, cost of a TTI against the number of UEs.

    Args:
        rounds: repetitions of everything.

    Raises:
        CellMissingError: the examples are not built.
        LlmacError: an example failed.
    """
    races = {
        f"{who}_{size}_{model}": partial(_ttis_per_s, example, model=model, size=size)
        for size in _SIZES
        for model in _MODELS
        for who, example in (("cell", "cell-random"), ("rival", "lte-uplink-rival"))
    }
    costs = {f"us_per_tti_{ues}": partial(_us_per_tti, ues) for ues in _POPULATIONS}
    memories = {f"memory_{environments}": partial(_peak_mb, environments) for environments in _ENVIRONMENTS}
    values = interleave(races | costs | memories, rounds)
    return [*_ratios(values), *_memory(values), *_growth(values)]


def _ratios(values: dict[str, list[float]]) -> list[Figure]:
    result: list[Figure] = []
    for size in _SIZES:
        for model, (_, target) in _MODELS.items():
            ours, rivals = values[f"cell_{size}_{model}"], values[f"rival_{size}_{model}"]
            result += [
                Figure(f"ttis_per_s_{size}_{model}", ours, "TTI/s"),
                Figure(f"rival_ttis_per_s_{size}_{model}", rivals, "TTI/s"),
                Figure(f"ratio_{size}_{model}", ratios(ours, rivals), target=Target("≥", target)),
            ]
    return result


def _memory(values: dict[str, list[float]]) -> list[Figure]:
    few, many = _ENVIRONMENTS
    pairs = zip(values[f"memory_{few}"], values[f"memory_{many}"], strict=True)
    slopes = [(high - low) / (many - few) for low, high in pairs]
    return [Figure("memory_per_env_mb_8x4", slopes, "MB", Target("<", 3))]


def _growth(values: dict[str, list[float]]) -> list[Figure]:
    """The curve, and the exponent of the power of N that fits it best."""
    curve = [Figure(f"us_per_tti_{ues}", values[f"us_per_tti_{ues}"], "us") for ues in _POPULATIONS]
    rounds = zip(*(figure.values for figure in curve), strict=True)
    exponents = [float(np.polyfit(np.log(_POPULATIONS), np.log(costs), 1)[0]) for costs in rounds]
    return [*curve, Figure("us_per_tti_exponent", exponents, target=Target("≤", 1))]


def _us_per_tti(ues: int) -> float:
    """On 16 RBGs, over about the same time for each number of UEs."""
    said = _run("cell-random", {"ues": ues, "rbgs": 16, "ttis": _UE_TTIS // ues, "channel": _LOG_DISTANCE})
    return 1e6 / _number(said, "TTIs/s")


def _peak_mb(environments: int) -> float:
    said = _run(
        "cell-random",
        {"ues": 8, "rbgs": 4, "environments": environments, "ttis": _MEMORY_TTIS, "channel": _LOG_DISTANCE},
    )
    return _number(said, "peak memory in MB")


def _ttis_per_s(example: str, model: str, size: str) -> float:
    ues, rbgs, rbs, ttis, rival_ttis = _SIZES[size]
    width = {"rbgs": rbgs, "ttis": ttis} if example == "cell-random" else {"rbs": rbs, "ttis": rival_ttis}
    said = _run(example, {"ues": ues, "channel": _MODELS[model][0], **width})
    return _number(said, "TTIs/s")


def _run(example: str, options: dict[str, object]) -> str:
    """What an example prints; both have the preset log-distance."""
    path = _find(example)
    model = {f"{_LOG_DISTANCE}::Exponent": 3.76, f"{_LOG_DISTANCE}::ReferenceLoss": 15.3}
    arguments = [f"--{name}={value}" for name, value in (options | model).items()]
    try:
        ended = subprocess.run(  # noqa: S603 (an example of ours)
            [path, *arguments], capture_output=True, text=True, timeout=_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LlmacError(f"{path} does not run: {error}") from error
    if ended.returncode != 0:
        raise LlmacError(f"{path} ended with status {ended.returncode}: {ended.stderr.strip()[-500:]}")
    return ended.stdout


def _find(example: str) -> Path:
    path = find_executable().parent / "examples" / example
    if not path.is_file():
        raise CellMissingError(f"the example {path} is not built; {HOW_TO_BUILD}")
    return path


def _number(text: str, name: str) -> float:
    match = re.search(rf"^{re.escape(name)}\s+(\S+)$", text, re.MULTILINE)
    if match is None:
        raise LlmacError(f"the example does not tell its {name}; {HOW_TO_BUILD}")
    return float(match[1])
