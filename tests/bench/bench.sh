#!/bin/sh
# usage: bench.sh QATC CC BUILD_DIR [MODEL.onnx [OPTION...]]: the network against ONNX Runtime from npm; options are
# those of compare_onnxruntime.cjs.
set -eu
qatc=$1 cc=$2 build=$3
shift 3
model=${1:-tests/models/demo/model.onnx}
[ $# -eq 0 ] || shift
work=$build/bench
mkdir -p "$work"
if [ ! -d "$work/node_modules/onnxruntime-node" ]; then
  # Without its install script, which fetches a build for graphics cards.
  npm install --silent --ignore-scripts --prefix "$work" onnxruntime-node@1.30.0
fi
"$qatc" compile "$model" --name bench --target host -o "$work/out"
"$cc" -O2 -DQATC_MODEL_HEADER='"bench.h"' -DQATC_MODEL=bench -I "$work/out" -I runtime runtime/examples/run_case.c \
  "$work/out/host/libbench.a" "$work/out/host/libqatc_runtime.a" -lpthread -o "$work/run_case"
"$cc" -O2 tests/bench/peak.c -o "$work/peak"
macs=$("$qatc" inspect "$model" --json | sed -n 's/.*"multiply_adds_per_pixel": *\([0-9.]*\).*/\1/p' | head -n 1)
NODE_PATH=$work/node_modules node tests/bench/compare_onnxruntime.cjs "$model" "$work/run_case" "$work/peak" \
  --macs-per-pixel "${macs:-0}" --json "$work/result.json" "$@"
