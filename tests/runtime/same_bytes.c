/* Writes the runtime's float arithmetic on many values to stdout, for comparing machines and compilers:
 * quantized floats of every size, ties and their neighbours, and norm coefficients. */
#include <stdio.h>
#include <string.h>

#include "qatc_driver_support.h"

enum { kValues = 20000, kChannels = 500 };

static uint32_t state = 12345;

static uint32_t next_random(void) { /* xorshift32: the same everywhere */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static float next_float(int round) {
  const uint32_t bits = next_random();
  float any;
  memcpy(&any, &bits, sizeof any);
  switch (round % 3) {
    case 0:
      return any; /* any bits: NaNs, infinities, denormals */
    case 1:
      return (float)(bits >> 8) / 16777216.0f * 1.5f - 0.25f;
    default:
      return ((float)(bits % 600) - 300.0f + 0.5f) * (1.0f / 255.0f);
  }
}

static void write_quantized(qatc_rounding rounding, float scale, int32_t zero_point) {
  static float values[kValues];
  static uint8_t stored[kValues];
  for (int i = 0; i < kValues; ++i) {
    values[i] = next_float(i);
  }
  qatc_quantizer quantizer = {.scale = scale, .zero_point = zero_point, .rounding = rounding, .storage_xor = 0x80};
  const qatc_image image = {values, 1, kValues, 1, QATC_F32, sizeof values, sizeof(float), sizeof(float)};
  qatc_load_image(&image, stored, kValues, 1, &quantizer, 0, 1);
  fwrite(stored, 1, sizeof stored, stdout);
}

static void write_coefficients(int64_t count) {
  static double a[kChannels];
  static double b[kChannels];
  for (int c = 0; c < kChannels; ++c) {
    /* `count` values of which `high` are q1 and the rest q0: their sums are possible ones. */
    const int64_t high = (int64_t)(next_random() % 1000) * count / 1000;
    const int64_t q0 = next_random() % 256;
    const int64_t q1 = next_random() % 256;
    const int64_t sum = high * q1 + (count - high) * q0;
    const int64_t squares = high * q1 * q1 + (count - high) * q0 * q0;
    const float gamma = next_float(1);
    const float beta = next_float(1);
    const qatc_norm_parameters norm = {.channels = 1,
                                       .scale_in = 0.0173,
                                       .zero_point = (int32_t)(next_random() % 256),
                                       .epsilon = 1e-5,
                                       .gamma = &gamma,
                                       .beta = &beta,
                                       .scale_out = 0.0291};
    qatc_norm_coefficients(&norm, count, &sum, &squares, &a[c], &b[c]);
  }
  fwrite(a, 1, sizeof a, stdout);
  fwrite(b, 1, sizeof b, stdout);
}

int main(void) {
  for (int rounding = QATC_ROUND_FLOAT; rounding <= QATC_ROUND_EXACT; ++rounding) {
    write_quantized((qatc_rounding)rounding, 1.0f / 255.0f, 0);
    write_quantized((qatc_rounding)rounding, 0.0123f, 128);
    write_quantized((qatc_rounding)rounding, 3e-39f, 255);
  }
  write_coefficients(7);
  write_coefficients(1920 * 1080);
  write_coefficients((int64_t)1 << 40);
  return ferror(stdout) != 0;
}
