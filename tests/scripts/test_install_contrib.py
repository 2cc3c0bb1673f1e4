# SPDX-License-Identifier: MIT
"""scripts/install-contrib.sh: where it puts the module, and what it refuses."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def install(*arguments: str, folder: Path = ROOT) -> tuple[int, str]:
    """Exit status and what it says."""
    script = ROOT / "scripts" / "install-contrib.sh"
    ended = subprocess.run(["sh", script, *arguments], capture_output=True, text=True, cwd=folder, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_the_module_is_installed_with_the_wire_contract_and_replaced(tmp_path: Path) -> None:
    tree = tmp_path / "an ns-3"
    (tree / "contrib").mkdir(parents=True)
    (tree / "ns3").touch()
    module = tree / "contrib" / "ofdma-mac"
    assert install("an ns-3", folder=tmp_path) == (0, f"installed {module}\n")
    (module / "model" / "stale.cc").touch()
    assert install(str(tree))[0] == 0
    assert not (module / "model" / "stale.cc").exists()
    for part in ("CMakeLists.txt", "cmake/Wire.cmake", "model/ofdma-cell.cc", "wire/main.cc"):
        assert (module / part).read_bytes() == (ROOT / "ns3_module" / part).read_bytes()
    for part in ("proto/llmac/v1/wire.proto", "proto/ns3opengym/messages.proto", "pyproject.toml"):
        assert (module / "llmac" / part).read_bytes() == (ROOT / part).read_bytes()


def test_another_folder_and_another_module_are_left_alone(tmp_path: Path) -> None:
    assert install() == (2, "usage: scripts/install-contrib.sh NS3_TREE\n")
    status, said = install(str(tmp_path))
    assert status == 2
    assert "is no ns-3 source tree" in said
    other = tmp_path / "contrib" / "ofdma-mac"
    other.mkdir(parents=True)
    (tmp_path / "ns3").touch()
    (other / "precious.cc").touch()
    status, said = install(str(tmp_path))
    assert status == 2
    assert "holds another module" in said
    assert (other / "precious.cc").exists()
