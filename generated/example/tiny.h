/* tiny.h - an image network compiled by qatc. Link libtiny.a and libqatc_runtime.a. */
#ifndef QATC_MODEL_TINY_H
#define QATC_MODEL_TINY_H

#include "qatc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Image sizes in pixels; everything between is supported as long as no tensor exceeds 2^31 - 1 bytes. */
#define TINY_MIN_HEIGHT 3
#define TINY_MIN_WIDTH 1
#define TINY_MAX_HEIGHT 16384
#define TINY_MAX_WIDTH 16384

/** Bytes of scratch memory that tiny_run needs for a height x width image, at any alignment; 0 where the
 * size is not supported. */
size_t tiny_arena_size(int32_t height, int32_t width);

/** The size of the result for a height x width image: H x W pixels of 3 channels. Returns QATC_OK,
 * QATC_SIZE_TOO_SMALL, QATC_SIZE_TOO_LARGE or QATC_NULL_ARGUMENT. */
qatc_status tiny_output_size(int32_t height, int32_t width, int32_t* out_height, int32_t* out_width,
                             int32_t* out_channels);

/** Runs the network on an image of 3 channels. arena: at least tiny_arena_size bytes, not shared with another
 * running call. executor: the app's threads, or NULL for the calling thread. The result is the same for any number of
 * threads and any strides. The output may be the input itself, in place; other overlaps: QATC_OVERLAP.
 *
 * Returns QATC_OK, QATC_NULL_ARGUMENT, QATC_SIZE_TOO_SMALL, QATC_SIZE_TOO_LARGE, QATC_ARENA_TOO_SMALL,
 * QATC_WRONG_CHANNELS, QATC_WRONG_TYPE, QATC_WRONG_OUTPUT_SIZE, QATC_BAD_STRIDE or QATC_OVERLAP; of a library for several
 * instruction sets, also QATC_CPU_UNSUPPORTED. */
qatc_status tiny_run(const qatc_image* input, const qatc_image* output, void* arena, size_t arena_size,
                     const qatc_executor* executor);

/** The same for a CPU that has `features`, see qatc_cpu_features: with the best instruction set that both the
 * library and these have; QATC_CPU_UNSUPPORTED where there is none. tiny_run itself asks the CPU only when
 * the library has several instruction sets to choose from. */
qatc_status tiny_run_on(uint32_t features, const qatc_image* input, const qatc_image* output, void* arena,
                        size_t arena_size, const qatc_executor* executor);

#ifdef __cplusplus
}
#endif

#endif
