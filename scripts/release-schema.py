# SPDX-License-Identifier: MIT
"""Write the schema as it is now down as released: python scripts/release-schema.py, at a release and at no other time.

tests/bridge/test_schema.py refuses what breaks a peer that was built from it.
"""

from pathlib import Path

from google.protobuf import text_format

from llmac.bridge.wire.schema import RELEASED, current

if __name__ == "__main__":
    path = Path(__file__).parents[1] / "proto" / "released" / RELEASED
    path.write_text(text_format.MessageToString(current()))
