/* Runs a network on 8-bit images in every layout, next to inaccessible pages: the result of each is that of the same
 * pixels far apart, which the runtime loads without kernels. Prints how many images were run. */
#define _DEFAULT_SOURCE

#include "image_layouts.h"
#include "net.h"

/* An executor of one thread, which takes the last part first. */
static void backwards(void* context, int32_t count, void (*body)(void* data, int32_t index), void* data) {
  (void)context;
  while (count-- > 0) body(data, count);
}

static void run(const qatc_image* in, int32_t workers, uint8_t* result, size_t result_bytes) {
  const qatc_executor executor = {NULL, workers, backwards};
  const size_t size = net_arena_size(in->height, in->width);
  uint8_t* arena = malloc(size);
  qatc_image out = {result, 0, 0, 0, QATC_U8, 0, 0, 1};
  CHECK(net_output_size(in->height, in->width, &out.height, &out.width, &out.channels) == QATC_OK);
  out.pixel_stride = out.channels;
  out.row_stride = (ptrdiff_t)out.width * out.channels;
  CHECK(arena != NULL && (size_t)out.row_stride * (size_t)out.height <= result_bytes);
  for (size_t i = 0; i < size; ++i) arena[i] = (uint8_t)(next_random() >> 9);
  CHECK(net_run(in, &out, arena, size, &executor) == QATC_OK);
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

static uint8_t apart[8 * kRegion], expected[8 * kRegion], actual[8 * kRegion];

/* Two rows further apart than kernels can count: between them is nothing. */
static void check_rows_beyond_32_bits(void) {
  const ptrdiff_t stride = (ptrdiff_t)1200 << 20;
  const ptrdiff_t row = 1 << 16;
  uint8_t* low = (uint8_t*)mmap(NULL, (size_t)(stride + row), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  snprintf(where, sizeof where, "rows far apart");
  CHECK(low != (uint8_t*)MAP_FAILED && mprotect(low, (size_t)row, PROT_READ | PROT_WRITE) == 0 &&
        mprotect(low + stride, (size_t)row, PROT_READ | PROT_WRITE) == 0);
  for (ptrdiff_t i = 0; i < row; ++i) low[i] = low[stride + i] = (uint8_t)(next_random() >> 9);
  const qatc_image image = {low, 2, 33, CHANNELS, QATC_U8, stride, CHANNELS, 1};
  const qatc_image copy = far_apart(&image, apart, sizeof apart);
  run(&copy, 1, expected, sizeof expected);
  run(&image, 1, actual, sizeof actual);
  CHECK(memcmp(actual, expected, sizeof actual) == 0);
}

int main(void) {
  static const int32_t sizes[][2] = {{1, 1},   {2, 3},   {40, 16}, {5, 31},  {6, 33},
                                     {37, 63}, {34, 64}, {3, 127}, {41, 129}};
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
        run(&copy, 1, expected, sizeof expected);
        run(&image, p + 1, actual, sizeof actual);
        CHECK(memcmp(actual, expected, sizeof actual) == 0);
        ++images;
      }
    }
  }
  check_rows_beyond_32_bits();
  printf("%d\n", images);
  return 0;
}
