# SPDX-License-Identifier: MIT
"""`llmac ns3gym`: the cell as a simulation for agents of ns3-gym."""

from itertools import count
from typing import Annotated

import typer
from rich.console import Console

from llmac.agents.cli.options import ChannelOption, SetOption, overrides
from llmac.bridge import scenario as scenarios
from llmac.bridge.launch.gym import GymCell
from llmac.bridge.scenario import channels


def ns3gym(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or path of a YAML file.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port that the agent listens on.")] = 5555,
    max_ues: Annotated[
        int | None, typer.Option(min=1, help="UEs that there is room for; by default as many as are connected at most.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="First seed; each episode has the next one.")] = 1,
    episodes: Annotated[int, typer.Option(min=0, help="Episodes, a process for each; 0: until nobody listens.")] = 1,
    wait: Annotated[int, typer.Option(min=1, help="Seconds that each waits for the agent to listen.")] = 60,
    channel: ChannelOption = None,
    set_: SetOption = None,
) -> None:
    """Let agents of ns3-gym play the cell: Ns3Env(port=PORT, startSim=False) in Python, then this."""
    models = channels.parse(channel) if channel else None
    cell = GymCell(scenarios.load(scenario, overrides(set_, channel=models)), port, max_ues, wait)
    note = Console(stderr=True, highlight=False, soft_wrap=True).print
    for episode in range(episodes) if episodes else count():
        note(f"episode {episode}: seed {seed + episode}, at tcp://localhost:{port}")
        status = cell.run(seed + episode)
        if status != 0:
            raise typer.Exit(status if status > 0 else 1)
