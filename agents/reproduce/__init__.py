# SPDX-License-Identifier: MIT
"""The figures of the paper on ns-3, what the simulator's layers cost, and what a decision delay does."""
