/* Runs the candidates of one kernel: `measure [MILLISECONDS]`. Every candidate is run once on the same random tensors;
 * with a time, each is then measured against the first, in turn. One line a candidate:
 *
 *   candidate INDEX same|different [LEAST MEDIAN]
 *
 * whether it wrote the same bytes as the first, the ratio of the least times, and the median of the ratios of two runs
 * next to each other. Exit status 0, or 2 for wrong usage, 3 when memory is missing. */
#include "measure_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUN_NANOSECONDS = 150000, MOST_RUNS = 2000, LEAST_RUNS = 7 };

static uint64_t random_state = 88172645463325252u;

static uint32_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 32);
}

/* Random bytes at a multiple of QATC_ALIGNMENT, with room around them: a kernel may read a vector past the end. */
static uint8_t* memory(size_t bytes) {
  uint8_t* all = malloc(bytes + 8 * QATC_ALIGNMENT);
  if (all == NULL) {
    fputs("measure: no memory\n", stderr);
    exit(3);
  }
  for (size_t i = 0; i < bytes + 8 * QATC_ALIGNMENT; ++i) all[i] = (uint8_t)random_bits();
  return qatc_align_pointer(all + QATC_ALIGNMENT);
}

static qatc_tensor tensor_of(const input_shape* shape) {
  qatc_tensor tensor = {.height = shape->height, .width = shape->width, .pixel_bytes = shape->channels};
  memcpy(tensor.border, shape->border, sizeof tensor.border);
  qatc_place_tensor(&tensor, memory(qatc_tensor_bytes(&tensor)));
  return tensor;
}

static size_t sums_bytes(void) { return (size_t)out_rows * (size_t)out_channels * sizeof(int32_t); }

static call_data make_data(void) {
  call_data data;
  data.inputs = (qatc_tensor*)(void*)memory((size_t)input_count * sizeof(qatc_tensor));
  data.outputs = (qatc_tensor*)(void*)memory((size_t)output_count * sizeof(qatc_tensor));
  data.x_maps = (int32_t**)(void*)memory((size_t)input_count * sizeof(int32_t*));
  data.y_maps = (int32_t**)(void*)memory((size_t)input_count * sizeof(int32_t*));
  for (int32_t i = 0; i < input_count; ++i) {
    const input_shape* shape = &input_shapes[i];
    data.inputs[i] = tensor_of(shape);
    data.x_maps[i] = (int32_t*)(void*)memory((size_t)out_width * sizeof(int32_t));
    data.y_maps[i] = (int32_t*)(void*)memory((size_t)out_rows * sizeof(int32_t));
    qatc_resize_map(data.x_maps[i], out_width, shape->width, out_width, shape->width);
    qatc_resize_map(data.y_maps[i], out_rows, shape->height, out_rows, shape->height);
  }
  const input_shape out = {out_rows, out_width, out_channels, {0, 0, 0, 0}};
  for (int32_t i = 0; i < output_count; ++i) data.outputs[i] = tensor_of(&out);
  for (int32_t i = 0; i < sums_count; ++i) data.sums[i] = (int32_t*)(void*)memory(sums_bytes());
  float* floats = (float*)(void*)memory((size_t)out_channels * sizeof(float));
  double* doubles = (double*)(void*)memory((size_t)out_channels * sizeof(double));
  for (int32_t c = 0; c < out_channels; ++c) doubles[c] = floats[c] = (float)(random_bits() % 1000) / 500 - 1;
  data.floats = floats;
  data.doubles = doubles;
  return data;
}

static size_t output_bytes(const call_data* data) {
  return (size_t)output_count * (output_count > 0 ? qatc_tensor_bytes(&data->outputs[0]) : 0) +
         (size_t)sums_count * sums_bytes();
}

/* Outputs have no border and begin at their memory. What pads a pixel is nobody's: schedules may differ in it. */
static void collect(const call_data* data, uint8_t* all) {
  for (int32_t i = 0; i < output_count; ++i) {
    const size_t bytes = qatc_tensor_bytes(&data->outputs[i]);
    memcpy(all, data->outputs[i].origin, bytes);
    for (size_t pixel = 0; pixel < (size_t)out_rows * (size_t)out_width; ++pixel) {
      memset(all + pixel * (size_t)out_channels + out_values, 0, (size_t)(out_channels - out_values));
    }
    memset(data->outputs[i].origin, 0x55, bytes); /* or the next candidate could leave them as they are */
    all += bytes;
  }
  for (int32_t i = 0; i < sums_count; ++i) {
    memcpy(all, data->sums[i], sums_bytes());
    memset(data->sums[i], 0x55, sums_bytes());
    all += sums_bytes();
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_of(candidate run, const call_data* data, int repeats) {
  const double start = now();
  for (int i = 0; i < repeats; ++i) run(data);
  return now() - start;
}

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static void compare(int32_t index, const call_data* data, double nanoseconds) {
  static double ratios[MOST_RUNS];
  int repeats = 1;
  while (time_of(candidates[0], data, repeats) < RUN_NANOSECONDS && repeats < 1 << 20) repeats *= 2;
  double least_first = 1e300, least_other = 1e300;
  const double end = now() + nanoseconds;
  int runs = 0;
  while (runs < MOST_RUNS && (runs < LEAST_RUNS || now() < end)) {
    const double first = time_of(candidates[0], data, repeats), other = time_of(candidates[index], data, repeats);
    if (first < least_first) least_first = first;
    if (other < least_other) least_other = other;
    ratios[runs++] = other / first;
  }
  qsort(ratios, (size_t)runs, sizeof ratios[0], by_value);
  printf(" %.4f %.4f", least_other / least_first, ratios[runs / 2]);
}

int main(int argc, char** argv) {
  char* end = NULL;
  const double milliseconds = argc == 2 ? strtod(argv[1], &end) : 0;
  if (argc > 2 || (argc == 2 && (*end != 0 || milliseconds <= 0))) {
    fputs("usage: measure [MILLISECONDS]\n", stderr);
    return 2;
  }
  const call_data data = make_data();
  const size_t bytes = output_bytes(&data);
  uint8_t *expected = memory(bytes), *actual = memory(bytes);
  for (int32_t i = 0; i < candidate_count; ++i) {
    uint8_t* result = i == 0 ? expected : actual;
    collect(&data, result);
    candidates[i](&data);
    collect(&data, result);
    printf("candidate %d %s", (int)i, i == 0 || memcmp(expected, actual, bytes) == 0 ? "same" : "different");
    if (i > 0 && milliseconds > 0) compare(i, &data, milliseconds * 1e6 / (candidate_count - 1));
    puts("");
    fflush(stdout);
  }
  return 0;
}
