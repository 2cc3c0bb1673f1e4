#!/bin/sh
# SPDX-License-Identifier: MIT
# sh scripts/ns3gym-client.sh FOLDER [REPOSITORY]: a virtual environment with the unmodified Python client of ns3-gym.
# pip alone cannot install it: its setup.py wants messages_pb2.py, which is not in its repository. It needs a NumPy before
# 1.24 (it uses np.int), the discontinued gym, and protobuf 3.20: so an environment of its own, of Python 3.8 to 3.11.
set -eu
folder=${1:?usage: sh scripts/ns3gym-client.sh FOLDER [REPOSITORY]}
repository=${2:-https://github.com/tkn-tub/ns3-gym}
command -v protoc > /dev/null || { echo "protoc is missing: install protobuf-compiler" >&2; exit 1; }

"${PYTHON:-python3}" -c 'import sys; sys.exit((3, 8) > sys.version_info[:2] or sys.version_info[:2] > (3, 11))' || {
    echo "NumPy before 1.24 runs on Python 3.8 to 3.11; name one in PYTHON" >&2
    exit 1
}
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git clone -q --depth 1 "$repository" "$source"
protoc -I "$source/model" --python_out="$source/model/ns3gym/ns3gym" messages.proto
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install -q "$source/model/ns3gym" pyzmq "protobuf>=3.20,<3.21" "numpy<1.24" "gym<0.26"
echo "$folder/bin/python has ns3gym"
