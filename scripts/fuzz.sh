#!/bin/sh
# SPDX-License-Identifier: MIT
# sh scripts/fuzz.sh [RUNS]: so many inputs (a million) for the decoders of both sides.
# C++: libFuzzer with AddressSanitizer and UBSan, needs clang. Python: random and damaged messages, compared with C++; and
# libFuzzer by atheris, if the extra `fuzz` is installed.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-1000000}
python=${PYTHON:-.venv/bin/python}

CC=clang CXX=clang++ cmake -S ns3_module -B build/cell-fuzz -G Ninja -DLLMAC_FUZZ=ON -DLLMAC_SANITIZE=ON \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
cmake --build build/cell-fuzz --target wire-fuzz
mkdir -p build/corpus
"$python" tests/bridge/corpus.py build/corpus 3000
ASAN_OPTIONS=detect_leaks=0 build/cell-fuzz/fuzz/wire-fuzz -runs="$runs" -max_len=4096 -print_final_stats=1 build/corpus
LLMAC_FUZZ_RUNS=$runs "$python" -m pytest -q tests/bridge/test_verdicts.py -o timeout=0
if "$python" -c 'import atheris' 2> /dev/null; then
    # By coverage of the sources, which what is compiled does not tell.
    LLMAC_INTERPRETED=1 PYTHONPATH=tests/bridge "$python" scripts/fuzz-python.py -runs="$runs" -max_len=4096 build/corpus-python
else
    echo "atheris is not installed (pip install 'llmac[fuzz]'): Python was not fuzzed by coverage"
fi
