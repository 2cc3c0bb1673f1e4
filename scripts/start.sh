#!/bin/sh
# SPDX-License-Identifier: MIT
# With arguments: `llmac ARGUMENTS`. Without: the agents side by side, on fixed block error rates (comparable
# with the literature) and on a real radio. Needs `llmac` on the PATH; OUT is the folder of the results, ./out by default.
set -eu

if [ $# -gt 0 ]; then
    exec llmac "$@"
fi
out=${OUT:-out}
for scenario in paper near-far; do
    llmac run "$scenario" --out "$out/$scenario"
done
echo "summary.json and trace.parquet of both are in $out/"
