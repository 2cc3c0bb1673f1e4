# SPDX-License-Identifier: MIT
"""Episodes on the real cell, to look at their channel."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction, LeaderObservation
from llmac.bridge.scenario import Scenario, load

Acting = Literal["hold", "transmit"]


def scenario(**fields: Any) -> Scenario:
    """`near-far` with other fields, `__` for the dot."""
    return load("near-far", {name.replace("__", "."): value for name, value in fields.items()})


def silence(environments: int) -> LeaderAction:
    """No DCM in any environment."""
    return LeaderAction(np.zeros(environments, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint16))


def act(observation: LeaderObservation, scenarios: Sequence[Scenario], acting: Acting) -> FollowerAction:
    """All UEs hold, or each transmits on an RBG of its own choice that changes from TTI to TTI."""
    if acting == "hold":
        return FollowerAction(np.zeros(observation.ue_id.size, np.uint16))
    rbgs = np.repeat([each.rbgs for each in scenarios], observation.ue_count)
    ucms = np.repeat([_ucm_codes(each) for each in scenarios], observation.ue_count)
    rbg = (observation.ue_id.astype(np.int64) * 7 + observation.tti) % rbgs
    return FollowerAction(((2 + rbg) * ucms).astype(np.uint16))


def mean_snrs(each: Scenario, seeds: Sequence[int], ttis: int = 20, acting: Acting = "hold") -> NDArray[np.float32]:
    """[ttis, E, N] Running means of the SNRs of UEs that stay, in dB; entry t is that after TTI t began."""
    scenarios = [each] * len(seeds)
    rows: list[NDArray[np.float32]] = []
    with ColumnEnv(scenarios, ttis=ttis) as env:
        observation = env.reset(seeds)
        while not observation.done:
            rows.append(observation.mean_snr_db.reshape(len(seeds), -1).copy())
            env.lead(silence(len(seeds)))
            observation = env.follow(act(observation, scenarios, acting))
    return np.array(rows)


def draws(each: Scenario, seed: int, acting: Acting) -> tuple[list[list[int]], list[int]]:
    """Ids of the connected UEs in each TTI, and the dPDUs that arrived to each UE that was ever connected."""
    with ColumnEnv([each]) as env:
        observation = env.reset([seed])
        connected = [observation.ue_id.tolist()]
        while not observation.done:
            env.lead(silence(1))
            observation = env.follow(act(observation, [each], acting))
            connected.append(observation.ue_id.tolist())
    assert observation.end is not None
    return connected, observation.end.ue_arrived.tolist()


def _ucm_codes(each: Scenario) -> int:
    vocabulary = each.vocabulary
    return vocabulary.bsr_levels + 2 if vocabulary.kind == "semantic" else vocabulary.symbols + 1
