# SPDX-License-Identifier: MIT
"""Compatibility with ns3-gym (https://github.com/tkn-tub/ns3-gym): its simulations as Gymnasium environments.

Importing this package registers `llmac/Ns3Gym-v0` with Gymnasium.
"""

import gymnasium

from llmac.bridge.ns3gym.env import Ns3GymEnv

__all__ = ["Ns3GymEnv"]

gymnasium.register(id="llmac/Ns3Gym-v0", entry_point="llmac.bridge.ns3gym:Ns3GymEnv")
