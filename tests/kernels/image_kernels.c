/* Compares the kernels of a library that read and write the caller's images with what the runtime does without them, in
 * every layout they take and in some that they do not, next to inaccessible pages. Prints how many of them there are.
 *
 * The driver is part of this program: its quantizer and dequantizer are what is tested. */
#define _DEFAULT_SOURCE

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net_driver.c"

enum { kHeight = 2, kPixelBytes = (CHANNELS + 3) / 4 * 4, kRegion = 1 << 16, kUntouched = 0xA5 };

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      fprintf(stderr, "line %d: %s is not so: %s\n", __LINE__, #condition, where); \
      exit(1);                                                                     \
    }                                                                              \
  } while (0)

static char where[200];
static uint32_t state = 12345;

static uint32_t next_random(void) { /* xorshift32: the same everywhere */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

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

/* kRegion bytes between two inaccessible pages. */
static uint8_t* guarded_region(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t* low = (uint8_t*)mmap(NULL, kRegion + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(low != (uint8_t*)MAP_FAILED && mprotect(low + page, kRegion, PROT_READ | PROT_WRITE) == 0);
  return low + page;
}

/* Where `bytes` begin that end at the region's end, that begin at its begin, or that are aligned to nothing. */
typedef enum place { kAbove, kBelow, kUnaligned, kPlaces } place;
static uint8_t* put(uint8_t* region, size_t bytes, place where_to) {
  CHECK(bytes + 3 <= kRegion);
  return where_to == kAbove ? region + kRegion - bytes : where_to == kBelow ? region : region + 3;
}

typedef struct layout {
  const char* name;
  ptrdiff_t pixel_stride, channel_stride, row_stride;
  int is_for_output;
} layout;

enum { kLayoutCount = 12 };

static layout layout_number(int number, qatc_type type, int32_t width, int32_t channels) {
  const ptrdiff_t s = type == QATC_F32 ? (ptrdiff_t)sizeof(float) : 1;
  const ptrdiff_t c = channels;
  const ptrdiff_t w = width;
  const ptrdiff_t plane = (w * s + 1) * kHeight;
  const layout layouts[kLayoutCount] = {
      {"interleaved", c * s, s, c * s * w, 1},
      {"reversed, rows apart", c * s, -s, c * s * w + 5, 1},
      {"padded", (c + 1) * s, s, (c + 1) * s * w, 1},
      {"padded, reversed, upside down", (c + 1) * s, -s, -(c + 1) * s * w, 1},
      {"planar", s, s * w * kHeight, s * w, 1},
      {"planar, last plane first", s, -s * w * kHeight, s * w, 1},
      {"planar by row", s, s * w, s * w * c, 1},
      {"planes any number of bytes apart", s, plane, w * s + 1, 1},
      {"all channels from one plane", s, 0, s * w, 0},
      {"mirrored", -c * s, s, c * s * w, 1},
      {"far apart", (c + 2) * s + 1, s, ((c + 2) * s + 1) * w + 7, 1},
      {"one row for all", c * s, s, 0, 0},
  };
  return layouts[number];
}

/* The image in `memory`, of which it takes `bytes`. */
static qatc_image image_of(const layout* l, qatc_type type, int32_t width, int32_t channels, size_t* bytes) {
  const qatc_image image = {NULL, kHeight, width, channels, type, l->row_stride, l->pixel_stride, l->channel_stride};
  const ptrdiff_t ends[3] = {l->row_stride * (kHeight - 1), l->pixel_stride * (width - 1),
                             l->channel_stride * (channels - 1)};
  *bytes = type == QATC_F32 ? sizeof(float) : 1;
  for (int i = 0; i < 3; ++i) *bytes += (size_t)(ends[i] < 0 ? -ends[i] : ends[i]);
  return image;
}

/* The address of its first value when the lowest one is at `low`. */
static uint8_t* first_value(const qatc_image* image, uint8_t* low) {
  const ptrdiff_t ends[3] = {image->row_stride * (image->height - 1), image->pixel_stride * (image->width - 1),
                             image->channel_stride * (image->channels - 1)};
  for (int i = 0; i < 3; ++i) low -= ends[i] < 0 ? ends[i] : 0;
  return low;
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
        const layout l = layout_number(number, (qatc_type)type, widths[w], CHANNELS);
        size_t bytes = 0;
        const qatc_image image = image_of(&l, (qatc_type)type, widths[w], CHANNELS, &bytes);
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
