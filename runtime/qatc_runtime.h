/* qatc_runtime.h - what an app needs to call a network compiled by qatc.
 *
 * The generated <name>.h declares functions that use these types:
 *
 *   size_t      <name>_arena_size(height, width)                    bytes of scratch memory, 0 for an unsupported size
 *   qatc_status <name>_output_size(height, width, &h, &w, &c)       size of the result
 *   qatc_status <name>_run(&input, &output, arena, size, executor)  computes the result
 *   qatc_status <name>_run_on(features, ...)                        the same for a CPU with these features
 *
 * Nothing here allocates, prints, or keeps state: any number of threads may run networks at the same time,
 * each with its own arena. C11 and C++11; needs only <stddef.h> and <stdint.h>. */
#ifndef QATC_RUNTIME_H
#define QATC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one channel of one pixel is. Input and output may be of different types. */
typedef enum qatc_type {
  /** A byte. Of an input, v stands for the real v / 255. Of an output, it is the real value clamped to 0..1, times 255,
   * rounded half to even. */
  QATC_U8 = 0,
  /** A 32-bit float at any alignment: the graph's own values. Of an input, each is rounded as the graph's first
   * QuantizeLinear says: values beyond its 8-bit range, infinities too, become the nearest end of that range, and NaN
   * becomes the zero point, which is real 0. Of an output, they are what the graph gives, not clamped to 0..1: at most
   * 256 different values, one for each code of its last 8-bit tensor. */
  QATC_F32 = 1
} qatc_type;

/** A view of height x width x channels values in the app's memory, in any layout.
 *
 * Channel c of pixel (x, y) is at `data + y * row_stride + x * pixel_stride + c * channel_stride`, all in
 * bytes. Strides may be negative (an upside-down picture: `data` is then its last row in memory). Common
 * layouts, for values of s bytes (1 or 4):
 *
 *   interleaved RGB   row_stride 3*s*width   pixel_stride 3*s   channel_stride s
 *   RGBA, A ignored   row_stride 4*s*width   pixel_stride 4*s   channel_stride s       (channels is 3)
 *   planar            row_stride s*width     pixel_stride s     channel_stride s*width*height
 *   a crop            the strides of the whole picture, data at the crop's first pixel
 *
 * An input may use a stride of 0 to repeat values (grey read as RGB). In an output no two values may overlap,
 * and the strides must nest: each dimension's stride spans everything the smaller-strided dimensions cover.
 *
 * Overlap: <name>.h says whether the output may be the input itself (same data, strides and type) or overlap it in
 * any way. What a network does not support returns QATC_OVERLAP. Two crops side by side in one picture never overlap. */
typedef struct qatc_image {
  void* data; /**< first channel of the first pixel */
  int32_t height, width, channels;
  qatc_type type;
  ptrdiff_t row_stride, pixel_stride, channel_stride; /**< bytes */
} qatc_image;

/** The most threads that work on one call, the cores of a phone; more are never used. Each has rows of its own in the
 * arena, whose size is the same for every executor. */
enum { QATC_MAX_WORKERS = 8 };

/** The app's threads. qatc_threads.h has a ready-made one; an app with a thread pool of its own wraps it in this. */
typedef struct qatc_executor {
  void* context;   /**< passed back to parallel_for */
  int32_t workers; /**< how many threads can work at the same time, the calling one included; below 1 counts as 1 */
  /** Calls body(data, index) once for each index in 0..count-1, in any order and on any threads, and returns
   * when all calls have returned. What the caller wrote before is visible to body, what body wrote to the
   * caller. */
  void (*parallel_for)(void* context, int32_t count, void (*body)(void* data, int32_t index), void* data);
} qatc_executor;

/** Why a call did nothing. Every code but QATC_OK means that the output was not touched. */
typedef enum qatc_status {
  QATC_OK = 0,
  QATC_NULL_ARGUMENT,     /**< a pointer that must not be NULL is, or an image's data */
  QATC_SIZE_TOO_SMALL,    /**< height or width is below the network's minimum */
  QATC_SIZE_TOO_LARGE,    /**< height or width is above the network's maximum, or a tensor of the network would take
                               more than 2^31 - 1 bytes for this image */
  QATC_SIZE_UNSUPPORTED,  /**< the graph has a fixed size and this is another */
  QATC_ARENA_TOO_SMALL,   /**< arena_size is less than <name>_arena_size says for this image */
  QATC_WRONG_CHANNELS,    /**< an image has another number of channels than the network */
  QATC_WRONG_TYPE,        /**< an image's type is neither QATC_U8 nor QATC_F32 */
  QATC_WRONG_OUTPUT_SIZE, /**< the output's height or width is not what <name>_output_size says */
  QATC_BAD_STRIDE,        /**< values of an output overlap, or an image would not fit into memory */
  QATC_OVERLAP,           /**< the output shares memory with the input in a way that the network cannot work with */
  QATC_CPU_UNSUPPORTED    /**< the library has no code for a CPU with these features */
} qatc_status;

/** One English sentence without a full stop, never NULL; a constant that must not be freed. */
const char* qatc_status_string(qatc_status status);

/** What code can use beyond its architecture's base. Each bit stands for all that code of its instruction set needs of
 * the CPU, and of the system to save its registers. */
typedef enum qatc_cpu_feature {
  QATC_CPU_DOTPROD = 1 << 0,    /**< ARM64: sdot */
  QATC_CPU_I8MM = 1 << 1,       /**< ARM64: smmla and sdot */
  QATC_CPU_AVX2 = 1 << 8,       /**< x86-64: AVX2, FMA and F16C */
  QATC_CPU_AVXVNNI = 1 << 9,    /**< x86-64: AVX-VNNI and the above */
  QATC_CPU_AVX512VNNI = 1 << 10 /**< x86-64: AVX-512 F, CD, BW, DQ, VL, IFMA, VBMI, VNNI */
} qatc_cpu_feature;

/** The features of the CPU that this runs on. Asks the CPU or the system at each call, which takes up to tens of
 * microseconds in an x86-64 virtual machine (cpuid traps there). <name>_run calls it once where a library has several
 * instruction sets; an app may call it once, keep or reduce the result and call <name>_run_on. */
uint32_t qatc_cpu_features(void);

#ifdef __cplusplus
}
#endif

#endif /* QATC_RUNTIME_H */
