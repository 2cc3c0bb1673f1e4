#!/bin/sh
# SPDX-License-Identifier: MIT
# ./run on a Debian with nothing installed, on two cores, within six minutes once everything is downloaded.
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

started=$(date +%s)
timeout 600 docker exec "$container" /llmac/run
seconds=$(($(date +%s) - started))
echo "./run took $seconds s"
[ "$seconds" -le 360 ] || fail "./run took longer than six minutes on a minimal Debian with two cores"
docker exec "$container" /llmac/run doctor
