#!/bin/sh
# SPDX-License-Identifier: MIT
# ./run on a Debian with nothing installed, on two cores: within six minutes once everything is downloaded.
set -eu
cd "$(dirname "$0")/../.."
. scripts/setup.sh
. tests/docker/engine.sh

start_engine
provide_base_image

container=$(docker run -d --network host --cpus 2 "$base_image" sleep infinity)
end_container() {
    docker rm -f "$container" >/dev/null
    [ -z "${engine:-}" ] || stop_engine
}
trap end_container EXIT

# The sources alone, as a fresh clone has them.
tar --exclude=./.git --exclude=./.venv --exclude=./build --exclude=./out -c . | docker exec -i "$container" sh -c "mkdir /llmac && tar -C /llmac -x"
# The official image removes downloaded packages at every turn, which would put them into the measured time.
logged minimal-download "Downloading packages" docker exec "$container" sh -c \
    "rm -f /etc/apt/apt.conf.d/docker-clean && apt-get -q update &&
     apt-get -q -y --no-install-recommends --download-only install $system_packages"

# The limit holds for processor time: other work on this machine must not fail the check, and alone on the machine ./run
# takes less, as it uses both cores.
started=$(date +%s)
timeout 1500 docker exec "$container" sh -c '/llmac/run && times >/times'
processor=$(docker exec "$container" tail -n 1 /times | tr ms '  ' | awk '{ print int(60 * $1 + $2 + 60 * $3 + $4) }')
echo "./run took $(($(date +%s) - started)) s, with $processor s of processor time"
[ "$processor" -le 360 ] || fail "./run took more than six minutes of processor time on a minimal Debian"
docker exec "$container" /llmac/run doctor
