/* Images in every layout that kernels take and in some that they do not, next to inaccessible pages. Needs
 * _DEFAULT_SOURCE. */
#ifndef IMAGE_LAYOUTS_H
#define IMAGE_LAYOUTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qatc_runtime.h"

enum { kRegion = 1 << 16 };

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

enum { kLayoutCount = 13 };

static layout layout_number(int number, qatc_type type, int32_t height, int32_t width, int32_t channels) {
  const ptrdiff_t s = type == QATC_F32 ? (ptrdiff_t)sizeof(float) : 1;
  const ptrdiff_t c = channels;
  const ptrdiff_t w = width;
  const ptrdiff_t h = height;
  const ptrdiff_t plane = (w * s + 1) * h;
  const layout layouts[kLayoutCount] = {
      {"interleaved", c * s, s, c * s * w, 1},
      {"reversed, rows apart", c * s, -s, c * s * w + 5, 1},
      {"padded", (c + 1) * s, s, (c + 1) * s * w, 1},
      {"padded, reversed, upside down", (c + 1) * s, -s, -(c + 1) * s * w, 1},
      {"planar", s, s * w * h, s * w, 1},
      {"planar, last plane first", s, -s * w * h, s * w, 1},
      {"planar by row", s, s * w, s * w * c, 1},
      {"planes any number of bytes apart", s, plane, w * s + 1, 1},
      {"all channels from one plane", s, 0, s * w, 0},
      {"mirrored", -c * s, s, c * s * w, 1},
      {"far apart", (c + 2) * s + 1, s, ((c + 2) * s + 1) * w + 7, 1},
      {"one row for all", c * s, s, 0, 0},
      {"upside down", c * s, s, -c * s * w, 1},
  };
  return layouts[number];
}

/* The image in `memory`, of which it takes `bytes`. */
static qatc_image image_of(const layout* l, qatc_type type, int32_t height, int32_t width, int32_t channels,
                           size_t* bytes) {
  const qatc_image image = {NULL, height, width, channels, type, l->row_stride, l->pixel_stride, l->channel_stride};
  const ptrdiff_t ends[3] = {l->row_stride * (height - 1), l->pixel_stride * (width - 1),
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

#endif /* IMAGE_LAYOUTS_H */
