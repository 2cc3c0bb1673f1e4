# SPDX-License-Identifier: MIT
"""Build hook: generates `llmac.v1` from proto/llmac/v1/*.proto and the digest that the handshake compares.

An editable install gets a tree of links to bridge/ and agents/, so that edits take effect at once.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProtobufBuildHook(BuildHookInterface):
    """Adds the generated package to the wheel; see `hatchling`'s build-hook interface."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate, and include what was generated."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        tree = root / "build" / "python" / "llmac"
        shutil.rmtree(tree / "v1", ignore_errors=True)
        tree.mkdir(parents=True, exist_ok=True)
        generate(root / "proto", tree.parent)
        if version == "editable":
            for name in ("agents", "bridge", "scenarios"):
                link = tree / name
                link.unlink(missing_ok=True)
                link.symlink_to(root / name)
            path_file = root / "build" / "llmac.pth"
            path_file.write_text(f"{tree.parent}\n")
            build_data["force_include_editable"] = {str(path_file): "llmac.pth"}
        else:
            build_data["force_include"][str(tree / "v1")] = "llmac/v1"


def generate(proto: Path, out: Path) -> None:
    """Write `llmac/v1/*_pb2.py`, their stubs and `digest.py` below `out`; raises RuntimeError when protoc refuses."""
    from grpc_tools import protoc  # noqa: PLC0415 (only there in the build environment)

    sources = sorted((proto / "llmac" / "v1").glob("*.proto"))
    arguments = ["protoc", f"-I{proto}", f"--python_out={out}", f"--pyi_out={out}", *map(str, sources)]
    if protoc.main(arguments) != 0:
        raise RuntimeError("protoc could not compile proto/llmac/v1/*.proto; its message is above")
    package = out / "llmac" / "v1"
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    (package / "digest.py").write_text(f'"""Of proto/llmac/v1/*.proto, for the handshake."""\n\nSCHEMA_DIGEST = "{digest}"\n')
    (package / "__init__.py").write_text('"""The wire contract, generated from proto/llmac/v1/."""\n')
    (package / "py.typed").touch()
