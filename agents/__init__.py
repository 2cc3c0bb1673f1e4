# SPDX-License-Identifier: MIT
"""Agents that play the cell's MAC protocol: language models, conventional protocols, evaluation, the command line."""
