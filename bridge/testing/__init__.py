# SPDX-License-Identifier: MIT
"""Whether a cell, an environment or an agent keeps to the rules; for anyone who writes another one.

Each `check_...` takes a function that makes what is to be checked, plays whole episodes, and raises a ConformanceError
that says in a sentence what is wrong. docs/environments.md lists the rules.
"""

from llmac.bridge.testing.columns import Columns, check_columns
from llmac.bridge.testing.digest import Digest, digest
from llmac.bridge.testing.fault import ConformanceError
from llmac.bridge.testing.parallel import check_parallel
from llmac.bridge.testing.player import check_player
from llmac.bridge.testing.random import RandomPlayer

__all__ = [
    "Columns",
    "ConformanceError",
    "Digest",
    "RandomPlayer",
    "check_columns",
    "check_parallel",
    "check_player",
    "digest",
]
