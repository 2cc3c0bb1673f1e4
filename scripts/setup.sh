# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by ./run and ./test at the top of the checkout: installs what is missing and builds the cell. What is there
# already and unchanged costs nothing: a stamp holds the hash of what a step was made from.

# shellcheck disable=SC2034 # ./run and ./test install them
system_packages="ca-certificates cmake cppzmq-dev g++ libgsl-dev libns3-dev libprotobuf-dev libzmq3-dev ninja-build \
pkg-config protobuf-compiler python3 python3-dev python3-venv"

# Only ./test needs a browser, for the page of `llmac report`. Ubuntu has it as a snap only; without one its tests are skipped.
# shellcheck disable=SC2034
case $(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null) in
debian) test_packages=chromium ;;
*) test_packages= ;;
esac

# fail SENTENCE
fail() {
    echo "llmac: $1" >&2
    exit 1
}

# logged NAME SENTENCE COMMAND...: runs the command with its output in a log, which is shown only when it fails.
logged() {
    log=build/log/$1.log
    echo "$2 (log: $log)" >&2
    shift 2
    mkdir -p build/log
    "$@" >"$log" 2>&1 || {
        tail -n 25 "$log" >&2
        fail "this failed: $* (the whole log is $log)"
    }
}

# hash_of PATH...: one hash over names and contents, and over the place, which a virtual environment holds too.
hash_of() {
    { pwd && find "$@" -type f -not -name '*.pyc' -exec sha256sum {} + | LC_ALL=C sort; } | sha256sum | cut -d ' ' -f 1
}

# install_packages PACKAGE...: those that are missing, if this user may.
install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "This is neither Debian nor Ubuntu; the equivalents of these packages must be there: $*" >&2
        return 0
    fi
    for package in "$@"; do
        shift
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || set -- "$@" "$package"
    done
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ]; then
        sudo="env"
    elif sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        fail "system packages are missing; type: sudo apt-get update && sudo apt-get install --no-install-recommends $*"
    fi
    # shellcheck disable=SC2086 # $sudo is a list of words
    logged apt-update "Reading the package lists" $sudo apt-get -q -o Acquire::Retries=3 update
    # shellcheck disable=SC2086
    logged apt-install "Installing $*" $sudo DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
        -o DPkg::Lock::Timeout=120 --no-install-recommends install "$@"
}

# set_up_python EXTRA: .venv with the pinned packages and llmac itself, linked to the sources.
set_up_python() {
    extra=$1
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null || fail "there is no $python; install Python 3.11 or later, or name one in PYTHON"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version) is too old; llmac needs 3.11 or later, which PYTHON may name"

    # The stamp is a hash and the extra; with an extra, everything is there that is there without.
    packages=$(hash_of pyproject.toml constraints.txt scripts/install-packages.sh)
    case $(cat .venv/packages.stamp 2>/dev/null) in
    "$packages $extra" | "$packages dev") ;;
    *)
        logged packages "Installing Python packages into .venv" sh scripts/install-packages.sh .venv "$extra"
        echo "$packages $extra" >.venv/packages.stamp
        ;;
    esac
    # Of the sources, those that are compiled (proto/compile_modules.py).
    project=$(hash_of pyproject.toml proto bridge/session.py bridge/timing.py bridge/envs/columns.py bridge/wire \
        agents/engine/backend.py agents/engine/draft.py agents/engine/memory.py agents/engine/sentence.py \
        agents/language/guides.py agents/language/phrases.py)
    if [ "$project" != "$(cat build/python/stamp 2>/dev/null)" ] || [ ! -x .venv/bin/llmac ]; then
        logged llmac "Installing llmac into .venv" \
            .venv/bin/pip --disable-pip-version-check install --no-deps --no-build-isolation --editable .
        echo "$project" >build/python/stamp
    fi
}

# set_up_cell TREE TARGET [CMAKE OPTION...]: the cell, or all with its tests and examples, in build/TREE.
set_up_cell() {
    tree=$1
    target=$2
    shift 2
    # A build tree knows its place; one that was copied from elsewhere is of no use.
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/ns3_module" "build/$tree/CMakeCache.txt" || rm -rf "build/$tree"
    if [ ! -f "build/$tree/build.ninja" ]; then
        logged "$tree-configure" "Configuring build/$tree" cmake -S ns3_module -B "build/$tree" -G Ninja "$@"
    fi
    logged "$tree-build" "Building $target in build/$tree" cmake --build "build/$tree" --target "$target"
}
