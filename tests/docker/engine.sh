# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced from the top of the checkout by the checks of this folder: gives them a Docker engine and the base image.
#
# Where no engine answers, root gets one of its own for the time of the check, apart from the system's. Where no registry
# can be reached, the base image is made from Debian's packages, and finds Python packages in a folder brought along.

base_image=debian:bookworm-slim

# What is started is ended by EXIT traps, which a signal alone would not run.
trap 'exit 143' HUP INT TERM

# What these checks keep for the next time: the wheels of the Python packages and the layers of the images.
cache=$PWD/build/docker

missing() {
    echo "llmac: the image cannot be tested: $1" >&2
    exit 1
}

# within SECONDS COMMAND...: whether the command succeeds in time, tried once a second.
within() {
    patience=$1
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$patience" -gt 0 ] || return 1
        patience=$((patience - 1))
        sleep 1
    done
}

stop_engine() {
    kill "$engine"
    wait "$engine" || true
    umount "$run/exec/netns/default" 2>/dev/null || true # dockerd leaves it behind
    rm -rf "$run"
}

start_engine() {
    if docker info >/dev/null 2>&1; then
        return 0
    fi
    [ "$(id -u)" = 0 ] || missing "no Docker engine answers, and only root may start one"
    if ! command -v dockerd >/dev/null; then
        install_packages docker.io
        within 10 docker info && return 0 # where services start by themselves
    fi
    mkdir -p "$cache"
    run=$(mktemp -d)
    DOCKER_HOST=unix://$run/docker.sock
    export DOCKER_HOST
    dockerd --host "$DOCKER_HOST" --data-root "$cache/engine" --exec-root "$run/exec" --pidfile "$run/docker.pid" \
        >build/log/dockerd.log 2>&1 &
    engine=$!
    trap stop_engine EXIT
    within 60 docker info || missing "dockerd does not start; its log is build/log/dockerd.log"
}

# What the wheels are chosen by.
wheels() {
    hash_of .venv/requirements.txt constraints.txt
}

# The packages of .venv as wheels for Debian 12's Python, from wherever this machine's pip finds them.
gather_wheels() {
    .venv/bin/pip download -q --python-version 3.11 --only-binary :all: --dest "$cache/wheels" \
        -r .venv/requirements.txt -c constraints.txt
}

# A Debian with apt's sources and proxy of this machine and nothing else but the wheels.
make_base_image() {
    install_packages debootstrap debian-archive-keyring
    root=$cache/root
    rm -rf "$root"
    logged debootstrap "Making $base_image" debootstrap --variant=minbase bookworm "$root" "$(apt_mirror)"
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null &&
        : >"$root/etc/apt/sources.list"
    apt-config dump | grep -i '::proxy' >"$root/etc/apt/apt.conf.d/proxy" || true
    logged wheels "Gathering Python packages" gather_wheels
    cp -r "$cache/wheels" "$root/opt/wheels"
    printf '[global]\nno-index = true\nfind-links = /opt/wheels\n' >"$root/etc/pip.conf"
    tar -C "$root" -c . | docker import --change "LABEL wheels=$(wheels)" - "$base_image" >/dev/null
    rm -rf "$root"
}

# The first Debian mirror that apt is told here.
apt_mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null |
        sed -n 's/^\(deb\|URIs:\)[^#]*\(https\{0,1\}:[^ ]*\/debian\)\/\{0,1\}\( .*\)\{0,1\}$/\2/p' | head -n 1 |
        grep . || echo http://deb.debian.org/debian
}

provide_base_image() {
    # One that was made here is made again when it holds other wheels than the pinned ones; the official one has no label.
    case $(docker image inspect --format '{{.Config.Labels.wheels}}' "$base_image" 2>/dev/null || echo none) in
    "$(wheels)" | "<no value>") return 0 ;;
    esac
    if timeout 120 docker pull -q "$base_image" 2>/dev/null; then
        return 0
    fi
    [ "$(id -u)" = 0 ] || missing "$base_image cannot be pulled, and only root can make it with debootstrap"
    make_base_image
}

# build_image TARGET NAME
build_image() {
    logged "image-$1" "Building the image $2" docker build --network host --target "$1" -t "$2" .
}
