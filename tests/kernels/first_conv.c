/* Runs a network on 8-bit images in every layout, next to inaccessible pages: the result of each is that of the same
 * pixels far apart, which the runtime loads without kernels. Prints how many images were run. */
#define _DEFAULT_SOURCE

#include "image_layouts.h"
#include "net.h"

static void run(const qatc_image* in, uint8_t* result, size_t result_bytes) {
  const size_t size = net_arena_size(in->height, in->width);
  uint8_t* arena = malloc(size);
  qatc_image out = {result, 0, 0, 0, QATC_U8, 0, 0, 1};
  CHECK(net_output_size(in->height, in->width, &out.height, &out.width, &out.channels) == QATC_OK);
  out.pixel_stride = out.channels;
  out.row_stride = (ptrdiff_t)out.width * out.channels;
  CHECK(arena != NULL && (size_t)out.row_stride * (size_t)out.height <= result_bytes);
  for (size_t i = 0; i < size; ++i) arena[i] = (uint8_t)(next_random() >> 9);
  CHECK(net_run(in, &out, arena, size, NULL) == QATC_OK);
  free(arena);
}

/* The pixels of `image`, with gaps between them. */
static qatc_image far_apart(const qatc_image* image, uint8_t* memory, size_t memory_bytes) {
  const layout l = layout_number(10, QATC_U8, image->height, image->width, image->channels);
  size_t bytes = 0;
  qatc_image copy = image_of(&l, QATC_U8, image->height, image->width, image->channels, &bytes);
  CHECK(bytes <= memory_bytes);
  copy.data = memory;
  for (int32_t y = 0; y < image->height; ++y) {
    for (int32_t x = 0; x < image->width; ++x) {
      for (int32_t c = 0; c < image->channels; ++c) {
        memory[y * copy.row_stride + x * copy.pixel_stride + c * copy.channel_stride] =
            ((const uint8_t*)image->data)[y * image->row_stride + x * image->pixel_stride + c * image->channel_stride];
      }
    }
  }
  return copy;
}

int main(void) {
  static uint8_t apart[8 * kRegion], expected[8 * kRegion], actual[8 * kRegion];
  static const int32_t sizes[][2] = {{1, 1},   {2, 3},  {40, 16}, {5, 31},  {6, 33},
                                     {37, 63}, {5, 64}, {3, 127}, {41, 129}};
  uint8_t* region = guarded_region();
  int images = 0;
  for (int number = 0; number < kLayoutCount; ++number) {
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
      const int32_t height = sizes[s][0], width = sizes[s][1];
      const layout l = layout_number(number, QATC_U8, height, width, CHANNELS);
      size_t bytes = 0;
      qatc_image image = image_of(&l, QATC_U8, height, width, CHANNELS, &bytes);
      for (int p = 0; p < kPlaces; ++p) {
        uint8_t* low = put(region, bytes, (place)p);
        snprintf(where, sizeof where, "%s, %d x %d, place %d", l.name, (int)height, (int)width, p);
        image.data = first_value(&image, low);
        for (size_t i = 0; i < bytes; ++i) low[i] = (uint8_t)(next_random() >> 9);
        const qatc_image copy = far_apart(&image, apart, sizeof apart);
        memset(expected, 0, sizeof expected);
        memset(actual, 0, sizeof actual);
        run(&copy, expected, sizeof expected);
        run(&image, actual, sizeof actual);
        CHECK(memcmp(actual, expected, sizeof actual) == 0);
        ++images;
      }
    }
  }
  printf("%d\n", images);
  return 0;
}
