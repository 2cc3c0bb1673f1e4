# SPDX-License-Identifier: MIT
"""How fast the bridge is, beside what ZeroMQ alone does, and beside the way of ns3-gym with the same cell.

An exchange is a frame to the cell and one back; a TTI takes two. All rivals carry one small cell's observations and
actions, which are made beforehand; what is measured is the way between, with the real cell at its end.
"""

import subprocess
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
import zmq

from llmac.agents.bench.figures import Figure, Target
from llmac.agents.bench.gym_client import GymClient
from llmac.agents.bench.rounds import interleave, ratios
from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.envs.observations import FollowerAction, LeaderAction
from llmac.bridge.errors import CellMissingError, DeadlineError
from llmac.bridge.launch.gym import GymCell
from llmac.bridge.launch.local import HOW_TO_BUILD, find_executable
from llmac.bridge.scenario import load
from llmac.bridge.wire import log

TTIS = 1_000_000
SCENARIO = load("paper", {"ttis": TTIS})
"""The cheapest cell: 4 UEs, 2 RBGs, no radio; longer than any measurement."""
UES = SCENARIO.ues
EXCHANGES = 6000
"""Of a measurement of one environment; larger frames, fewer."""
LOOPBACK = "tcp://127.0.0.1:*"
_TIMEOUT_MS = 20_000
_LAYOUTS = {"8": (8, 1), "32": (32, 1), "128": (128, 1), "32_2p": (32, 2), "128_2p": (128, 2)}
"""Environments and processes."""


def figures(rounds: int, exchanges: int = EXCHANGES) -> list[Figure]:
    """Exchanges per second, and their ratios.

    Args:
        rounds: repetitions of everything.
        exchanges: of one environment in a measurement.

    Raises:
        CellMissingError: the cell, or its examples, are not built.
        BridgeError: something does not answer.
    """
    python_us: list[float] = []
    with ExitStack() as stack:
        enter = stack.enter_context
        envs = {
            "ipc_1_env": enter(_Columns(1)),
            "tcp_1_env": enter(_Columns(1, address=LOOPBACK)),
            **{f"ipc_{name}_envs": enter(_Columns(*layout)) for name, layout in _LAYOUTS.items()},
        }
        sizes = _frame_sizes()
        echoes = {
            "raw_ipc": enter(_Echo(f"ipc://{enter(tempfile.TemporaryDirectory())}/echo", sizes)),
            "raw_tcp": enter(_Echo(LOOPBACK, sizes)),
        }
        measurements = {name: partial(echo.exchanges_per_s, exchanges) for name, echo in echoes.items()}
        for name, env in envs.items():
            costs = python_us if name == "ipc_128_envs" else None
            measurements[name] = partial(env.exchanges_per_s, max(20, exchanges // env.environments), costs)
        measurements["ns3gym_1_env"] = partial(enter(_Gym()).exchanges_per_s, exchanges)
        values = interleave(measurements, rounds)
    gym = values["ns3gym_1_env"]
    return [
        *(Figure(f"exchanges_per_s_{name}", value, "/s") for name, value in values.items()),
        Figure("ratio_to_raw_1_env", ratios(values["ipc_1_env"], values["raw_ipc"]), target=Target("≥", 0.8)),
        Figure("ratio_to_raw_1_env_tcp", ratios(values["tcp_1_env"], values["raw_tcp"]), target=Target("≥", 0.8)),
        Figure("ratio_to_ns3gym_1_env", ratios(values["ipc_1_env"], gym)),
        Figure("ratio_to_ns3gym_8_envs", ratios(values["ipc_8_envs"], gym)),
        Figure("ratio_to_ns3gym_32_envs", ratios(values["ipc_32_envs"], gym), target=Target("≥", 12)),
        Figure("ratio_to_ns3gym_128_envs", ratios(values["ipc_128_envs"], gym), target=Target("≥", 20)),
        Figure("python_us_per_env_exchange_128", python_us, "µs", Target("<", 3)),
    ]


# ---- ours


class _Columns(ExitStack):
    """E environments over the column interface, with actions made beforehand."""

    def __init__(self, environments: int, processes: int = 1, address: str | None = None) -> None:
        super().__init__()
        self.environments = environments
        self._env = self.enter_context(ColumnEnv([SCENARIO] * environments, processes=processes, address=address))
        self._lead, self._follow = actions(environments)
        self._env.reset(range(environments))

    def exchanges_per_s(self, exchanges: int, python_us: list[float] | None) -> float:
        """Environment-exchanges per second; appends to `python_us` what Python's own thread takes of one."""
        env, lead, follow = self._env, self._lead, self._follow
        begin, cpu = perf_counter(), thread_time()
        for _ in range(exchanges // 2):
            env.lead(lead)
            env.follow(follow)
        elapsed, cpu = perf_counter() - begin, thread_time() - cpu
        done = 2 * (exchanges // 2) * self.environments
        if python_us is not None:
            python_us.append(1e6 * cpu / done)
        return done / elapsed


def actions(environments: int) -> tuple[LeaderAction, FollowerAction]:
    """A DCM to every second UE, and a transmission of every UE."""
    told = np.arange(0, UES, 2, dtype=np.uint32)
    lead = LeaderAction(
        dcm_count=np.full(environments, told.size, np.uint32),
        dcm_ue=np.tile(told, environments),
        dcm_code=np.ones(told.size * environments, np.uint16),
    )
    return lead, FollowerAction(np.full(UES * environments, 16, np.uint16))


def _frame_sizes() -> list[tuple[int, int]]:
    """Bytes of request and reply in both phases of a TTI, of one environment."""
    lead, follow = actions(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames"
        with ColumnEnv([SCENARIO], log_wire=path) as env:
            env.reset([0])
            for _ in range(2):
                env.lead(lead)
                env.follow(follow)
        frames = [len(record.frame) for record in log.read(path)]
    # Hello, Welcome, Reset and its answer; then TTI 0, and TTI 1, which is as any other.
    (lead_request, lead_reply, follow_request, follow_reply) = frames[8:12]
    return [(lead_request, lead_reply), (follow_request, follow_reply)]


# ---- ZeroMQ alone


class _Echo(ExitStack):
    """pyzmq here and libzmq there, with messages of these sizes and nothing in them."""

    def __init__(self, address: str, sizes: list[tuple[int, int]]) -> None:
        super().__init__()
        path = find_executable().parent / "examples" / "wire-echo"
        if not path.is_file():
            raise CellMissingError(f"the example {path} is not built; {HOW_TO_BUILD}")
        context = self.enter_context(zmq.Context())
        self._socket = self.enter_context(context.socket(zmq.ROUTER))
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVTIMEO, _TIMEOUT_MS)
        self._socket.bind(address)
        endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        command = [path, endpoint, *(str(reply) for _, reply in sizes)]
        self._process = self.enter_context(subprocess.Popen(command))  # noqa: S603 (an example of ours)
        self.callback(self._process.kill)
        self._peer = self._receive()[0]
        self._requests = [bytes(request) for request, _ in sizes]

    def exchanges_per_s(self, exchanges: int) -> float:
        """Messages there and back per second."""
        socket, peer = self._socket, self._peer
        begin = perf_counter()
        for request in islice(cycle(self._requests), exchanges):
            socket.send_multipart((peer, request))
            self._receive()
        return exchanges / (perf_counter() - begin)

    def _receive(self) -> list[bytes]:
        try:
            return self._socket.recv_multipart()
        except zmq.Again:
            raise DeadlineError("wire-echo", "echo", "no answer in time") from None


# ---- ns3-gym's way


class _Gym(ExitStack):
    """The cell as an ns3-gym simulation, and a client as the stock one, with actions made beforehand."""

    def __init__(self) -> None:
        super().__init__()
        self._client = self.enter_context(closing(GymClient()))
        self._process = self.enter_context(GymCell(SCENARIO, self._client.port).start(seed=0))
        self.callback(self._process.kill)
        self._client.greet()
        self._client.state()
        self._action = {"dcm": np.arange(UES + 1)[1:] % 2, "action": np.full(UES, 16)}

    def exchanges_per_s(self, exchanges: int) -> float:
        """Messages there and back per second."""
        client, action = self._client, self._action
        begin = perf_counter()
        for _ in range(exchanges):
            client.act(action)
            client.state()
        return exchanges / (perf_counter() - begin)
