#!/bin/sh
# freestanding_test.sh RUNTIME_FOLDER: the runtime compiles for every target without a sysroot, needs no library but for
# the question which CPU this is, and is small.
set -eu
runtime=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_tool() {
  for tool in "$1" "$1-14" "$1-19" "$1-16" "$1-15" "$1-17" "$1-18"; do
    if command -v "$tool" >/dev/null; then
      echo "$tool"
      return
    fi
  done
  echo "no $1 here" >&2
  exit 1
}
clang=$(find_tool clang)
nm=$(find_tool llvm-nm)
size=$(find_tool llvm-size)

for target in aarch64-linux-gnu aarch64-linux-android arm64-apple-ios arm64-apple-macos x86_64-linux-gnu; do
  total=0
  for source in qatc_runtime qatc_cpu qatc_threads; do
    "$clang" --target=$target -std=c11 -ffreestanding -O2 -fPIC -fno-stack-protector -ffp-contract=off -fno-math-errno \
      -fno-unroll-loops -Wall -Wextra -Wpedantic -Werror -c "$runtime/$source.c" -o "$work/$source.o"
    undefined=$("$nm" -u "$work/$source.o") # by itself, so that its failure is one
    for symbol in $(printf '%s\n' "$undefined" | awk '{ sub(/^_/, "", $NF); print $NF }'); do
      case $source:$symbol in
        *:memcpy | *:memset | qatc_threads:pthread_* | qatc_cpu:getauxval | qatc_cpu:sysctlbyname) ;;
        *)
          echo "$target: $source needs $symbol"
          exit 1
          ;;
      esac
    done
    sizes=$("$size" "$work/$source.o")
    text=$(printf '%s\n' "$sizes" | awk 'NR == 2 { print $1 }')
    echo "$target $source: $text bytes"
    # Threads are the app's choice.
    test $source = qatc_threads || total=$((total + text))
  done
  echo "$target: $total bytes of 12288"
  test "$total" -le 12288
done
