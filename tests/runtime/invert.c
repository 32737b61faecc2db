#include "invert.h"

#include "qatc_driver_support.h"

enum { kPixelBytes = 4, kBands = 7 };

typedef struct invert_job {
  const qatc_image *input, *output;
  uint8_t* origin;
  ptrdiff_t row_stride;
  qatc_quantizer quantizer;
  qatc_dequantizer dequantizer;
  uint8_t input_table[256];
  uint8_t u8_table[256];
  float f32_table[256];
} invert_job;

static qatc_status check_size(int32_t height, int32_t width) {
  if (height < 2 || width < 2) {
    return QATC_SIZE_TOO_SMALL;
  }
  return height > 4096 || width > 4096 ? QATC_SIZE_TOO_LARGE : QATC_OK;
}

size_t invert_arena_size(int32_t height, int32_t width) {
  if (check_size(height, width) != QATC_OK) {
    return 0;
  }
  return (size_t)height * (size_t)width * kPixelBytes + QATC_ALIGNMENT - 1;
}

qatc_status invert_output_size(int32_t height, int32_t width, int32_t* out_height, int32_t* out_width,
                               int32_t* out_channels) {
  *out_height = height;
  *out_width = width;
  *out_channels = 3;
  return check_size(height, width);
}

static void invert_band(void* data, int32_t index) {
  const invert_job* job = (const invert_job*)data;
  int32_t begin = 0;
  int32_t end = 0;
  qatc_split_rows(job->input->height, kBands, index, &begin, &end);
  qatc_load_image(job->input, job->origin, job->row_stride, kPixelBytes, &job->quantizer, begin, end);
  qatc_store_image(job->output, job->origin, job->row_stride, kPixelBytes, &job->dequantizer, begin, end);
}

qatc_status invert_run(const qatc_image* input, const qatc_image* output, void* arena, size_t arena_size,
                       const qatc_executor* executor) {
  if (input == NULL || output == NULL || arena == NULL) {
    return QATC_NULL_ARGUMENT;
  }
  qatc_status status = check_size(input->height, input->width);
  if (status == QATC_OK) {
    status = qatc_check_image(input, input->height, input->width, 3, 0);
  }
  if (status == QATC_OK) {
    status = qatc_check_image(output, input->height, input->width, 3, 1);
  }
  if (status != QATC_OK) {
    return status;
  }
  if (arena_size < invert_arena_size(input->height, input->width)) {
    return QATC_ARENA_TOO_SMALL;
  }

  invert_job job = {.input = input, .output = output, .origin = qatc_align_pointer(arena)};
  job.row_stride = (ptrdiff_t)kPixelBytes * input->width;
  job.quantizer.scale = 1.0f / 255.0f;
  job.quantizer.storage_xor = 0x80;
  job.quantizer.u8_table = job.input_table;
  job.dequantizer.u8_table = job.u8_table;
  job.dequantizer.f32_table = job.f32_table;
  for (int v = 0; v < 256; ++v) {
    job.input_table[v] = (uint8_t)(v ^ 0x80);
    job.u8_table[v ^ 0x80] = (uint8_t)(255 - v);
    job.f32_table[v ^ 0x80] = (float)(255 - v) / 255.0f;
  }
  qatc_parallel_for(executor, kBands, invert_band, &job);
  return QATC_OK;
}

/* Inverting takes dot products here, so that there is something to refuse. */
qatc_status invert_run_on(uint32_t features, const qatc_image* input, const qatc_image* output, void* arena,
                          size_t arena_size, const qatc_executor* executor) {
  return (features & QATC_CPU_DOTPROD) != 0 ? invert_run(input, output, arena, arena_size, executor)
                                            : QATC_CPU_UNSUPPORTED;
}
