#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the image and compares what it prints and measures with what the checkout does; then cells in containers that
# llmac starts. Needs ./test's set-up.
set -eu
cd "$(dirname "$0")/../.."
. scripts/setup.sh
. tests/docker/engine.sh

start_engine
provide_base_image
started=$(date +%s)
build_image all llmac
seconds=$(($(date +%s) - started))
echo "The image was built in $seconds s"
# It may take 15 minutes on two cores; others may be at work on this machine.
[ "$seconds" -le 1800 ] || fail "the image took more than half an hour to build"
build_image cell llmac-cell
build_image agents llmac-agents
megabytes() {
    echo $(($(docker image inspect --format '{{.Size}}' "$1") / 1000000))
}
base=$(megabytes "$base_image")
for image in llmac-cell llmac-agents llmac; do
    echo "$image: $(($(megabytes "$image") - base)) MB beyond its base"
done
torch=$(docker run --rm --entrypoint du llmac -sm /opt/llmac/lib/python3.11/site-packages/torch | cut -f 1)
echo "of these, torch has $torch MiB"
[ $(($(megabytes llmac-cell) - base)) -lt 250 ] || fail "the image of the cell has 250 MB or more beyond its base"

out=build/docker/out
rm -rf "$out"
mkdir -p "$out"

echo "The tour, without a network, on a read-only root, with results of the caller's:"
docker run --rm --network none --read-only --tmpfs /tmp --cap-drop ALL --user "$(id -u):$(id -g)" \
    -v "$PWD/$out:/out" llmac | tee "$out/tables"
grep -q genie "$out/tables" || fail "docker run llmac printed no tables"
[ "$(stat -c %u "$out/paper/summary.json")" = "$(id -u)" ] || fail "the results do not belong to the caller"

echo "Any user, the same numbers:"
without_times() {
    .venv/bin/python -c 'import json, sys; d = json.load(sys.stdin); d.pop("timing"); print(json.dumps(d))'
}
docker run --rm --network none --user 4711:4711 llmac run paper --seeds 2 --json | without_times >"$out/inside.json"
.venv/bin/llmac run paper --seeds 2 --json | without_times >"$out/outside.json"
diff "$out/outside.json" "$out/inside.json" || fail "the image measures something else than the checkout does"
echo "equal"

echo "A change of a Python file installs nothing again:"
rm -rf build/docker/changed
mkdir build/docker/changed
tar -c --exclude-from=.gitignore Dockerfile .dockerignore LICENSE README.md agents bridge constraints.txt ns3_module proto \
    pyproject.toml scenarios scripts | tar -x -C build/docker/changed
echo "# changed" >>build/docker/changed/agents/cli/__init__.py
logged image-changed "Building it again" docker build --network host -t llmac-changed build/docker/changed
layers() {
    docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' "$1"
}
layers llmac >"$out/before"
layers llmac-changed >"$out/after"
docker image rm -f llmac-changed >/dev/null
# Different are llmac itself and what is copied behind it, the script of the tour.
different=$(grep -c -v -x -F -f "$out/before" "$out/after" || true)
[ "$different" -le 2 ] || fail "a change of a Python file made $different layers anew"
echo "$different of $(wc -l <"$out/after") layers are new"

echo "The images as they are run, compose, cells in containers:"
docker compose version >/dev/null 2>&1 || install_packages docker-compose
# The SDK leaves the sockets of streams that were not read to their end to the garbage collector.
.venv/bin/pytest -q -m docker -W ignore::ResourceWarning tests/docker

# They wait most of the time.
echo "The reliability tests of local cells, with cells in containers:"
.venv/bin/pytest -q -m docker -W ignore::ResourceWarning -n 4 tests/bridge
