# SPDX-License-Identifier: MIT
"""`mappo`: deep reinforcement learning without language, the rival of the language agents (docs/mappo.md)."""
