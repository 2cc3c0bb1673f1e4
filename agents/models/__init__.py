# SPDX-License-Identifier: MIT
"""Causal language models: the small default, its tokenizer, and checkpoints."""
