# SPDX-License-Identifier: MIT
"""Where the numbers of a training run can be watched: TensorBoard, and Weights & Biases for who wants it."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from llmac.agents.learning.config import TrainConfig
from llmac.bridge.errors import LlmacError


class Tracker:
    """Takes the scalars of every update; close it, or use it in a `with` statement.

    Args:
        run: folder of the run.
        config: of the run.
        update: updates that were made before; what was written of later ones is dropped.
        wandb_project: project of Weights & Biases, if they are to have the scalars, too.

    Raises:
        LlmacError: the package wandb is not installed, or it cannot begin a run.
    """

    def __init__(self, run: Path, config: TrainConfig, update: int, wandb_project: str | None = None) -> None:
        self._wandb = None if wandb_project is None else _begin(run, config, update, wandb_project)
        self._board = SummaryWriter(str(run / "tensorboard"), purge_step=update + 1)

    def add(self, scalars: Mapping[str, float], update: int) -> None:
        """Scalars by name, after so many updates."""
        for name, value in scalars.items():
            self._board.add_scalar(name, value, update)
        if self._wandb is not None:
            self._wandb.log(dict(scalars), step=update)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._board.close()
        if self._wandb is not None:
            self._wandb.finish(exit_code=0 if kind is None else 1)


def _begin(run: Path, config: TrainConfig, update: int, project: str) -> Any:
    try:
        wandb: Any = importlib.import_module("wandb")
    except ImportError as error:
        raise LlmacError("--wandb: the package wandb is not installed; pip install 'llmac[wandb]'") from error
    try:
        # The same id every time, so that a resumed run goes on where it stopped, and no other run's.
        name, id_ = run.resolve().name, run / "wandb.id"
        if update == 0 or not id_.exists():
            id_.write_text(f"{name}-{config.seed}-{token_hex(4)}")
        return wandb.init(
            project=project,
            name=name,
            id=id_.read_text(),
            resume="allow",
            dir=run,
            config=config.model_dump(mode="json"),
        )
    except wandb.Error as error:
        raise LlmacError(f"--wandb {project}: Weights & Biases cannot begin a run: {error}") from error
