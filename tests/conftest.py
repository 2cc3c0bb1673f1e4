# SPDX-License-Identifier: MIT
"""Property tests try the same examples in every run, and take the time that a busy machine needs."""

from hypothesis import settings

settings.register_profile("llmac", derandomize=True, deadline=None)
settings.load_profile("llmac")
