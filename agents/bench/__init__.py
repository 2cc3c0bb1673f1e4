# SPDX-License-Identifier: MIT
"""What `llmac bench` measures, each kind in a module of its own.

A kind offers `figures(rounds, ...)`, which measures in interleaved rounds (`rounds.py`) and returns a list of `Figure`;
the command line prints them beside their targets and writes them as flat JSON (`figures.py`).
"""
