#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: scripts/install-packages.sh VENV [EXTRA]
#
# Makes the virtual environment VENV and installs what pyproject.toml names to build and to run llmac (and the optional
# dependencies EXTRA, for instance dev), at the versions of constraints.txt. llmac itself is not installed here, so that
# a change of its sources repeats none of this.
#
# PYTHON       the interpreter, python3 by default
# TORCH_INDEX  where the CPU build of torch is looked for, besides pip's own indexes; PyTorch's by default
set -eu

venv=$1
extra=${2:-}
root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

"${PYTHON:-python3}" -m venv "$venv"
python=$venv/bin/python

# pip retries an index that does not answer for every single package, so ask once.
answers() {
    timeout 3 "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=3)' "$1" 2>/dev/null
}
if answers "$index/torch/"; then
    # A version with the local label +cpu goes before the same version without; --extra-index-url adds to pip's own.
    set -- --extra-index-url "$index"
else
    echo "$index does not answer; torch comes from pip's own indexes, where it may be the much larger CUDA build"
    set --
fi

"$python" - "$root/pyproject.toml" "$extra" >"$venv/requirements.txt" <<'EOF'
import sys
import tomllib

with open(sys.argv[1], "rb") as file:
    settings = tomllib.load(file)
project = settings["project"]
extra = project["optional-dependencies"][sys.argv[2]] if sys.argv[2] else []
print(*settings["build-system"]["requires"], *project["dependencies"], *extra, sep="\n")
EOF
"$python" -m pip --disable-pip-version-check install "$@" -r "$venv/requirements.txt" -c "$root/constraints.txt"
