# SPDX-License-Identifier: MIT
"""Whether the modules that every exchange goes through are compiled (proto/compile_bridge.py), or interpreted."""

from llmac.bridge import session

COMPILED = not session.__file__.endswith(".py")
