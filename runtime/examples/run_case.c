/* run_case - runs a compiled network on one raw tensor; `qatc verify` compares what it writes.
 *
 *   run_case IN.bin OUT.bin H W C [--u8] [--layout planar|interleaved|rgba|crop] [--threads N] [--repeat N]
 *            [--features N]
 *   run_case --cpu-features
 *
 * IN.bin and OUT.bin hold float32 in the order C, H, W; with --u8 bytes in the order H, W, C. --layout says
 * how the network is shown them in memory, which never changes the files. --features takes the code for a CPU with
 * these qatc_cpu_feature bits; --cpu-features prints those of this one. Prints "out H W C" and "min_ms T".
 * Needs nothing but stdio and stat, so that it runs wherever a target's C library does. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "model.h"
#include "qatc_threads.h"

static const char kUsage[] =
    "usage: run_case IN.bin OUT.bin H W C [--u8] [--layout planar|interleaved|rgba|crop] [--threads N] "
    "[--repeat N] [--features N]\n"
    "       run_case --cpu-features\n";

/* Written around and between an image's values: the network must leave them as they are. */
enum { kUntouched = 0xA5, kArenaGuard = 64 };

typedef enum layout { kDefault, kPlanar, kInterleaved, kRgba, kCrop } layout;

typedef struct options {
  const char *in, *out;
  int32_t height, width, channels;
  qatc_type type;
  layout layout;
  int threads, repeat;
  int chooses_features;
  uint32_t features;
} options;

/* An image and the memory that it lies in. */
typedef struct framed_image {
  qatc_image image;
  uint8_t* memory;
  size_t memory_size;
} framed_image;

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

#if defined(__GNUC__)
__attribute__((noreturn))
#endif
static void
fail_usage(void) {
  fputs(kUsage, stderr);
  exit(1);
}

static uint8_t* allocate(size_t bytes) {
  uint8_t* memory = (uint8_t*)malloc(bytes == 0 ? 1 : bytes);
  if (memory == NULL) {
    fail("no memory for %zu bytes", bytes);
  }
  return memory;
}

static int32_t parse_count(const char* what, const char* text) {
  char* end = NULL;
  const long value = text == NULL ? 0 : strtol(text, &end, 10);
  if (text == NULL || end == text || *end != '\0' || value < 1 || value > 1 << 24) {
    fail("%s must be a number from 1 on", what);
  }
  return (int32_t)value;
}

static layout parse_layout(const char* text) {
  static const char* const kNames[] = {"", "planar", "interleaved", "rgba", "crop"};
  for (int i = 1; text != NULL && i < 5; ++i) {
    if (strcmp(text, kNames[i]) == 0) {
      return (layout)i;
    }
  }
  fail_usage();
}

static options parse_options(int argc, char** argv) {
  if (argc < 6) {
    fail_usage();
  }
  options o = {.in = argv[1], .out = argv[2], .type = QATC_F32, .threads = 1, .repeat = 1};
  o.height = parse_count("H", argv[3]);
  o.width = parse_count("W", argv[4]);
  o.channels = parse_count("C", argv[5]);
  for (int i = 6; i < argc; ++i) {
    const char* value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--u8") == 0) {
      o.type = QATC_U8;
    } else if (strcmp(argv[i], "--layout") == 0) {
      o.layout = parse_layout(value);
      ++i;
    } else if (strcmp(argv[i], "--threads") == 0) {
      o.threads = parse_count(argv[i++], value);
    } else if (strcmp(argv[i], "--repeat") == 0) {
      o.repeat = parse_count(argv[i++], value);
    } else if (strcmp(argv[i], "--features") == 0 && value != NULL) {
      o.chooses_features = 1;
      o.features = (uint32_t)strtoul(value, NULL, 10);
      ++i;
    } else {
      fail_usage();
    }
  }
  if (o.layout == kDefault) {
    o.layout = o.type == QATC_U8 ? kInterleaved : kPlanar;
  }
  return o;
}

static size_t value_size(qatc_type type) { return type == QATC_F32 ? sizeof(float) : 1; }

static framed_image make_image(int32_t height, int32_t width, int32_t channels, qatc_type type, layout layout) {
  const ptrdiff_t s = (ptrdiff_t)value_size(type);
  framed_image f = {.image = {.height = height, .width = width, .channels = channels, .type = type}};
  ptrdiff_t offset = 0;
  ptrdiff_t size = 0;
  if (layout == kPlanar) {
    f.image.pixel_stride = s;
    f.image.row_stride = s * width;
    f.image.channel_stride = f.image.row_stride * height;
    size = f.image.channel_stride * channels;
  } else {
    /* rgba: one value more per pixel and 5 bytes more per row. crop: 3 pixels and 2 rows of a larger picture
     * around. */
    const int32_t margin_x = layout == kCrop ? 3 : 0;
    const int32_t margin_y = layout == kCrop ? 2 : 0;
    f.image.channel_stride = s;
    f.image.pixel_stride = s * (channels + (layout == kRgba));
    f.image.row_stride = f.image.pixel_stride * (width + 2 * margin_x) + (layout == kRgba ? 5 : 0);
    offset = f.image.row_stride * margin_y + f.image.pixel_stride * margin_x;
    size = f.image.row_stride * (height + 2 * margin_y);
  }
  f.memory_size = (size_t)size;
  f.memory = allocate(f.memory_size);
  memset(f.memory, kUntouched, f.memory_size);
  f.image.data = f.memory + offset;
  return f;
}

static uint8_t* value_at(const qatc_image* image, int32_t y, int32_t x, int32_t c) {
  return (uint8_t*)image->data + y * image->row_stride + x * image->pixel_stride + c * image->channel_stride;
}

/* Where the value lies in the file: C, H, W for floats, H, W, C for bytes. */
static size_t file_offset(const qatc_image* image, int32_t y, int32_t x, int32_t c) {
  const size_t h = (size_t)image->height;
  const size_t w = (size_t)image->width;
  if (image->type == QATC_F32) {
    return (((size_t)c * h + (size_t)y) * w + (size_t)x) * sizeof(float);
  }
  return ((size_t)y * w + (size_t)x) * (size_t)image->channels + (size_t)c;
}

/* Copies every value between the image and the file's bytes. `clear` also restores kUntouched in the image.
 */
static void copy_values(const qatc_image* image, uint8_t* file_bytes, int to_image, int clear) {
  const size_t s = value_size(image->type);
  for (int32_t y = 0; y < image->height; ++y) {
    for (int32_t x = 0; x < image->width; ++x) {
      for (int32_t c = 0; c < image->channels; ++c) {
        uint8_t* value = value_at(image, y, x, c);
        uint8_t* in_file = file_bytes + file_offset(image, y, x, c);
        memcpy(to_image ? value : in_file, to_image ? in_file : value, s);
        if (clear) {
          memset(value, kUntouched, s);
        }
      }
    }
  }
}

static size_t file_size(const qatc_image* image) {
  return (size_t)image->height * (size_t)image->width * (size_t)image->channels * value_size(image->type);
}

static uint8_t* read_file(const char* path, size_t size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    fail("%s: %s", path, strerror(errno));
  }
  uint8_t* bytes = allocate(size);
  const int is_exact = fread(bytes, 1, size, file) == size && fgetc(file) == EOF;
  fclose(file);
  if (!is_exact) {
    fail("%s: must hold exactly %zu bytes", path, size);
  }
  return bytes;
}

/* A device or a pipe is written in place: renaming a file over /dev/null would take it from everybody. */
static int is_special(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* A reader never sees half a file: the bytes get their name when they are all there. */
static void write_file(const char* path, const uint8_t* bytes, size_t size) {
  const char* suffix = is_special(path) ? "" : ".partial";
  char* partial = (char*)allocate(strlen(path) + strlen(suffix) + 1);
  strcpy(partial, path);
  strcat(partial, suffix);
  FILE* file = fopen(partial, "wb");
  if (file == NULL) {
    fail("%s: %s", path, strerror(errno));
  }
  const int is_written = fwrite(bytes, 1, size, file) == size;
  const int is_named = fclose(file) == 0 && is_written && (*suffix == '\0' || rename(partial, path) == 0);
  if (!is_named) {
    if (*suffix != '\0') {
      remove(partial);
    }
    fail("%s: cannot be written", path);
  }
  free(partial);
}

static void check_untouched(const uint8_t* bytes, size_t size, const char* what) {
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != kUntouched) {
      fail("the network wrote outside of the %s, at byte %zu", what, i);
    }
  }
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static qatc_status run(const options* o, const qatc_image* input, const qatc_image* output, void* arena,
                       size_t arena_size, const qatc_executor* executor) {
  return o->chooses_features ? model_run_on(o->features, input, output, arena, arena_size, executor)
                             : model_run(input, output, arena, arena_size, executor);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--cpu-features") == 0) {
    printf("%u\n", (unsigned)qatc_cpu_features());
    return 0;
  }
  const options o = parse_options(argc, argv);
  int32_t out_height = 0;
  int32_t out_width = 0;
  int32_t out_channels = 0;
  qatc_status status = model_output_size(o.height, o.width, &out_height, &out_width, &out_channels);
  if (status != QATC_OK) {
    fail("%d x %d: %s", (int)o.height, (int)o.width, qatc_status_string(status));
  }

  const framed_image input = make_image(o.height, o.width, o.channels, o.type, o.layout);
  const framed_image output = make_image(out_height, out_width, out_channels, o.type, o.layout);
  uint8_t* in_bytes = read_file(o.in, file_size(&input.image));
  copy_values(&input.image, in_bytes, 1, 0);
  free(in_bytes);
  const size_t arena_size = model_arena_size(o.height, o.width);
  uint8_t* arena = allocate(arena_size + kArenaGuard);
  memset(arena + arena_size, kUntouched, kArenaGuard);

  qatc_threads threads;
  qatc_threads_create(&threads, o.threads);
  double min_ms = 0.0;
  for (int i = 0; i < o.repeat; ++i) {
    const double start = now_ms();
    status = run(&o, &input.image, &output.image, arena, arena_size, qatc_threads_executor(&threads));
    const double elapsed = now_ms() - start;
    if (status != QATC_OK) {
      fail("%d x %d x %d: %s", (int)o.height, (int)o.width, (int)o.channels, qatc_status_string(status));
    }
    min_ms = i == 0 || elapsed < min_ms ? elapsed : min_ms;
  }
  qatc_threads_destroy(&threads);

  uint8_t* out_bytes = allocate(file_size(&output.image));
  copy_values(&output.image, out_bytes, 0, 1);
  check_untouched(output.memory, output.memory_size, "output image");
  check_untouched(arena + arena_size, kArenaGuard, "arena");
  write_file(o.out, out_bytes, file_size(&output.image));
  printf("out %d %d %d\n", (int)out_height, (int)out_width, (int)out_channels);
  printf("min_ms %.3f\n", min_ms);

  free(out_bytes);
  free(arena);
  free(output.memory);
  free(input.memory);
  return 0;
}
