# SPDX-License-Identifier: MIT
"""Build hook: generates Python code from proto/, and compiles what every exchange and every sentence go through.

`llmac.v1` comes from proto/llmac/v1/*.proto, with the digest that the handshake compares, and `llmac.ns3opengym` from
proto/ns3opengym/*.proto. Where compile_modules.py cannot compile, the same sources are interpreted.

An editable install gets a tree of links to bridge/ and agents/, so that edits take effect at once; what is compiled is
used as long as it is of the sources that are there (llmac_compiled.py).
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

GENERATED = ("v1", "ns3opengym")
LINKED = ("agents", "bridge", "scenarios")


class ProtobufBuildHook(BuildHookInterface):
    """Adds what was generated and compiled to the wheel; see `hatchling`'s build-hook interface."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate and compile, and include both."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        tree = root / "build" / "python" / "llmac"
        for name in GENERATED:
            shutil.rmtree(tree / name, ignore_errors=True)
        tree.mkdir(parents=True, exist_ok=True)
        generate(root / "proto", tree.parent)
        for name in LINKED:
            _link(tree / name, root / name)
        compiled = compile_modules(root, tree.parent)
        if version == "editable":
            _link(tree.parent / "llmac_compiled.py", root / "proto" / "llmac_compiled.py")
            path_file = root / "build" / "llmac.pth"
            path_file.write_text(f"{tree.parent}\nimport llmac_compiled\n")
            build_data["force_include_editable"] = {str(path_file): "llmac.pth"}
        else:
            build_data["force_include"].update({str(tree / name): f"llmac/{name}" for name in GENERATED})
            build_data["force_include"].update({str(file): name for name, file in compiled.items()})
            build_data["pure_python"], build_data["infer_tag"] = not compiled, bool(compiled)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def compile_modules(root: Path, tree: Path) -> dict[str, Path]:
    """The extension modules, by their place in the wheel; none where they cannot be compiled."""
    out = root / "build" / "compiled"
    command = [sys.executable, str(root / "proto" / "compile_modules.py"), str(tree), str(out)]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 (a script of ours)
        shutil.rmtree(out, ignore_errors=True)
        reason = "for the reason above; it is interpreted, which works as well, but is slower"
        print(f"llmac was not compiled, {reason}", file=sys.stderr)  # noqa: T201 (for the log of pip)
        return {}
    return {str(file.relative_to(out)): file for file in out.rglob("*.so")}


def generate(proto: Path, out: Path) -> None:
    """Write the packages GENERATED below `out`/llmac; raises RuntimeError when protoc refuses."""
    sources = sorted((proto / "llmac" / "v1").glob("*.proto"))
    _compile(proto, sources, out)
    package = out / "llmac" / "v1"
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    (package / "digest.py").write_text(
        f'"""Of proto/llmac/v1/*.proto, for the handshake."""\n\nSCHEMA_DIGEST = "{digest}"\n'
    )
    (package / "__init__.py").write_text('"""The wire contract, generated from proto/llmac/v1/."""\n')
    (package / "py.typed").touch()
    # Its protobuf package is ns3opengym, as that framework has it; in Python it lies inside ours.
    _compile(proto, sorted((proto / "ns3opengym").glob("*.proto")), out / "llmac")
    package = out / "llmac" / "ns3opengym"
    (package / "__init__.py").write_text('"""The messages of ns3-gym, generated from proto/ns3opengym/."""\n')
    (package / "py.typed").touch()


def _compile(proto: Path, sources: list[Path], out: Path) -> None:
    from grpc_tools import protoc  # noqa: PLC0415 (only there in the build environment)

    well_known = Path(protoc.__file__).parent / "_proto"  # google/protobuf/any.proto
    arguments = [f"-I{proto}", f"-I{well_known}", f"--python_out={out}", f"--pyi_out={out}", *map(str, sources)]
    if protoc.main(["protoc", *arguments]) != 0:
        raise RuntimeError(f"protoc could not compile {', '.join(map(str, sources))}; its message is above")
