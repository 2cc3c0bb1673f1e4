# SPDX-License-Identifier: MIT
"""Many runs, of agents in cells at seeds, over a pool of processes, into one table that a killed sweep goes on from."""
