/* What a measuring program consists of besides measure_kernel.c: kernels.c, which qatc writes for each kernel. */
#ifndef QATC_MEASURE_KERNEL_H
#define QATC_MEASURE_KERNEL_H

#include "qatc_driver_support.h"

typedef struct input_shape {
  int32_t height, width, channels; /* channels: as stored */
  int32_t border[4];               /* top, left, bottom, right, in pixels */
} input_shape;

/* Everything that a call takes and that is the same for all candidates. */
typedef struct call_data {
  qatc_tensor *inputs, *outputs;
  int32_t** x_maps; /* of a resize of this input to the output's size */
  int32_t** y_maps;
  int32_t* sums[2];
  const float* floats; /* small numbers, as many as the kernel has channels */
  const double* doubles;
} call_data;

/* kernels.c */
typedef int (*candidate)(const call_data* data);
extern const candidate candidates[]; /* the first is what the others are compared with */
extern const int32_t candidate_count, input_count, output_count, sums_count;
extern const input_shape input_shapes[];
extern const int32_t out_rows, out_width, out_channels /* a pixel's bytes */, out_values /* those that do not pad it */;

#endif
