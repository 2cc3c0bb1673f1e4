# SPDX-License-Identifier: MIT
"""The wire to a cell process, from the bytes up: frame, transport, handshake, codec; docs/wire.md specifies it."""
