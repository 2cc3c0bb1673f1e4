# SPDX-License-Identifier: MIT
"""Whether what can be compiled (proto/compile_modules.py) is, or is interpreted."""

from llmac.bridge import session

COMPILED = not session.__file__.endswith(".py")
