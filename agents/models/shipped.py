# SPDX-License-Identifier: MIT
"""Checkpoints that come with llmac, by the names of the agents that play with them."""

from importlib import resources
from pathlib import Path

from llmac.agents.models.runs import newest_policy

SHIPPED = {"llm": "default", "mappo": "mappo", "mappo-4": "mappo-4"}


def checkpoints() -> Path:
    """Where they are, with the configurations that they were trained by."""
    return Path(str(resources.files("llmac.agents").joinpath("checkpoints")))


def shipped_folder(agent: str = "llm") -> Path:
    """Folder of the checkpoint of an agent, one of SHIPPED."""
    return checkpoints() / SHIPPED[agent]


def checkpoint_folder(agent: str) -> Path | None:
    """Folder of the checkpoint that an agent plays with; None where there is none: a conventional agent, or an id."""
    _, colon, where = agent.partition(":")
    if colon:
        folder = Path(where).expanduser()
        return newest_policy(folder) if folder.is_dir() else None
    return shipped_folder(agent) if agent in SHIPPED else None
