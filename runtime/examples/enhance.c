/* enhance - runs a compiled network on a picture.
 *
 *   enhance IN OUT.png [--threads N] [--float] [--raw OUT.rgb] [--repeat N] [--side-by-side OUT.png]
 *
 * The network takes and gives RGB. By default the picture is handed over as it comes from the decoder, 8-bit
 * interleaved; --float goes through planar floats instead, which must give the same bytes. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

#include "model.h"
#include "qatc_threads.h"

static const char kUsage[] =
    "usage: enhance IN OUT.png [--threads N] [--float] [--raw OUT.rgb] [--repeat N] [--side-by-side "
    "OUT.png]\n";

typedef struct options {
  const char* in;
  const char* out;
  const char* raw;          /* the result's bytes, height x width x 3, for comparing machines */
  const char* side_by_side; /* the input and the result in one picture */
  int threads, repeat, as_float;
} options;

typedef struct picture {
  uint8_t* rgb; /* height x width x 3 */
  int32_t height, width;
} picture;

#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
static void
fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void* allocate(size_t bytes) {
  void* memory = malloc(bytes);
  if (memory == NULL) {
    fail("no memory for %zu bytes", bytes);
  }
  return memory;
}

static int parse_count(const char* option, const char* text) {
  char* end = NULL;
  const long value = text == NULL ? 0 : strtol(text, &end, 10);
  if (text == NULL || end == text || *end != '\0' || value < 1 || value > 1000000) {
    fail("%s needs a number from 1 on", option);
  }
  return (int)value;
}

static options parse_options(int argc, char** argv) {
  options o = {.threads = 1, .repeat = 1};
  for (int i = 1; i < argc; ++i) {
    const char* value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--float") == 0) {
      o.as_float = 1;
    } else if (strcmp(argv[i], "--threads") == 0) {
      o.threads = parse_count(argv[i++], value);
    } else if (strcmp(argv[i], "--repeat") == 0) {
      o.repeat = parse_count(argv[i++], value);
    } else if (strcmp(argv[i], "--raw") == 0 && value != NULL) {
      o.raw = argv[++i];
    } else if (strcmp(argv[i], "--side-by-side") == 0 && value != NULL) {
      o.side_by_side = argv[++i];
    } else if (argv[i][0] != '-' && o.in == NULL) {
      o.in = argv[i];
    } else if (argv[i][0] != '-' && o.out == NULL) {
      o.out = argv[i];
    } else {
      fputs(kUsage, stderr);
      exit(1);
    }
  }
  if (o.out == NULL) {
    fputs(kUsage, stderr);
    exit(1);
  }
  return o;
}

static picture load_picture(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    fail("%s: %s", path, strerror(errno));
  }
  int width = 0;
  int height = 0;
  int channels = 0;
  picture result = {.rgb = stbi_load_from_file(file, &width, &height, &channels, 3)};
  fclose(file);
  if (result.rgb == NULL) {
    fail("%s: not an image that can be read (%s)", path, stbi_failure_reason());
  }
  result.height = height;
  result.width = width;
  return result;
}

static void write_bytes(void* file, void* bytes, int size) { fwrite(bytes, 1, (size_t)size, (FILE*)file); }

/* Writes a PNG, or the plain bytes. A file that could not be written whole is removed. */
static void save(const char* path, const picture* p, int as_png) {
  FILE* file = fopen(path, "wb");
  if (file == NULL) {
    fail("%s: %s", path, strerror(errno));
  }
  int ok = 1;
  if (as_png) {
    ok = stbi_write_png_to_func(write_bytes, file, p->width, p->height, 3, p->rgb, 3 * p->width);
  } else {
    fwrite(p->rgb, 3, (size_t)p->width * (size_t)p->height, file);
  }
  ok = ok && !ferror(file);
  if (fclose(file) != 0 || !ok) {
    remove(path);
    fail("%s: cannot be written", path);
  }
}

static void save_side_by_side(const char* path, const picture* before, const picture* after) {
  const int32_t height = before->height > after->height ? before->height : after->height;
  picture both = {.height = height, .width = before->width + after->width};
  const size_t row_bytes = 3 * (size_t)both.width;
  both.rgb = (uint8_t*)allocate(row_bytes * (size_t)height);
  memset(both.rgb, 255, row_bytes * (size_t)height);
  const picture* const parts[2] = {before, after};
  size_t left = 0;
  for (int i = 0; i < 2; ++i) {
    const size_t bytes = 3 * (size_t)parts[i]->width;
    for (int32_t y = 0; y < parts[i]->height; ++y) {
      memcpy(both.rgb + (size_t)y * row_bytes + left, parts[i]->rgb + (size_t)y * bytes, bytes);
    }
    left += bytes;
  }
  save(path, &both, 1);
  free(both.rgb);
}

/* round_half_even(clamp(value, 0, 1) * 255), the network's own way to bytes. The product is exact in double,
 * and 2^52 leaves no bits for a fraction. */
static uint8_t to_byte(float value) {
  const double clamped = value > 0.0f ? (value < 1.0f ? (double)value : 1.0) : 0.0;
  const double shifted = clamped * 255.0 + 4503599627370496.0;
  return (uint8_t)(shifted - 4503599627370496.0);
}

static float* allocate_planar(const picture* p) {
  return (float*)allocate(3 * (size_t)p->height * (size_t)p->width * sizeof(float));
}

static float* to_planar_floats(const picture* p) {
  const size_t pixels = (size_t)p->height * (size_t)p->width;
  float* planar = allocate_planar(p);
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      planar[c * pixels + i] = (float)p->rgb[3 * i + c] / 255.0f;
    }
  }
  return planar;
}

static void from_planar_floats(const float* planar, const picture* p) {
  const size_t pixels = (size_t)p->height * (size_t)p->width;
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      p->rgb[3 * i + c] = to_byte(planar[c * pixels + i]);
    }
  }
}

static qatc_image interleaved_image(const picture* p) {
  return (qatc_image){.data = p->rgb,
                      .height = p->height,
                      .width = p->width,
                      .channels = 3,
                      .type = QATC_U8,
                      .row_stride = (ptrdiff_t)3 * p->width,
                      .pixel_stride = 3,
                      .channel_stride = 1};
}

static qatc_image planar_image(float* planar, const picture* p) {
  const ptrdiff_t row_bytes = (ptrdiff_t)sizeof(float) * p->width;
  return (qatc_image){.data = planar,
                      .height = p->height,
                      .width = p->width,
                      .channels = 3,
                      .type = QATC_F32,
                      .row_stride = row_bytes,
                      .pixel_stride = sizeof(float),
                      .channel_stride = row_bytes * p->height};
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int main(int argc, char** argv) {
  const options o = parse_options(argc, argv);
  const picture before = load_picture(o.in);

  picture after = {0};
  int32_t out_channels = 0;
  qatc_status status = model_output_size(before.height, before.width, &after.height, &after.width, &out_channels);
  if (status != QATC_OK) {
    fail("%s: %d x %d pixels: %s", o.in, (int)before.width, (int)before.height, qatc_status_string(status));
  }
  if (out_channels != 3) {
    fail("this network's output has %d channels, not red, green and blue", (int)out_channels);
  }
  after.rgb = (uint8_t*)allocate(3 * (size_t)after.height * (size_t)after.width);

  const size_t arena_size = model_arena_size(before.height, before.width);
  void* arena = allocate(arena_size);
  float* in_floats = o.as_float ? to_planar_floats(&before) : NULL;
  float* out_floats = o.as_float ? allocate_planar(&after) : NULL;
  const qatc_image input = o.as_float ? planar_image(in_floats, &before) : interleaved_image(&before);
  const qatc_image output = o.as_float ? planar_image(out_floats, &after) : interleaved_image(&after);

  qatc_threads threads;
  /* More would find no work. */
  const int32_t workers = qatc_threads_create(&threads, o.threads < QATC_MAX_WORKERS ? o.threads : QATC_MAX_WORKERS);
  double best_ms = 0.0;
  for (int i = 0; i < o.repeat; ++i) {
    const double start = now_ms();
    status = model_run(&input, &output, arena, arena_size, qatc_threads_executor(&threads));
    const double elapsed = now_ms() - start;
    if (status != QATC_OK) {
      fail("%s: %s", o.in, qatc_status_string(status));
    }
    best_ms = i == 0 || elapsed < best_ms ? elapsed : best_ms;
  }
  qatc_threads_destroy(&threads);
  if (o.as_float) {
    from_planar_floats(out_floats, &after);
  }

  save(o.out, &after, 1);
  if (o.raw != NULL) {
    save(o.raw, &after, 0);
  }
  if (o.side_by_side != NULL) {
    save_side_by_side(o.side_by_side, &before, &after);
  }
  printf("%dx%d -> %dx%d pixels (height x width) in %.2f ms, %d thread%s, arena %.1f MB\n", (int)before.height,
         (int)before.width, (int)after.height, (int)after.width, best_ms, (int)workers, workers == 1 ? "" : "s",
         (double)arena_size * 1e-6);

  free(in_floats);
  free(out_floats);
  free(arena);
  free(after.rgb);
  stbi_image_free(before.rgb);
  return 0;
}
