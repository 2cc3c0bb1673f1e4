# SPDX-License-Identifier: MIT
"""Conventional protocols and references: what language agents are measured against."""
