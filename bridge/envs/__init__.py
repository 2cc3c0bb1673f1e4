# SPDX-License-Identifier: MIT
"""Environments: columns for training and evaluation, PettingZoo's ParallelEnv on top of them."""
