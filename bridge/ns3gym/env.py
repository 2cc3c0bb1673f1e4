# SPDX-License-Identifier: MIT
"""Any ns3-gym simulation as a Gymnasium environment."""

import re
import shlex
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import gymnasium
from gymnasium import logger

from llmac.bridge.errors import ActionError, AddressError, CellCrashError, HandshakeError, OutOfTurnError
from llmac.bridge.ns3gym.conversation import Conversation, Deadlines
from llmac.bridge.ns3gym.port import Port
from llmac.bridge.ns3gym.process import SimulationProcess

Phase = Literal["begun", "reset", "stepping", "over", "closed"]
"""Of a run: connected, its first observation known, under way, ended or lost; and of the environment: closed."""

MAX_SEED = 2**31 - 1
"""Of the seeds drawn for simulations; ns3-gym's examples read 32 bits."""


class Ns3GymEnv(gymnasium.Env[Any, Any]):
    """Drives an unmodified ns3-gym simulation.

    An episode is a run of the simulation, because ns3-gym has no other reset: `reset` ends the run under way and starts
    the command again, or waits for the next simulation that connects. A run that was not stepped yet is still at its
    reset and is used as it is. `terminated` is ns3-gym's GameOver, `truncated` its SimulationEnd;
    `info["extra_info"]` is its extra info. docs/ns3gym.md tells more.

    Args:
        command: starts the simulation; `{port}` and `{seed}` in its parts are replaced, for instance
            ["./sim", "--openGymPort={port}", "--simSeed={seed}"]; a string is split as a shell does. Empty: simulations
            are started by somebody else and connect to `port`.
        port: on the loopback interface; 0 takes a free one for each run of the command.
        cwd: the directory that the command starts in; by default this process's.
        connect_s: seconds until a simulation has connected.
        step_s: seconds until it has answered an action.
        close_s: seconds that it has to end, once it was asked to.

    Raises:
        AddressError: the port is in use, or missing.
        CellMissingError: the command cannot be started.
        BridgeError: no simulation connected in time (DeadlineError), it ended at once (CellCrashError), or offers
            spaces that cannot be used (HandshakeError).
    """

    def __init__(
        self,
        command: str | Sequence[str] = (),
        *,
        port: int = 0,
        cwd: Path | None = None,
        connect_s: float = 60.0,
        step_s: float = 60.0,
        close_s: float = 5.0,
    ) -> None:
        self._command = tuple(shlex.split(command) if isinstance(command, str) else command)
        self._cwd = cwd
        self._port_number = port
        self._deadlines = Deadlines(connect_s, step_s, close_s)
        self._takes_seed = any("{seed}" in part for part in self._command)
        if not self._command and port == 0:
            raise AddressError("give the port that the simulation will connect to, or a command that starts one")
        if self._command and port == 0 and not any("{port}" in part for part in self._command):
            raise AddressError("the command must name the port as {port}, or port must be the number that it uses")
        self._resources = ExitStack()
        # A run that is started here gets a port of its own, on which nothing is left of the run before; what somebody
        # else starts finds the same port open all the time.
        self._lasting_port = None if self._command else self._resources.enter_context(closing(Port(port)))
        self._run = self._resources.enter_context(ExitStack())
        self._phase: Phase = "over"
        try:
            self._begin(None)
        except BaseException:
            self.close()
            raise
        self.observation_space = self._conversation.observation_space
        self.action_space = self._conversation.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: of the simulation itself, where the command takes one; later resets without a seed draw from it.
            options: not used.

        Returns:
            The first observation, and {"extra_info": text} with "seed", the simulation's, where the command takes one.

        Raises:
            OutOfTurnError: the environment was closed.
            CellMissingError: the command cannot be started.
            BridgeError: as from the constructor and from `step`.
        """
        super().reset(seed=seed, options=options)
        if self._phase == "closed":
            raise OutOfTurnError("reset after close; make another environment")
        if seed is not None and not self._takes_seed:
            logger.warn("the seed has no effect on the simulation: no part of its command is {seed}")
        other_seed = self._takes_seed and seed not in {None, self._seed}
        if self._phase not in {"begun", "reset"} or other_seed:
            self._begin(seed)
            self._check_spaces()
        if self._phase == "begun":
            self._step = 0
            with self._lost_on_error():
                state = self._conversation.state("reset")
                if state.terminated or state.truncated:
                    raise CellCrashError(self._conversation.name, "reset", "it was over before its first step")
            info = {"extra_info": state.extra_info} | ({"seed": self._seed} if self._takes_seed else {})
            self._initial = state.observation, info
            self._phase = "reset"
        return deepcopy(self._initial)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Let the simulation carry out an action and run to its next state.

        After a BridgeError the run is lost, and `reset` begins another.

        Returns:
            Observation, reward, terminated, truncated, and {"extra_info": text}.

        Raises:
            ActionError: the action is not in the action space; the simulation stands where it stood.
            OutOfTurnError: there was no reset, or the episode is over.
            BridgeError: no answer in time (DeadlineError), the simulation ended (CellCrashError), or what it answered
                does not fit its spaces (FrameError).
        """
        if self._phase not in {"reset", "stepping"}:
            raise OutOfTurnError("step without an episode under way; call reset first")
        with self._lost_on_error():
            self._conversation.act(action, f"step {self._step + 1}")
            self._step += 1
            state = self._conversation.state(f"step {self._step}")
        self._phase = "over" if state.terminated or state.truncated else "stepping"
        return state.observation, state.reward, state.terminated, state.truncated, {"extra_info": state.extra_info}

    def close(self) -> None:
        """End the simulation, within `close_s`, and free the port; may be called again."""
        self._phase = "closed"
        self._resources.close()

    def _begin(self, seed: int | None) -> None:
        """End the run under way and meet the simulation of the next one."""
        self._phase = "over"
        self._run.close()
        self._seed = int(self.np_random.integers(1, MAX_SEED)) if seed is None else seed
        with ExitStack() as run:
            port = self._lasting_port or run.enter_context(closing(Port(self._port_number)))
            process = self._start(port.number) if self._command else None
            self._conversation = Conversation(port, process, self._deadlines)
            run.callback(self._conversation.end)
            self._run.push(run.pop_all())
        self._phase = "begun"

    def _start(self, port: int) -> SimulationProcess:
        values = {"{port}": str(port), "{seed}": str(self._seed)}
        command = [re.sub(r"\{port\}|\{seed\}", lambda name: values[name[0]], part) for part in self._command]
        return SimulationProcess(command, self._cwd)

    def _check_spaces(self) -> None:
        """A Gymnasium environment keeps its spaces."""
        offered = self._conversation.observation_space, self._conversation.action_space
        if offered != (self.observation_space, self.action_space):
            self._phase = "over"
            self._run.close()
            raise HandshakeError(
                self._conversation.name, "reset", "it offers other spaces than the run before; make another environment"
            )

    @contextmanager
    def _lost_on_error(self) -> Generator[None]:
        try:
            yield
        except ActionError:  # nothing was sent
            raise
        except BaseException:
            self._phase = "over"
            self._conversation.drop()
            raise
