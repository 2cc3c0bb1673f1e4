# SPDX-License-Identifier: MIT
"""The bridge between an ns-3 cell and its agents: scenarios, wire, action grammar, sessions, environments."""
