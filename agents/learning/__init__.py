# SPDX-License-Identifier: MIT
"""Learning from recorded teachers."""
