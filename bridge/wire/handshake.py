# SPDX-License-Identifier: MIT
"""Whether a peer that says Hello can be talked to."""

from llmac.bridge.wire.frame import PROTOCOL_VERSION
from llmac.v1 import wire_pb2
from llmac.v1.digest import SCHEMA_DIGEST

REMEDY = "install the llmac and build the cell of one release, from one source"


def refusal_of(hello: wire_pb2.Hello) -> str | None:
    """Why this peer is refused, a sentence; None when it is welcome."""
    if hello.schema_digest == SCHEMA_DIGEST:
        return None
    return (
        f"the cell {hello.cell_version} was built from schema {hello.schema_digest[:12] or 'none'} "
        f"and this llmac from {SCHEMA_DIGEST[:12]}; {REMEDY}"
    )


def refusal_of_version(version: int) -> str:
    """Why a peer of another protocol version is refused, a sentence."""
    return f"the cell speaks protocol version {version} and this llmac speaks version {PROTOCOL_VERSION}; {REMEDY}"
