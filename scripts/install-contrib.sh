#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the module into an ns-3 source tree, of ns-3.37 or later, as contrib/ofdma-mac:
#   scripts/install-contrib.sh NS3_TREE
# Run again, it replaces what it installed. ns3_module/README.md says how it is built there.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: scripts/install-contrib.sh NS3_TREE" >&2
    exit 2
fi
tree=$1
if [ ! -f "$tree/ns3" ] || [ ! -d "$tree/contrib" ]; then
    echo "$tree is no ns-3 source tree of version 3.37 or later: it has no script ns3 and folder contrib" >&2
    exit 2
fi
module=$tree/contrib/ofdma-mac
if [ -e "$module" ] && [ ! -f "$module/model/ofdma-cell.cc" ]; then
    echo "$module is there and holds another module; move it away" >&2
    exit 2
fi

cd "$(dirname "$0")/.."
case $module in /*) ;; *) module=$OLDPWD/$module ;; esac
rm -rf "$module"
mkdir -p "$module/llmac/tests"
cp -Rp ns3_module/. "$module"
cp -Rp proto pyproject.toml "$module/llmac"
cp -Rp tests/vectors "$module/llmac/tests"
echo "installed $module"
