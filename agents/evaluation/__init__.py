# SPDX-License-Identifier: MIT
"""Episodes, their metrics, statistics over seeds, and what is written of them."""
