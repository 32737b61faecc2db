/* qatc_driver_support.h - functions that generated drivers call. Not part of the public API.
 *
 * Shapes: a stored tensor is NHWC with N = 1, one byte a channel, `pixel_bytes` bytes a pixel (>= its
 * channels: the rest pads up to what the kernels want). `origin` is the address of pixel (0, 0); a border lies
 * around the image, so rows and columns below 0 are memory too, and between the borders of rows there may be a gap. Row
 * y starts at origin + y * row_stride (bytes).
 *
 * Values: a quantized value q is in 0..255 and is stored as q ^ storage_xor: 0 keeps uint8, 0x80 makes the
 * int8 that ARM's dot products want. Both stand for the same real number.
 *
 * Ranges of rows let a driver give disjoint bands to different threads. Arithmetic on floats here is defined
 * to the last bit, provided that it is compiled with -ffp-contract=off; -fno-math-errno keeps sqrt one
 * instruction. */
#ifndef QATC_DRIVER_SUPPORT_H
#define QATC_DRIVER_SUPPORT_H

#include "qatc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QATC_ALIGNMENT = 64 /* bytes: a cache line and the widest vector */ };

/** Rounds a number of bytes up to a multiple of QATC_ALIGNMENT; bytes <= SIZE_MAX - 63. */
static inline size_t qatc_align(size_t bytes) { return (bytes + (QATC_ALIGNMENT - 1)) & ~(size_t)(QATC_ALIGNMENT - 1); }

/** The first aligned address at or after `pointer`: arenas come in any alignment, with QATC_ALIGNMENT - 1
 * spare bytes. */
static inline uint8_t* qatc_align_pointer(void* pointer) {
  const size_t misalignment = (size_t)((uintptr_t)pointer & (QATC_ALIGNMENT - 1));
  return (uint8_t*)pointer + (misalignment == 0 ? 0 : QATC_ALIGNMENT - misalignment);
}

/** Checks an image before anything is read or written: no NULL, a known type, so many channels, and strides whose span
 * fits into memory; an output must also be exactly height x width, and its values must not overlap (see qatc_image).
 * The image's height and width are positive. Reports the first of: NULL_ARGUMENT, WRONG_TYPE, WRONG_CHANNELS,
 * WRONG_OUTPUT_SIZE, BAD_STRIDE. */
qatc_status qatc_check_image(const qatc_image* image, int32_t height, int32_t width, int32_t channels, int is_output);

/** Whether writing the output may change input values that are still to be read: QATC_OVERLAP, or QATC_OK. Both images
 * have passed qatc_check_image. Images whose rows lie side by side in the same picture do not overlap. same_rows: a row
 * of the input is read right before the same row of the output is written and never again, so that the very same values
 * (address, strides, type) may be both. */
qatc_status qatc_check_overlap(const qatc_image* input, const qatc_image* output, int same_rows);

/** Fills the border of rows y_begin .. y_end-1 of a height x width tensor with the stored byte `value`. Rows
 * 0 .. height-1 get their left and right border, other rows lie in the border and are filled from end to end.
 * Rows beyond the border are ignored, so (-border[0], height + border[2]) and anything wider fills it all. border:
 * its width at the top, left, bottom and right in pixels, each >= 0. */
void qatc_fill_border(uint8_t* origin, ptrdiff_t row_stride, int32_t height, int32_t width, int32_t pixel_bytes,
                      const int32_t border[4], uint8_t value, int32_t y_begin, int32_t y_end);

/* ---- What kernels take: Halide's halide_buffer_t and halide_dimension_t (HalideRuntime.h), whose layout this is. */

typedef struct qatc_dimension {
  int32_t min, extent, stride;
  uint32_t flags;
} qatc_dimension;

typedef struct qatc_buffer {
  uint64_t device;
  const void* device_interface;
  uint8_t* host;
  uint64_t flags;
  uint8_t type_code, type_bits;
  uint16_t type_lanes;
  int32_t dimensions;
  qatc_dimension* dim;
  void* padding;
  qatc_dimension dims[8]; /* ours: what dim points to */
} qatc_buffer;

/** In which arithmetic a real number is formed before the one rounding of a QuantizeLinear. */
typedef enum qatc_rounding {
  QATC_ROUND_FLOAT = 0, /**< x / scale in float32 */
  QATC_ROUND_EXACT = 1  /**< x / scale in double, which rounds as the real quotient would */
} qatc_rounding;

/** Layouts of an image for which there are kernels. */
typedef enum qatc_layout {
  QATC_INTERLEAVED, /**< pixel by pixel without a gap, the channels in order or in reverse */
  QATC_PADDED,      /**< the same with one value more a pixel, which is not the image's */
  QATC_PLANAR,      /**< channel by channel, rows without a gap */
  QATC_LAYOUTS      /**< how many these are */
} qatc_layout;

/** Kernels of the library that move a row of pixels from an image to a stored tensor or back. Both buffers are
 * (channel, pixel), first pixel at the host pointer. reversed: the host pointer of an image that is not planar is at the
 * last channel. Of the other numbers they take what their type of image needs. They return 0. */
typedef int qatc_load_kernel(qatc_buffer* image, int32_t reversed, uint64_t u8_table, double scale, int32_t zero_point,
                             qatc_buffer* tensor);
typedef int qatc_store_kernel(qatc_buffer* tensor, int32_t reversed, uint64_t u8_table, int32_t zero_point, float scale,
                              float low, float high, qatc_buffer* image);

/** The QuantizeLinear at the graph's input: q = saturate(round_half_even(x / scale) + zero_point) in 0..255.
 */
typedef struct qatc_quantizer {
  float scale;        /**< > 0 */
  int32_t zero_point; /**< 0..255 */
  qatc_rounding rounding;
  uint8_t storage_xor;     /**< 0 or 0x80 */
  const uint8_t* u8_table; /**< 256: the stored byte of the byte v, which stands for the real v / 255 */
  qatc_load_kernel* kernels[2][QATC_LAYOUTS]; /**< by qatc_type and layout; NULL: none */
} qatc_quantizer;

/** Quantizes rows y_begin .. y_end-1 of the app's image into the stored tensor; its padding channels get
 * zero_point. NaN becomes zero_point. in->channels <= pixel_bytes, which is 4 where there are kernels; 0 <= y_begin,
 * y_end <= in->height. Kernels change the time that it takes and nothing else. */
void qatc_load_image(const qatc_image* in, uint8_t* origin, ptrdiff_t row_stride, int32_t pixel_bytes,
                     const qatc_quantizer* quantizer, int32_t y_begin, int32_t y_end);

/** What the graph makes of its last tensor. */
typedef struct qatc_dequantizer {
  const float* f32_table;  /**< 256: the real value of a stored byte */
  const uint8_t* u8_table; /**< 256: its byte in an 8-bit image */
  int32_t zero_point;      /**< a stored byte; it and the next are for kernels, which give f32_table as: */
  float scale, low, high;  /**< min(max((stored byte - zero_point) * scale, low), high) */
  qatc_store_kernel* kernels[2][QATC_LAYOUTS]; /**< by qatc_type and layout; NULL: none */
} qatc_dequantizer;

/** Writes rows y_begin .. y_end-1 of the stored tensor to the app's image: each value is table[stored byte],
 * from f32_table or u8_table as out->type says; the other one may be NULL. Bytes between the image's values
 * are left alone. out->channels <= pixel_bytes, which is 4 where there are kernels; 0 <= y_begin, y_end <= out->height. */
void qatc_store_image(const qatc_image* out, const uint8_t* origin, ptrdiff_t row_stride, int32_t pixel_bytes,
                      const qatc_dequantizer* dequantizer, int32_t y_begin, int32_t y_end);

/** Part `index` of 0 .. rows-1 cut into `parts` bands whose sizes differ by at most one; empty where parts >
 * rows. */
void qatc_split_rows(int32_t rows, int32_t parts, int32_t index, int32_t* begin, int32_t* end);

/** executor->parallel_for, or a plain loop in order of index where there is no executor or nothing to share.
 */
void qatc_parallel_for(const qatc_executor* executor, int32_t count, void (*body)(void* data, int32_t index),
                       void* data);

/** An InstanceNormalization between two 8-bit tensors: all that its coefficients depend on but the sums. */
typedef struct qatc_norm_parameters {
  int32_t channels;
  double scale_in;
  int32_t zero_point;        /**< of the values that are summed, see qatc_norm_coefficients */
  double epsilon;            /**< > 0, or every channel has a variance above 0 */
  const float *gamma, *beta; /**< the norm's scale and bias, by channel */
  double scale_out;
} qatc_norm_parameters;

/** InstanceNormalization followed by a rescale, as one line a channel: normalized / scale_out = a * (q -
 * zero_point) + b.
 *
 * sum[c] and sum_of_squares[c] are over the values q of channel c at `count` >= 1 pixels (count * 255^2 <
 * 2^62). They are integers, so every order of summation, thread count and tile size gives the same
 * coefficients. q and zero_point may both be less by the same constant in 0..255, which changes no coefficient: kernels
 * sum q - 128 (lower/channel_sums.h). This is the one definition of this arithmetic: the reference
 * evaluator calls it too. */
void qatc_norm_coefficients(const qatc_norm_parameters* norm, int64_t count, const int64_t* sum,
                            const int64_t* sum_of_squares, double* a, double* b);

/** The source index of each output index of a nearest resize: map[i] = min(floor(i * numerator /
 * denominator), in_size - 1), in exact integers. out_size >= 0, in_size >= 1, numerator >= 0, 0 < denominator
 * < 2^62. */
void qatc_resize_map(int32_t* map, int32_t out_size, int64_t numerator, int64_t denominator, int32_t in_size);

/** A stored 8-bit tensor, or the part of one that a window holds: see the shapes above. `origin` may point outside of
 * memory when the rows around 0 are not in a window. */
typedef struct qatc_tensor {
  uint8_t* origin;
  ptrdiff_t row_stride;
  int32_t height, width, pixel_bytes;
  int32_t border[4];    /**< its width at the top, left, bottom and right, in pixels */
  int32_t gap;          /**< pixels between a row's border and the next row's, whose values nobody uses */
  uint8_t border_value; /**< the stored byte that fills it */
} qatc_tensor;

/** Bytes from one row to the next. */
static inline size_t qatc_row_bytes(const qatc_tensor* tensor) {
  return (size_t)(tensor->width + tensor->border[1] + tensor->border[3] + tensor->gap) * (size_t)tensor->pixel_bytes;
}

/** Bytes behind the last row that kernels may load, and never use: whole vectors of 16 bytes bring the last pixels of a
 * tensor whose pixels are of another size. */
static inline size_t qatc_read_ahead(int32_t pixel_bytes) { return pixel_bytes % 16 == 0 ? 0 : 12; }

/** Bytes of `rows` rows with the border and what is read ahead. Behind the last row there is no gap. */
static inline size_t qatc_rows_bytes(const qatc_tensor* tensor, int32_t rows) {
  return (size_t)rows * qatc_row_bytes(tensor) - (size_t)tensor->gap * (size_t)tensor->pixel_bytes +
         qatc_read_ahead(tensor->pixel_bytes);
}

/** Those of all rows, border rows among them, rounded up to QATC_ALIGNMENT. */
size_t qatc_tensor_bytes(const qatc_tensor* tensor);

/** Places a tensor at `memory` (qatc_tensor_bytes of it). */
void qatc_place_tensor(qatc_tensor* tensor, uint8_t* memory);

/** Fills the border around rows y_begin .. y_end-1, and above row 0 or below the last row when they are among them. */
void qatc_pad_rows(const qatc_tensor* tensor, int32_t y_begin, int32_t y_end);

typedef struct qatc_rows {
  int32_t begin, end; /**< empty when begin >= end */
} qatc_rows;

/** The input rows that a convolution or pool reads for output rows `rows`; may reach into the border. Empty for none. */
static inline qatc_rows qatc_rows_read(qatc_rows rows, int32_t stride, int32_t before, int32_t after) {
  const qatc_rows none = {0, 0};
  const qatc_rows needed = {rows.begin * stride - before, (rows.end - 1) * stride + after + 1};
  return rows.begin < rows.end ? needed : none;
}

/** The input rows that a resize reads for output rows `rows`. */
static inline qatc_rows qatc_rows_read_by_resize(qatc_rows rows, const int32_t* y_map) {
  const qatc_rows none = {0, 0};
  if (rows.begin >= rows.end) return none;
  const qatc_rows needed = {y_map[rows.begin], y_map[rows.end - 1] + 1};
  return needed;
}

/** `rows` if `condition` holds, else none. */
static inline qatc_rows qatc_rows_if(int condition, qatc_rows rows) {
  const qatc_rows none = {0, 0};
  return condition ? rows : none;
}

/** Which row of an input each row of a nearest resize shows; its steps are 0 or 1. */
typedef struct qatc_row_map {
  const int32_t* shown;
  int32_t in_height, out_height;
} qatc_row_map;

/** The row shown as row y, from -1, the row above the image, to out_height, the one below. */
static inline int32_t qatc_shown_row(const qatc_row_map* map, int32_t y) {
  return y < 0 ? -1 : y < map->out_height ? map->shown[y] : map->in_height;
}

/** The input rows that a 3x3 convolution of the resized input reads for output rows `rows`; may reach into the border. */
static inline qatc_rows qatc_rows_read_by_upsampled_conv(qatc_rows rows, const qatc_row_map* map) {
  const qatc_rows none = {0, 0};
  if (rows.begin >= rows.end) return none;
  const qatc_rows needed = {qatc_shown_row(map, rows.begin - 1), qatc_shown_row(map, rows.end) + 1};
  return needed;
}

/** Whether a 3x3 convolution's first row of taps reads the same row for rows y and y + 1 of the resized input, and its
 * last row of taps the row after it. */
static inline int qatc_are_pair(int32_t y, const qatc_row_map* map) {
  const int32_t first = qatc_shown_row(map, y - 1);
  return y + 1 < map->out_height && qatc_shown_row(map, y) == first && qatc_shown_row(map, y + 1) == first + 1 &&
         qatc_shown_row(map, y + 2) == first + 1;
}

/** `rows`, and the one after them where it is one pair with the last. */
static inline qatc_rows qatc_whole_pairs(qatc_rows rows, const qatc_row_map* map) {
  if (rows.begin < rows.end && rows.end > 0 && qatc_are_pair(rows.end - 1, map)) ++rows.end;
  return rows;
}

/** Rows that one call of an upsampled conv's kernel computes: whole pairs one after the other, or a single row. */
typedef struct qatc_pairs {
  qatc_rows rows;
  int32_t first; /**< the input row that the first taps of the first of `rows` read */
  int32_t row;   /**< of the first of `rows` in its pair: how much further down its middle taps read, 0 or 1 */
  int32_t apart; /**< how much further down its last taps read: 1 for pairs, 0 to 2 for a single row */
} qatc_pairs;

/** Takes the rows of the next call from the front of `rows`, which are not empty. */
static inline qatc_pairs qatc_take_pairs(qatc_rows* rows, const qatc_row_map* map) {
  const int32_t y = rows->begin;
  const int32_t first = qatc_shown_row(map, y - 1);
  qatc_pairs pairs = {{y, y}, first, qatc_shown_row(map, y) - first, qatc_shown_row(map, y + 1) - first};
  while (pairs.rows.end + 1 < rows->end && qatc_are_pair(pairs.rows.end, map)) pairs.rows.end += 2;
  if (pairs.rows.end == y) ++pairs.rows.end;
  rows->begin = pairs.rows.end;
  return pairs;
}

/** The smallest range with the rows of both; an empty range has none. */
static inline qatc_rows qatc_join_rows(qatc_rows a, qatc_rows b) {
  if (a.begin >= a.end) return b;
  if (b.begin >= b.end) return a;
  if (b.begin < a.begin) a.begin = b.begin;
  if (b.end > a.end) a.end = b.end;
  return a;
}

/** Those of `rows` that lie before row `begin` (part -1), within begin .. end-1 (part 0), or from row `end` on (1). */
static inline qatc_rows qatc_part_of_rows(qatc_rows rows, int32_t begin, int32_t end, int32_t part) {
  if (part < 0 && rows.end > begin) rows.end = begin;
  if (part >= 0 && rows.begin < begin) rows.begin = begin;
  if (part == 0 && rows.end > end) rows.end = end;
  if (part > 0 && rows.begin < end) rows.begin = end;
  return rows;
}

/** A few consecutive rows of a tensor that slide down the image: what one kernel of a stage hands to the next. */
typedef struct qatc_window {
  qatc_tensor tensor; /**< origin is such that row y is where a whole tensor would have it */
  uint8_t* memory;
  int32_t capacity;    /**< rows */
  int32_t first, next; /**< rows first .. next-1 are held */
} qatc_window;

/** qatc_rows_bytes of a window of `capacity` >= 1 rows, rounded up to QATC_ALIGNMENT. */
size_t qatc_window_bytes(const qatc_tensor* tensor, int32_t capacity);

/** An empty window over `tensor`'s shape in `memory`. */
qatc_window qatc_open_window(const qatc_tensor* tensor, uint8_t* memory, int32_t capacity);

/** Makes room for rows `needed` (at most `capacity`; never before those of an earlier call), keeps those already held,
 * fills the border of the others and returns which of these the caller has to compute: none that lie in the border. */
qatc_rows qatc_advance_window(qatc_window* window, qatc_rows needed);

/** How many rows a stage computes at a time, 2 to 16, when the widest of its windows has `row_bytes`. */
int32_t qatc_band_rows(size_t row_bytes);

/** Over how many threads to split `rows` rows: at most QATC_MAX_WORKERS and what the executor has. */
int32_t qatc_stripes(const qatc_executor* executor, int32_t rows);

/* Sizes that the driver and the compiler's plan both compute, here once. */

/** Rows of its input that a conv or pool reads for `rows` rows of its output, but for the taps around them. */
static inline int64_t qatc_rows_strided(int64_t rows, int64_t stride) { return (rows - 1) * stride + 1; }

/** The most rows of its input that a resize shows in `rows` adjacent rows of its output. */
static inline int64_t qatc_most_rows_shown(int64_t rows, int64_t in_height, int64_t out_height) {
  return rows * in_height / out_height + 2;
}

/** Bytes of one of a resize's index maps of `size` elements, rounded up to QATC_ALIGNMENT. */
static inline size_t qatc_map_bytes(int64_t size) { return qatc_align((size_t)size * sizeof(int32_t)); }

/** Bytes of per-row sums (height x channels), rounded up to QATC_ALIGNMENT. */
static inline size_t qatc_sums_bytes(int64_t height, int64_t channels) {
  return qatc_align((size_t)(height * channels) * sizeof(int32_t));
}

/** Whether a resize doubles the width as kernels of upsampled convs need it: exactly. */
static inline int qatc_doubles_width(int64_t in, int64_t out) { return out == 2 * in; }

/** Likewise the height: within one row, since those that are no pairs are computed one by one. */
static inline int qatc_doubles_height(int64_t in, int64_t out) { return out - 2 * in >= -1 && out - 2 * in <= 1; }

/** Coefficients of an InstanceNorm and the memory they are made in; all of `channels` elements. */
typedef struct qatc_norm {
  int64_t *sum, *sum_of_squares;
  double *a, *b;
  float *a_float, *b_float; /**< a and b rounded */
} qatc_norm;

/** Bytes that qatc_place_norm needs, rounded up to QATC_ALIGNMENT. */
size_t qatc_norm_bytes(int32_t channels);
qatc_norm qatc_place_norm(uint8_t* memory, int32_t channels);

/** Adds up the sums of `height` rows (height x channels, both) of `width` pixels and makes the coefficients; see
 * qatc_norm_coefficients. */
void qatc_finish_norm(const qatc_norm* norm, const qatc_norm_parameters* parameters, const int32_t* row_sums,
                      const int32_t* row_sums_of_squares, int32_t height, int32_t width);

/** Leaves those of `rows` to a kernel that loads rows itself which it can load: all of an image of interleaved bytes, else
 * none. The others are loaded as by qatc_load_image. Returns what is left, 0 .. 0 if nothing is. */
qatc_rows qatc_leave_pixels(const qatc_image* in, const qatc_tensor* tensor, const qatc_quantizer* quantizer,
                            qatc_rows rows);

/** A tensor as a kernel's input, (byte of the row, y), pixel (0, 0) at the host pointer. */
void qatc_bind_input(qatc_buffer* buffer, const qatc_tensor* tensor);
/** Rows of an image of interleaved bytes as a kernel's input, (value of the row, y). */
void qatc_bind_pixels(qatc_buffer* buffer, const qatc_image* image, qatc_rows rows);
/** Whether the channels of its pixels lie in reverse order. */
static inline int32_t qatc_is_reversed(const qatc_image* image) {
  return image->channels > 1 && image->channel_stride < 0;
}
/** Rows of a tensor as a kernel's output, (byte of the row, y). */
void qatc_bind_codes(qatc_buffer* buffer, const qatc_tensor* tensor, qatc_rows rows);
/** Rows y_begin .. y_end-1 of a tensor, from channel `channel`, as a kernel's output. */
void qatc_bind_output(qatc_buffer* buffer, const qatc_tensor* tensor, int32_t channel, int32_t y_begin, int32_t y_end);
/** Has a kernel compute the rows of `output` (of qatc_bind_output) as one long row, with what lies between them, if that
 * takes fewer tiles of `tile` pixels; never with tile = 0. Returns whether it does: what lies between the rows is
 * overwritten. The kernel must read all of its tensors at the output's own pixel or at fixed distances from it, and all
 * must have as many pixels from one row to the next. */
int qatc_flatten_rows(qatc_buffer* output, int32_t tile);
/** Fills the border at the left and right of rows y_begin >= 0 .. y_end-1 < height. */
void qatc_fill_sides(const qatc_tensor* tensor, int32_t y_begin, int32_t y_end);
/** Rows of a tensor of even width as the output of an upsampled conv: (channel, column of a pair, pair, row of a pair,
 * pair of rows). */
void qatc_bind_pairs(qatc_buffer* buffer, const qatc_tensor* tensor, const qatc_pairs* pairs);
/** As qatc_bind_output, for rows that nobody reads: each is written to `row`, qatc_row_bytes of the tensor. */
void qatc_bind_scratch(qatc_buffer* buffer, const qatc_tensor* tensor, uint8_t* row, int32_t channel, int32_t y_begin,
                       int32_t y_end);
/** int32 row sums (height x channels), rows y_begin .. y_end-1. */
void qatc_bind_sums(qatc_buffer* buffer, int32_t* sums, int32_t channels, int32_t y_begin, int32_t y_end);
/** A constant or an index map; the kernel knows the shape. */
void qatc_bind_constant(qatc_buffer* buffer, const void* data);

#ifdef __cplusplus
}
#endif

#endif /* QATC_DRIVER_SUPPORT_H */
