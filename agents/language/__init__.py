# SPDX-License-Identifier: MIT
"""Language agents: prompts, what may be said, and sentences that become actions."""
