/* Two networks in one program, as C and as C++: prints the bytes that `tiny` and then `other` make of one
 * image. */
#include <stdio.h>
#include <stdlib.h>

#include "other.h"
#include "tiny.h"

enum { kHeight = 9, kWidth = 14, kChannels = 3, kValues = kHeight * kWidth * kChannels };

typedef qatc_status (*run_function)(const qatc_image*, const qatc_image*, void*, size_t, const qatc_executor*);

static int print_result(run_function run, size_t arena_size) {
  static uint8_t in[kValues], out[kValues];
  qatc_image input = {in, kHeight, kWidth, kChannels, QATC_U8, kWidth * kChannels, kChannels, 1};
  qatc_image output = input;
  void* arena = malloc(arena_size);
  int i;
  output.data = out;
  for (i = 0; i < kValues; ++i) in[i] = (uint8_t)(i * 37 % 256);
  if (run(&input, &output, arena, arena_size, NULL) != QATC_OK) return 1;
  for (i = 0; i < kValues; ++i) printf("%d\n", out[i]);
  free(arena);
  return 0;
}

int main(void) {
  return print_result(tiny_run, tiny_arena_size(kHeight, kWidth)) +
         print_result(other_run, other_arena_size(kHeight, kWidth));
}
