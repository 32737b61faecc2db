#!/bin/sh
# same_bytes_test.sh RUNTIME_FOLDER SAME_BYTES_PROGRAM: the runtime as it ships for x86-64 and for ARM64, compiled as
# `qatc compile` does, gives the bytes that the evaluator's build of it gives.
set -eu
runtime=$1
program=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clang=
for tool in clang clang-14 clang-19; do
  if command -v $tool >/dev/null; then clang=$tool; fi
done
test -n "$clang"

"$program" >"$work/evaluator"
for arch in x86_64 aarch64; do
  "$clang" --target=$arch-linux-gnu -std=c11 -ffreestanding -O2 -fPIC -ffp-contract=off -fno-math-errno -fno-unroll-loops \
    -c "$runtime/qatc_runtime.c" -o "$work/$arch.o"
  case $arch in
    x86_64) cc=cc runner= ;;
    aarch64) cc=aarch64-linux-gnu-gcc runner=qemu-aarch64 ;;
  esac
  $cc -static -I "$runtime" "$here/same_bytes.c" "$work/$arch.o" -o "$work/$arch"
  $runner "$work/$arch" >"$work/$arch.bytes"
  cmp "$work/evaluator" "$work/$arch.bytes"
done
echo "$(wc -c <"$work/evaluator") bytes are the same"
