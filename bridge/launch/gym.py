# SPDX-License-Identifier: MIT
"""The cell as an ns3-gym simulation: one process for each episode; docs/ns3gym.md tells the conversation."""

import os
import subprocess
from contextlib import suppress

from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.local import HOW_TO_BUILD, find_executable
from llmac.bridge.scenario import Scenario, to_proto


class GymCell:
    """Runs episodes of a scenario as simulations that connect to an agent of ns3-gym.

    Args:
        scenario: of the cell.
        port: TCP port of the loopback interface that the agent listens on.
        rows: UEs that observations and actions have room for; by default as many as are connected at most.
        wait_s: seconds that a simulation waits for the agent to listen.

    Raises:
        CellMissingError: no executable was found.
    """

    def __init__(self, scenario: Scenario, port: int, rows: int | None = None, wait_s: int = 60) -> None:
        self._scenario = to_proto(scenario, scenario.ttis).SerializeToString()
        options = {"port": port, "scenario": "/dev/stdin", "parent-pid": os.getpid(), "wait": wait_s}
        if rows is not None:
            options["rows"] = rows
        self._command = [str(find_executable()), "--wire=ns3gym", *(f"--{name}={n}" for name, n in options.items())]

    def start(self, seed: int) -> subprocess.Popen[bytes]:
        """Start one episode in a process of its own, whose log goes to stderr.

        Raises:
            CellMissingError: it cannot be started.
        """
        command = [*self._command, f"--seed={seed}"]
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 (the executable of every run)
        except OSError as error:
            raise CellMissingError(f"{command[0]} cannot be started: {error.strerror}; {HOW_TO_BUILD}") from error
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(self._scenario)
        return process

    def run(self, seed: int) -> int:
        """Run one episode to its end; returns the exit status of its process.

        Raises:
            CellMissingError: it cannot be started.
        """
        with self.start(seed) as process:
            try:
                return process.wait()
            except BaseException:
                process.kill()
                raise
