/* Uses a generated library as a careful app would, and as a careless one might. Valid C11 and C++17; prints
 * "ok". The network is tests/emit/tiny.txt: 3 channels in and out, the size stays, the smallest image is 3
 * x 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qatc_threads.h"
#include "tiny.h"

enum { kHeight = 21, kWidth = 13, kChannels = 3, kValues = kHeight * kWidth * kChannels, kUntouched = 0xA5 };

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "line %d: %s is not so\n", __LINE__, #condition); \
      exit(1);                                                          \
    }                                                                   \
  } while (0)

static uint8_t in_bytes[kValues], out_bytes[kValues], expected_bytes[kValues];
static float in_floats[kValues], out_floats[kValues];

static qatc_image interleaved(void* data, qatc_type type) {
  const ptrdiff_t size = type == QATC_U8 ? 1 : (ptrdiff_t)sizeof(float);
  qatc_image image;
  image.data = data;
  image.height = kHeight;
  image.width = kWidth;
  image.channels = kChannels;
  image.type = type;
  image.row_stride = size * kWidth * kChannels;
  image.pixel_stride = size * kChannels;
  image.channel_stride = size;
  return image;
}

static void check_sizes(void) {
  int32_t height = -1, width = -1, channels = -1;
  CHECK(TINY_MIN_HEIGHT == 3 && TINY_MIN_WIDTH == 1);
  CHECK(tiny_output_size(kHeight, kWidth, &height, &width, &channels) == QATC_OK);
  CHECK(height == kHeight && width == kWidth && channels == kChannels);
  CHECK(tiny_output_size(1, 1, &height, &width, &channels) == QATC_SIZE_TOO_SMALL);
  CHECK(tiny_output_size(-5, 7, &height, &width, &channels) == QATC_SIZE_TOO_SMALL);
  CHECK(tiny_output_size(8, TINY_MAX_WIDTH + 1, &height, &width, &channels) == QATC_SIZE_TOO_LARGE);
  CHECK(height == kHeight && width == kWidth && channels == kChannels);
  CHECK(tiny_output_size(8, 8, NULL, &width, &channels) == QATC_NULL_ARGUMENT);
  CHECK(tiny_arena_size(3, 1) > 0);
  CHECK(tiny_arena_size(4096, 4096) > 0);
  CHECK(tiny_arena_size(2, 100) == 0);
  CHECK(tiny_arena_size(0, 0) == 0);
  CHECK(tiny_arena_size(INT32_MIN, INT32_MAX) == 0);
  CHECK(tiny_arena_size(TINY_MAX_HEIGHT, TINY_MAX_WIDTH + 1) == 0);
}

/* Every fault has its status, and nothing is written. */
static void check_faults(void) {
  const size_t size = tiny_arena_size(kHeight, kWidth);
  uint8_t* arena = (uint8_t*)malloc(size);
  const qatc_image input = interleaved(in_bytes, QATC_U8), output = interleaved(out_bytes, QATC_U8);
  qatc_image bad;
  int i;
  memset(out_bytes, kUntouched, sizeof out_bytes);
  CHECK(tiny_run(NULL, &output, arena, size, NULL) == QATC_NULL_ARGUMENT);
  CHECK(tiny_run(&input, NULL, arena, size, NULL) == QATC_NULL_ARGUMENT);
  CHECK(tiny_run(&input, &output, NULL, size, NULL) == QATC_NULL_ARGUMENT);
  CHECK(tiny_run(&input, &output, arena, size - 1, NULL) == QATC_ARENA_TOO_SMALL);
  CHECK(tiny_run(&input, &output, arena, 0, NULL) == QATC_ARENA_TOO_SMALL);
  /* A library for one instruction set that is no base asks for it when the app names features, as the linking test knows. */
  CHECK(tiny_run_on(0, &input, &output, arena, size - 1, NULL) ==
        (TINY_NEEDS == 0 ? QATC_ARENA_TOO_SMALL : QATC_CPU_UNSUPPORTED));
  CHECK(tiny_run_on(TINY_NEEDS, &input, &output, arena, size - 1, NULL) == QATC_ARENA_TOO_SMALL);
#define CHECK_INPUT(change, status)                                \
  do {                                                             \
    bad = input;                                                   \
    bad.change;                                                    \
    CHECK(tiny_run(&bad, &output, arena, size, NULL) == (status)); \
  } while (0)
#define CHECK_OUTPUT(change, status)                              \
  do {                                                            \
    bad = output;                                                 \
    bad.change;                                                   \
    CHECK(tiny_run(&input, &bad, arena, size, NULL) == (status)); \
  } while (0)
  CHECK_INPUT(data = NULL, QATC_NULL_ARGUMENT);
  CHECK_INPUT(channels = 4, QATC_WRONG_CHANNELS);
  CHECK_INPUT(type = (qatc_type)2, QATC_WRONG_TYPE);
  CHECK_INPUT(height = 2, QATC_SIZE_TOO_SMALL);
  CHECK_INPUT(height = -1, QATC_SIZE_TOO_SMALL);
  CHECK_INPUT(width = TINY_MAX_WIDTH + 1, QATC_SIZE_TOO_LARGE);
  CHECK_INPUT(row_stride = PTRDIFF_MAX, QATC_BAD_STRIDE);
  CHECK_OUTPUT(data = NULL, QATC_NULL_ARGUMENT);
  CHECK_OUTPUT(channels = 1, QATC_WRONG_CHANNELS);
  CHECK_OUTPUT(type = (qatc_type)2, QATC_WRONG_TYPE);
  CHECK_OUTPUT(height = kHeight + 1, QATC_WRONG_OUTPUT_SIZE);
  CHECK_OUTPUT(width = kWidth - 1, QATC_WRONG_OUTPUT_SIZE);
  CHECK_OUTPUT(row_stride = 0, QATC_BAD_STRIDE);
  CHECK_OUTPUT(pixel_stride = 1, QATC_BAD_STRIDE);
  for (i = 0; i < kValues; ++i) CHECK(out_bytes[i] == kUntouched);
  for (i = 0; i <= QATC_CPU_UNSUPPORTED; ++i) CHECK(qatc_status_string((qatc_status)i)[0] != 0);
  free(arena);
}

/* Any alignment, not a byte outside of the arena. */
static void check_arenas(void) {
  const size_t size = tiny_arena_size(kHeight, kWidth);
  uint8_t* memory = (uint8_t*)malloc(size + 200);
  const qatc_image input = interleaved(in_bytes, QATC_U8), output = interleaved(out_bytes, QATC_U8);
  size_t shift, i;
  for (shift = 64; shift < 128; ++shift) {
    memset(memory, kUntouched, size + 200);
    memset(out_bytes, 0, sizeof out_bytes);
    CHECK(tiny_run(&input, &output, memory + shift, size, NULL) == QATC_OK);
    CHECK(memcmp(out_bytes, expected_bytes, sizeof out_bytes) == 0);
    for (i = 0; i < shift; ++i) CHECK(memory[i] == kUntouched);
    for (i = shift + size; i < size + 200; ++i) CHECK(memory[i] == kUntouched);
  }
  free(memory);
}

static void run_with(const qatc_image* input, const qatc_image* output, const qatc_executor* executor) {
  const size_t size = tiny_arena_size(input->height, input->width);
  void* arena = malloc(size);
  CHECK(tiny_run(input, output, arena, size, executor) == QATC_OK);
  free(arena);
}

static void check_types_and_layouts(void) {
  qatc_image bytes_in = interleaved(in_bytes, QATC_U8), bytes_out = interleaved(out_bytes, QATC_U8);
  qatc_image floats_in = interleaved(in_floats, QATC_F32), floats_out = interleaved(out_floats, QATC_F32);
  int i;
  run_with(&floats_in, &bytes_out, NULL);
  CHECK(memcmp(out_bytes, expected_bytes, sizeof out_bytes) == 0);
  run_with(&bytes_in, &floats_out, NULL);
  for (i = 0; i < kValues; ++i) {
    const float scaled = out_floats[i] * 255.0F - (float)expected_bytes[i];
    CHECK(scaled >= -0.51F && scaled <= 0.51F);
  }
  /* Upside down in memory, on both sides, is the same picture. */
  {
    static uint8_t flipped[kValues];
    const size_t row = kWidth * kChannels;
    for (i = 0; i < kHeight; ++i) memcpy(flipped + (size_t)(kHeight - 1 - i) * row, in_bytes + (size_t)i * row, row);
    bytes_in.data = flipped + (kHeight - 1) * row;
    bytes_in.row_stride = -bytes_in.row_stride;
    run_with(&bytes_in, &bytes_out, NULL);
    CHECK(memcmp(out_bytes, expected_bytes, sizeof out_bytes) == 0);
  }
}

/* The result may take the image's place, or lie beside it in the same picture. */
static void check_in_place(const qatc_executor* executor) {
  static uint8_t picture[2 * kValues];
  const size_t row = kWidth * kChannels;
  qatc_image input = interleaved(picture, QATC_U8), output = interleaved(picture, QATC_U8);
  const size_t size = tiny_arena_size(kHeight, kWidth);
  void* arena = malloc(size);
  int i;
  memcpy(picture, in_bytes, kValues);
  CHECK(tiny_run(&input, &output, arena, size, executor) == QATC_OK);
  CHECK(memcmp(picture, expected_bytes, kValues) == 0);
  memset(picture, kUntouched, sizeof picture);
  input.row_stride = output.row_stride = 2 * (ptrdiff_t)row;
  output.data = picture + row;
  for (i = 0; i < kHeight; ++i) memcpy(picture + 2 * (size_t)i * row, in_bytes + (size_t)i * row, row);
  CHECK(tiny_run(&input, &output, arena, size, executor) == QATC_OK);
  for (i = 0; i < kHeight; ++i) {
    CHECK(memcmp(picture + 2 * (size_t)i * row, in_bytes + (size_t)i * row, row) == 0);
    CHECK(memcmp(picture + (2 * (size_t)i + 1) * row, expected_bytes + (size_t)i * row, row) == 0);
  }
  /* One row further down, rows would be overwritten that are still to be read. */
  memset(picture, kUntouched, sizeof picture);
  input = interleaved(picture, QATC_U8);
  output = interleaved(picture + row, QATC_U8);
  CHECK(tiny_run(&input, &output, arena, size, executor) == QATC_OVERLAP);
  for (i = 0; i < 2 * kValues; ++i) CHECK(picture[i] == kUntouched);
  free(arena);
}

/* An executor that calls the last index first. */
static void backwards(void* context, int32_t count, void (*body)(void* data, int32_t index), void* data) {
  int* calls = (int*)context;
  *calls += 1;
  while (count-- > 0) body(data, count);
}

static void run_one(void* data, int32_t index) {
  const qatc_image input = interleaved(in_bytes, QATC_U8);
  const qatc_image output = interleaved((uint8_t*)data + index * kValues, QATC_U8);
  run_with(&input, &output, NULL);
}

static void check_executors(void) {
  const qatc_image input = interleaved(in_bytes, QATC_U8), output = interleaved(out_bytes, QATC_U8);
  int calls = 0;
  qatc_executor executor;
  qatc_threads threads;
  static uint8_t results[6 * kValues];
  int i;
  executor.context = &calls;
  executor.parallel_for = backwards;
  for (executor.workers = 1; executor.workers < 40; ++executor.workers) {
    memset(out_bytes, 0, sizeof out_bytes);
    run_with(&input, &output, &executor);
    CHECK(memcmp(out_bytes, expected_bytes, sizeof out_bytes) == 0);
    check_in_place(&executor);
  }
  CHECK(calls > 0);
  /* Several calls at the same time. */
  qatc_threads_create(&threads, 3);
  qatc_threads_executor(&threads)->parallel_for(qatc_threads_executor(&threads)->context, 6, run_one, results);
  for (i = 0; i < 6; ++i) CHECK(memcmp(results + i * kValues, expected_bytes, sizeof expected_bytes) == 0);
  memset(out_bytes, 0, sizeof out_bytes);
  run_with(&input, &output, qatc_threads_executor(&threads));
  CHECK(memcmp(out_bytes, expected_bytes, sizeof out_bytes) == 0);
  qatc_threads_destroy(&threads);
}

int main(void) {
  const qatc_image input = interleaved(in_bytes, QATC_U8), expected = interleaved(expected_bytes, QATC_U8);
  int i;
  for (i = 0; i < kValues; ++i) {
    in_bytes[i] = (uint8_t)(i * 73 % 256);
    in_floats[i] = (float)in_bytes[i] / 255.0F;
  }
  run_with(&input, &expected, NULL);
  check_sizes();
  check_faults();
  check_arenas();
  check_types_and_layouts();
  check_in_place(NULL);
  check_executors();
  printf("ok\n");
  return 0;
}
