# SPDX-License-Identifier: MIT
"""Python's side of a remote run, as a program: remote.py ADDRESS KEYS plays an episode with a cell from elsewhere.

It prints "listening", and then what an episode brought or the error.
"""

import sys
from pathlib import Path

from playing import play

from llmac.bridge.envs.columns import ColumnEnv
from llmac.bridge.errors import LlmacError
from llmac.bridge.launch.external import ExternalCell, ExternalLauncher
from llmac.bridge.scenario import load
from llmac.bridge.session import Deadlines

HANDSHAKE_S = 5.0


class AnnouncingLauncher(ExternalLauncher):
    def start(self, endpoint: str, session: int, index: int) -> ExternalCell:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        return super().start(endpoint, session, index)


def main(address: str, keys: str) -> None:
    try:
        with ColumnEnv(
            [load("paper", {"ttis": 5})],
            launcher=AnnouncingLauncher(),
            address=address,
            keys=Path(keys),
            deadlines=Deadlines(handshake_s=HANDSHAKE_S),
        ) as env:
            sys.stdout.write(f"{len(play(env, [1]))} observations\n")
    except LlmacError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
