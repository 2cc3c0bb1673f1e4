# SPDX-License-Identifier: MIT
"""What the cell's executable tells of the ns-3 that it is linked with."""

import subprocess

from google.protobuf.message import DecodeError

from llmac.bridge.errors import CellMissingError
from llmac.bridge.launch.local import HOW_TO_BUILD, find_executable
from llmac.v1 import catalogue_pb2

_DEADLINE_S = 20.0


def loss_models() -> list[catalogue_pb2.LossModel]:
    """All loss models of the linked ns-3, by name.

    Raises:
        CellMissingError: there is no executable, or none that answers.
    """
    executable = find_executable()
    try:
        answer = subprocess.run(  # noqa: S603 (the executable that every run starts)
            [executable, "--models"], capture_output=True, timeout=_DEADLINE_S, check=True
        )
        return list(catalogue_pb2.ModelCatalogue.FromString(answer.stdout).models)
    except (OSError, subprocess.SubprocessError, DecodeError) as error:
        raise CellMissingError(f"{executable} does not tell its loss models ({error}); {HOW_TO_BUILD}") from error
