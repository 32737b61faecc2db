/* Compares the kernels of a library that read and write the caller's images with what the runtime does without them, in
 * every layout they take and in some that they do not, next to inaccessible pages. Prints how many of them there are.
 *
 * The driver is part of this program: its quantizer and dequantizer are what is tested. */
#define _DEFAULT_SOURCE

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_layouts.h"
#include "net_driver.c"

enum { kHeight = 2, kPixelBytes = (CHANNELS + 3) / 4 * 4, kUntouched = 0xA5 };

/* Any bits, or the values that pictures have, or ties between two steps and what is next to them. */
static float next_float(void) {
  const uint32_t bits = next_random();
  float any;
  switch (next_random() % 4) {
    case 0:
      memcpy(&any, &bits, sizeof any);
      return any;
    case 1:
      return (float)(bits >> 8) / 16777216.0f * 1.5f - 0.25f;
    default:
      any = ((float)(bits % 600) - 300.0f + 0.5f) * quantizer.scale;
      return bits >> 31 ? any : nextafterf(any, bits >> 30 & 1 ? INFINITY : -INFINITY);
  }
}

static void check_load(qatc_image image, size_t bytes, place where_to, uint8_t* image_region, uint8_t* tensor_region) {
  static uint8_t expected[kRegion];
  qatc_quantizer without_kernels = quantizer;
  const ptrdiff_t row = (ptrdiff_t)image.width * kPixelBytes;
  const size_t tensor_bytes = (size_t)row * kHeight;
  uint8_t* low = put(image_region, bytes, where_to);
  uint8_t* tensor = put(tensor_region, tensor_bytes, where_to == kUnaligned ? kAbove : where_to);
  memset(without_kernels.kernels, 0, sizeof without_kernels.kernels);
  image.data = first_value(&image, low);
  for (size_t i = 0; i < bytes; ++i) low[i] = (uint8_t)(next_random() >> 9);
  for (size_t i = 0; image.type == QATC_F32 && i + sizeof(float) <= bytes; i += sizeof(float)) {
    const float value = next_float();
    memcpy(low + i, &value, sizeof value);
  }
  memset(tensor, kUntouched, tensor_bytes);
  qatc_load_image(&image, expected, row, kPixelBytes, &without_kernels, 0, kHeight);
  qatc_load_image(&image, tensor, row, kPixelBytes, &quantizer, 1, kHeight);
  for (ptrdiff_t i = 0; i < row; ++i) CHECK(tensor[i] == kUntouched);
  qatc_load_image(&image, tensor, row, kPixelBytes, &quantizer, 0, 1);
  CHECK(memcmp(tensor, expected, tensor_bytes) == 0);
}

static void check_store(qatc_image image, size_t bytes, place where_to, uint8_t* image_region, uint8_t* tensor_region) {
  static uint8_t expected[kRegion];
  qatc_dequantizer without_kernels = dequantizer;
  const ptrdiff_t row = (ptrdiff_t)image.width * kPixelBytes;
  const size_t tensor_bytes = (size_t)row * kHeight;
  uint8_t* low = put(image_region, bytes, where_to);
  uint8_t* tensor = put(tensor_region, tensor_bytes, where_to == kUnaligned ? kAbove : where_to);
  memset(without_kernels.kernels, 0, sizeof without_kernels.kernels);
  for (size_t i = 0; i < tensor_bytes; ++i) tensor[i] = (uint8_t)(next_random() >> 9);
  memset(image_region, kUntouched, kRegion);
  memset(expected, kUntouched, kRegion);
  image.data = first_value(&image, expected + (low - image_region));
  qatc_store_image(&image, tensor, row, kPixelBytes, &without_kernels, 0, kHeight);
  image.data = first_value(&image, low);
  qatc_store_image(&image, tensor, row, kPixelBytes, &dequantizer, 1, kHeight);
  qatc_store_image(&image, tensor, row, kPixelBytes, &dequantizer, 0, 1);
  CHECK(memcmp(image_region, expected, kRegion) == 0);
}

/* The result in the image's place is the result beside it. */
static void check_in_place(qatc_image image, size_t bytes) {
  static uint8_t original[kRegion], result[kRegion], beside[kRegion];
  const size_t size = net_arena_size(image.height, image.width);
  void* arena = malloc(size);
  qatc_image input = image;
  qatc_image output = image;
  for (size_t i = 0; i < bytes; ++i) original[i] = (uint8_t)(next_random() >> 9);
  memcpy(result, original, bytes);
  memcpy(beside, original, bytes);
  input.data = first_value(&image, original);
  output.data = first_value(&image, beside);
  CHECK(net_run(&input, &output, arena, size, NULL) == QATC_OK);
  input.data = output.data = first_value(&image, result);
  CHECK(net_run(&input, &output, arena, size, NULL) == QATC_OK);
  CHECK(memcmp(result, beside, bytes) == 0);
  free(arena);
}

static int count_kernels(void) {
  int count = 0;
  for (int type = 0; type < 2; ++type) {
    for (int l = 0; l < QATC_LAYOUTS; ++l) {
      count += (quantizer.kernels[type][l] != NULL) + (dequantizer.kernels[type][l] != NULL);
    }
  }
  return count;
}

int main(void) {
  static const int32_t widths[] = {1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 66, 96, 127, 130, 200};
  uint8_t* image_region = guarded_region();
  uint8_t* tensor_region = guarded_region();
  for (int type = 0; type < 2; ++type) {
    for (int number = 0; number < kLayoutCount; ++number) {
      for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w) {
        const layout l = layout_number(number, (qatc_type)type, kHeight, widths[w], CHANNELS);
        size_t bytes = 0;
        const qatc_image image = image_of(&l, (qatc_type)type, kHeight, widths[w], CHANNELS, &bytes);
        for (int p = 0; p < kPlaces; ++p) {
          snprintf(where, sizeof where, "%s, type %d, width %d, place %d", l.name, type, (int)widths[w], p);
          check_load(image, bytes, (place)p, image_region, tensor_region);
          if (l.is_for_output) check_store(image, bytes, (place)p, image_region, tensor_region);
        }
        if (l.is_for_output && type == QATC_U8) check_in_place(image, bytes);
      }
    }
  }
  printf("%d\n", count_kernels());
  return 0;
}
