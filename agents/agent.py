# SPDX-License-Identifier: MIT
"""What every agent is: a `Player` of the bridge's environments, see its methods there.

The two roles share no information but what crosses the cell. The genie alone is exempt, and says so.
"""

from llmac.bridge.envs.player import Player as Agent

__all__ = ["Agent"]
