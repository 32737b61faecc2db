#!/bin/sh
# examples_test.sh ENHANCE RUN_CASE: the example programs, linked with a network that inverts colours.
set -eu
enhance=$1
run_case=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect_error MESSAGE COMMAND...: status 1 and exactly this one line.
expect_error() {
  message=$1
  shift
  status=0
  "$@" >out.txt 2>err.txt || status=$?
  if [ $status -ne 1 ] || [ "$(cat err.txt)" != "error: $message" ]; then
    echo "$*: status $status, said: $(cat err.txt)"
    echo "expected: error: $message"
    exit 1
  fi
}

# A picture of 19 x 11 pixels, its complement, and an image of one pixel.
awk 'BEGIN { for (i = 0; i < 627; ++i) printf "%s0%03o", "\\", (i * 89) % 256 }' >octal
{ printf 'P6 19 11 255\n'; printf '%b' "$(cat octal)"; } >in.ppm
awk 'BEGIN { for (i = 0; i < 627; ++i) printf "%s0%03o", "\\", 255 - (i * 89) % 256 }' >octal
printf '%b' "$(cat octal)" >expected.rgb
{ printf 'P6 1 1 255\n'; printf abc; } >tiny.ppm

"$enhance" in.ppm out.png --raw out.rgb --side-by-side both.png | grep -q '^11x19 -> 11x19 pixels (height x width) in '
cmp out.rgb expected.rgb
"$enhance" in.ppm out.png --raw float.rgb --float --threads 3 --repeat 2 >/dev/null
cmp float.rgb expected.rgb
"$enhance" out.png again.png --raw again.rgb >/dev/null
tail -c 627 in.ppm | cmp - again.rgb
test -s both.png

expect_error "missing.png: No such file or directory" "$enhance" missing.png out.png
echo "no picture" >text.txt
expect_error "text.txt: not an image that can be read (unknown image type)" "$enhance" text.txt out.png
expect_error "tiny.ppm: 1 x 1 pixels: the image is smaller than the network's minimum" "$enhance" tiny.ppm no.png
test ! -e no.png
expect_error "no/out.png: No such file or directory" "$enhance" in.ppm no/out.png
expect_error "--threads needs a number from 1 on" "$enhance" in.ppm out.png --threads x

# Every layout and thread count writes the same bytes, for 8-bit and for float.
tail -c 627 in.ppm >in.u8
for layout in planar interleaved rgba crop; do
  "$run_case" in.u8 out.u8 11 19 3 --u8 --layout $layout --threads 3 --repeat 2 | grep -q '^out 11 19 3$'
  cmp out.u8 expected.rgb
done
head -c 504 in.ppm >in.f32 # 6 x 7 x 3 floats, whatever they are
"$run_case" in.f32 first.f32 6 7 3 | grep -q '^min_ms [0-9.]*$'
for layout in planar interleaved rgba crop; do
  "$run_case" in.f32 out.f32 6 7 3 --layout $layout --threads 2 >/dev/null
  cmp out.f32 first.f32
done
test ! -e out.f32.partial

# The features of a CPU come from the command line or from the CPU.
"$run_case" in.u8 out.u8 11 19 3 --u8 --features 3 >/dev/null
cmp out.u8 expected.rgb
expect_error "11 x 19 x 3: the library has no code for this CPU" "$run_case" in.u8 out.u8 11 19 3 --u8 --features 2
"$run_case" --cpu-features | grep -qx '[0-9]*'

expect_error "in.u8: must hold exactly 630 bytes" "$run_case" in.u8 out.u8 10 21 3 --u8
expect_error "1 x 1: the image is smaller than the network's minimum" "$run_case" in.u8 out.u8 1 1 3 --u8
expect_error "11 x 57 x 1: an image has the wrong number of channels" "$run_case" in.u8 out.u8 11 57 1 --u8
echo "examples: ok"
