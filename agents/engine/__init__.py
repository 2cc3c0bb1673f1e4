# SPDX-License-Identifier: MIT
"""Inference: sentences of many agents at once from one model, under the grammar."""
