# SPDX-License-Identifier: MIT
"""The protocol action grammar (PAG): what the parties can say and do, as sentences and as codes. See docs/pag.md."""
