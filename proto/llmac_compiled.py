# SPDX-License-Identifier: MIT
"""Of an editable install: finds the compiled modules, as long as they are of the sources that are there.

After an edit of one of the sources all of them are interpreted, until `pip install -e .`, ./run or ./test compiles them
anew. With LLMAC_INTERPRETED=1 they are interpreted, too.
"""

import sys


class CompiledModules:
    """A finder, see `importlib.abc.MetaPathFinder`. Every start of Python loads it, which is why it imports so late.

    Args:
        tree: folder with the package llmac.
        compiled: what proto/compile_modules.py has made of it.
    """

    def __init__(self, tree, compiled):  # noqa: ANN001, ANN204 (no types without imports)
        self._tree, self._compiled = tree, compiled
        self._files = None  # by module

    def find_spec(self, name, path=None, target=None):  # noqa: ANN001, ANN201, ARG002
        """A spec where there is a module that may be used."""
        if not name.startswith(("llmac.agents.", "llmac.bridge.")) and not name.endswith("__mypyc"):
            return None
        if self._files is None:
            self._files = self._usable()
        if name not in self._files:
            return None
        from importlib.util import spec_from_file_location  # noqa: PLC0415

        return spec_from_file_location(name, self._files[name])

    def _usable(self):  # noqa: ANN202
        import os  # noqa: PLC0415
        from hashlib import sha256  # noqa: PLC0415
        from importlib.machinery import EXTENSION_SUFFIXES  # noqa: PLC0415
        from json import loads  # noqa: PLC0415
        from pathlib import Path  # noqa: PLC0415

        tree, compiled = Path(self._tree), Path(self._compiled)
        record = compiled / "sources.json"
        if os.environ.get("LLMAC_INTERPRETED") or not record.is_file():
            return {}
        made_from = loads(record.read_text())
        suffix = made_from["suffix"]
        sources = made_from["sources"].items()
        if suffix not in EXTENSION_SUFFIXES or any(
            not (tree / file).is_file() or sha256((tree / file).read_bytes()).hexdigest() != digest
            for file, digest in sources
        ):
            return {}
        files = (str(file.relative_to(compiled)) for file in compiled.rglob(f"*{suffix}"))
        return {file.removesuffix(suffix).replace("/", "."): str(compiled / file) for file in files}


_TREE = __file__.rpartition("/")[0]
sys.meta_path.insert(0, CompiledModules(_TREE, f"{_TREE.rpartition('/')[0]}/compiled"))
