/* network_share H W CHANNELS MULTIPLY_ADDS [--threads N] [--rounds N] - times a compiled network next to the peak of this
 * machine's fastest 8-bit dot product.
 *
 * One process runs both in turn, on 8-bit images and on float ones, and the best of each counts. The peak runs for as long
 * as the network does: what the machine's other programs and its clock take in such a time hits both alike, while the best
 * of many short bursts is a clock that no run of the network ever has. Prints one line of JSON; MULTIPLY_ADDS are those of
 * an image, and a share is their rate over the peak of as many cores as there are threads. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "peak.h"
#include "qatc_threads.h"

/* Of a round's runs, where one run takes less. */
static const double kRoundSeconds = 20e-3;

typedef struct timing {
  qatc_image input, output;
  double seconds; /* the least so far */
} timing;

typedef struct network {
  void* arena;
  size_t arena_size;
  const qatc_executor* executor;
} network;

static void fail(const char* message) {
  fprintf(stderr, "error: %s\n", message);
  exit(1);
}

static long number_from_1(const char* text) {
  char* end = NULL;
  const long value = text == NULL ? 0 : strtol(text, &end, 10);
  if (text == NULL || *end != '\0' || value < 1) {
    fputs("usage: network_share H W CHANNELS MULTIPLY_ADDS [--threads N] [--rounds N]\n", stderr);
    exit(2);
  }
  return value;
}

static void* allocate(size_t bytes) {
  void* memory = malloc(bytes);
  if (memory == NULL) fail("no memory");
  return memory;
}

/* Bytes interleaved, as apps have them; floats in the order C, H, W, as ONNX has them. */
static qatc_image new_image(int32_t height, int32_t width, int32_t channels, qatc_type type) {
  const size_t values = (size_t)height * (size_t)width * (size_t)channels;
  qatc_image image = {NULL, height, width, channels, type, (ptrdiff_t)width * channels, channels, 1};
  if (type == QATC_U8) {
    uint8_t* bytes = allocate(values);
    for (size_t i = 0; i < values; ++i) bytes[i] = (uint8_t)(i * 7);
    image.data = bytes;
    return image;
  }
  float* floats = allocate(values * sizeof *floats);
  for (size_t i = 0; i < values; ++i) floats[i] = (float)(i * 7 % 256) / 255.0F;
  image.data = floats;
  image.row_stride = (ptrdiff_t)sizeof(float) * width;
  image.pixel_stride = sizeof(float);
  image.channel_stride = image.row_stride * height;
  return image;
}

static timing new_timing(int32_t height, int32_t width, int32_t channels, qatc_type type) {
  int32_t out_height = 0;
  int32_t out_width = 0;
  int32_t out_channels = 0;
  if (model_output_size(height, width, &out_height, &out_width, &out_channels) != QATC_OK) {
    fail("the network does not take images of this size");
  }
  const timing result = {new_image(height, width, channels, type), new_image(out_height, out_width, out_channels, type),
                         1e9};
  return result;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void time_round(timing* timing, const network* network) {
  const double end = now() + kRoundSeconds;
  do {
    const double begin = now();
    const qatc_status status =
        model_run(&timing->input, &timing->output, network->arena, network->arena_size, network->executor);
    const double seconds = now() - begin;
    if (status != QATC_OK) fail(qatc_status_string(status));
    if (seconds < timing->seconds) timing->seconds = seconds;
  } while (now() < end);
}

int main(int argc, char** argv) {
  const int32_t height = (int32_t)number_from_1(argc > 1 ? argv[1] : NULL);
  const int32_t width = (int32_t)number_from_1(argc > 2 ? argv[2] : NULL);
  const int32_t channels = (int32_t)number_from_1(argc > 3 ? argv[3] : NULL);
  const double multiply_adds = (double)number_from_1(argc > 4 ? argv[4] : NULL);
  long thread_count = 1;
  long rounds = 7;
  for (int i = 5; i < argc; i += 2) {
    const long value = number_from_1(i + 1 < argc ? argv[i + 1] : NULL);
    if (strcmp(argv[i], "--threads") == 0) {
      thread_count = value;
    } else if (strcmp(argv[i], "--rounds") == 0) {
      rounds = value;
    } else {
      number_from_1(NULL);
    }
  }
  timing bytes = new_timing(height, width, channels, QATC_U8);
  timing floats = new_timing(height, width, channels, QATC_F32);
  qatc_threads threads;
  qatc_threads_create(&threads, (int)thread_count);
  network network = {NULL, model_arena_size(height, width), qatc_threads_executor(&threads)};
  network.arena = allocate(network.arena_size);
  const qatc_peak* peak = qatc_fastest_peak();
  double rate = 0;
  for (long round = 0; round < rounds; ++round) {
    time_round(&bytes, &network);
    time_round(&floats, &network);
    const double sustained = qatc_measure_peak(peak, bytes.seconds);
    if (sustained > rate) rate = sustained;
  }
  qatc_threads_destroy(&threads);
  const double peak_seconds = multiply_adds / (rate * 1e9 * (double)thread_count);
  printf("{\"peak_instructions\": \"%s\", \"peak_gmacs\": %.1f, \"u8_ms\": %.5f, \"f32_ms\": %.5f, ",
         peak->instructions, rate, bytes.seconds * 1e3, floats.seconds * 1e3);
  printf("\"share_of_peak_u8\": %.4f, \"share_of_peak_f32\": %.4f}\n", peak_seconds / bytes.seconds,
         peak_seconds / floats.seconds);
  return 0;
}
