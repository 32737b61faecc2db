/* A stand-in for a generated header: a network of 3 channels that computes 1 - x, written by hand on the
 * driver's support functions. Its smallest image is 2 x 2, its largest 4096 x 4096. */
#ifndef QATC_TESTS_INVERT_H
#define QATC_TESTS_INVERT_H

#include "qatc_runtime.h"

size_t invert_arena_size(int32_t height, int32_t width);
qatc_status invert_output_size(int32_t height, int32_t width, int32_t* out_height, int32_t* out_width,
                               int32_t* out_channels);
qatc_status invert_run(const qatc_image* input, const qatc_image* output, void* arena, size_t arena_size,
                       const qatc_executor* executor);
qatc_status invert_run_on(uint32_t features, const qatc_image* input, const qatc_image* output, void* arena,
                          size_t arena_size, const qatc_executor* executor);

#endif /* QATC_TESTS_INVERT_H */
