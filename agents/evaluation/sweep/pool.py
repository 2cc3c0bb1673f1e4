# SPDX-License-Identifier: MIT
"""The processes that play: each takes batches of runs of one agent, and starts a cell process for each batch."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import active_children, connection, get_context, parent_process
from typing import Any

from llmac.agents import registry
from llmac.agents.agent import Agent
from llmac.agents.evaluation.episodes import play
from llmac.agents.evaluation.sweep.runs import Player, Run
from llmac.agents.language.speech import Speech
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import BridgeError, LlmacError, RequestRefusedError

Where = Callable[[], Mapping[str, Any]]
"""Makes arguments of `ColumnEnv` that say where its cells run; is sent to the processes."""


_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Played:
    """A batch that was played."""

    metrics: Sequence[Mapping[str, float]]
    ns3_version: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A batch that could not be played, and why, in a sentence."""

    why: str


@contextmanager
def pool(processes: int, players: Sequence[Player] = ()) -> Generator[ProcessPoolExecutor]:
    """Processes that begin anew, since threads of torch do not survive a fork; an error in the block kills them.

    Each of them makes the players first: a training run that goes on may remove the checkpoint that takes part.
    """
    others = set(active_children())
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(players,)) as workers:
        try:
            yield workers
        except BaseException:
            for process in set(active_children()) - others:
                process.kill()
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def play_batch(runs: Sequence[Run], where: Where) -> Played | Failed:
    """Play runs of one player, all at once; called in a process of the pool.

    A cell that dies, for instance on a machine that is too busy for its heartbeats, is no reason to give up a long
    sweep: the batch begins again, with the same outcome.
    """
    why = ""
    for _ in range(_ATTEMPTS):
        try:
            return _play(runs, where)
        except RequestRefusedError as error:  # and would be again
            return Failed(str(error))
        except BridgeError as error:
            why = str(error)
        except LlmacError as error:
            return Failed(str(error))
    return Failed(f"{_ATTEMPTS} times in a row: {why}")


def _play(runs: Sequence[Run], where: Where) -> Played:
    scenarios, seeds = [run.cell.scenario for run in runs], [run.seed for run in runs]
    agent = make(runs[0].player)
    started = time.monotonic()
    with ColumnEnv(scenarios, privileged=True, bound=True, **where()) as env:
        metrics = play(env, agent, scenarios, seeds)
        return Played(metrics, env.ns3_version, time.monotonic() - started)


@cache
def make(player: Player) -> Agent:
    """The agent of a player, made once in each process; with one thread, since there are many processes.

    Raises:
        LlmacError: as `registry.make`.
    """
    agent = registry.make(player.agent, Speech(masked=player.masked))
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
    return agent


def _begin(players: Sequence[Player]) -> None:
    """Leave Ctrl-C to the parent, and end with it: the pool's own queue does not tell that it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    for player in players:
        with suppress(LlmacError):  # is told when it is to play
            make(player)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
