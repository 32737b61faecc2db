/* Runs 'tiny', compiled for a list of instruction sets, on a fixed image and prints which code ran and then the bytes of
 * the result: `dispatch cpu` lets the library choose, `dispatch N` gives it the features N.
 *
 * ISAS is X(avx2) X(base) for these two. The linker's --wrap=tiny_for_avx2_run and so on sends the library's own calls
 * through the functions below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

enum { kHeight = 9, kWidth = 14, kChannels = 3, kValues = kHeight * kWidth * kChannels };

static const char* ran = "nothing";

#define X(isa)                                                                                            \
  size_t tiny_for_##isa##_arena_size(int32_t height, int32_t width);                                      \
  qatc_status __real_tiny_for_##isa##_run(const qatc_image* input, const qatc_image* output, void* arena, \
                                          size_t arena_size, const qatc_executor* executor);              \
  qatc_status __wrap_tiny_for_##isa##_run(const qatc_image* input, const qatc_image* output, void* arena, \
                                          size_t arena_size, const qatc_executor* executor);              \
  qatc_status __wrap_tiny_for_##isa##_run(const qatc_image* input, const qatc_image* output, void* arena, \
                                          size_t arena_size, const qatc_executor* executor) {             \
    ran = #isa;                                                                                           \
    return __real_tiny_for_##isa##_run(input, output, arena, arena_size, executor);                       \
  }
ISAS
#undef X

    /* The sizes are those of every instruction set. */
    static void
    check_sizes(void) {
  const int32_t sizes[][2] = {{9, 14}, {3, 1}, {2, 1}, {100, 100}, {1080, 1920}};
  size_t i;
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    const size_t size = tiny_arena_size(sizes[i][0], sizes[i][1]);
#define X(isa) \
  if (tiny_for_##isa##_arena_size(sizes[i][0], sizes[i][1]) != size) exit(1);
    ISAS
#undef X
  }
}

int main(int argc, char** argv) {
  static uint8_t in[kValues], out[kValues];
  qatc_image input = {in, kHeight, kWidth, kChannels, QATC_U8, kWidth * kChannels, kChannels, 1};
  qatc_image output = input;
  const size_t arena_size = tiny_arena_size(kHeight, kWidth);
  void* arena = malloc(arena_size);
  qatc_status status;
  int i;
  if (argc != 2) return 1;
  check_sizes();
  output.data = out;
  for (i = 0; i < kValues; ++i) in[i] = (uint8_t)(i * 37 % 256);
  status = strcmp(argv[1], "cpu") == 0
               ? tiny_run(&input, &output, arena, arena_size, NULL)
               : tiny_run_on((uint32_t)strtoul(argv[1], NULL, 10), &input, &output, arena, arena_size, NULL);
  free(arena);
  printf("%s\n", status == QATC_OK ? ran : qatc_status_string(status));
  for (i = 0; i < kValues; ++i) printf("%d\n", out[i]);
  return status == QATC_OK || status == QATC_CPU_UNSUPPORTED ? 0 : 1;
}
