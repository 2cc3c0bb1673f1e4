#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the image and compares what it prints and measures with what the checkout does. Needs ./test's set-up.
set -eu
cd "$(dirname "$0")/../.."
. scripts/setup.sh
. tests/docker/engine.sh

start_engine
provide_base_image
logged image "Building the image" docker build --network host -t llmac .

out=build/docker/out
rm -rf "$out"
mkdir -p "$out"
chmod 777 "$out"

echo "The tour, without a network:"
docker run --rm --network none -v "$PWD/$out:/out" llmac | tee "$out/tables"
grep -q genie "$out/tables" || fail "docker run llmac printed no tables"

echo "Any user, the same numbers:"
docker run --rm --network none --user 4711:4711 llmac run paper --seeds 2 --json >"$out/inside.json"
.venv/bin/llmac run paper --seeds 2 --json >"$out/outside.json"
diff "$out/outside.json" "$out/inside.json" || fail "the image measures something else than the checkout does"
echo "equal"
