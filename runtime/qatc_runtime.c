/* The runtime of compiled networks. Freestanding C11: needs memcpy and memset and nothing else. */
#include "qatc_runtime.h"

#include "qatc_driver_support.h"

/* A freestanding compiler has no string.h; these two are what it calls for assignments anyway. */
#ifdef __cplusplus
#error "compile the runtime as C"
#endif
/* Freestanding, a plain memcpy is always a call; __builtin_memcpy of a few bytes is a load or a store. */
void* memcpy(void* restrict to, const void* restrict from, size_t bytes);
void* memset(void* to, int value, size_t bytes);

#if !defined(__SIZEOF_INT128__)
#error "the runtime needs a 64-bit target"
#endif
__extension__ typedef unsigned __int128 qatc_u128;

const char* qatc_status_string(qatc_status status) {
  switch (status) {
    case QATC_OK:
      return "no error";
    case QATC_NULL_ARGUMENT:
      return "a pointer is NULL that must not be";
    case QATC_SIZE_TOO_SMALL:
      return "the image is smaller than the network's minimum";
    case QATC_SIZE_TOO_LARGE:
      return "the image is above the network's maximum size, or a tensor would exceed 2^31 - 1 bytes";
    case QATC_SIZE_UNSUPPORTED:
      return "the network has a fixed size and the image has another";
    case QATC_ARENA_TOO_SMALL:
      return "the arena is too small for this image size";
    case QATC_WRONG_CHANNELS:
      return "an image has the wrong number of channels";
    case QATC_WRONG_TYPE:
      return "an image's type is neither QATC_U8 nor QATC_F32";
    case QATC_WRONG_OUTPUT_SIZE:
      return "the output's height or width is not what the network makes of this input";
    case QATC_BAD_STRIDE:
      return "an image's strides make values overlap or exceed the address space";
    case QATC_OVERLAP:
      return "the output overlaps the input in a way that this network does not support";
    case QATC_CPU_UNSUPPORTED:
      return "the library has no code for this CPU";
  }
  return "unknown status";
}

/* ---- Images ------------------------------------------------------------------------------------------------------ */

typedef struct axis {
  uint64_t extent, step; /* step: the stride without its sign, bytes */
} axis;

static axis make_axis(int32_t extent, ptrdiff_t stride) {
  const axis result = {(uint64_t)extent, stride < 0 ? (uint64_t)0 - (uint64_t)stride : (uint64_t)stride};
  return result;
}

static void order_by_step(axis* first, axis* second) {
  if (second->step < first->step) {
    const axis smaller = *second;
    *second = *first;
    *first = smaller;
  }
}

/* Grows the span from one value, smallest stride first. If every stride steps over the whole span before it,
 * the values are disjoint, as in a number system with large enough bases. */
static int strides_are_sound(const qatc_image* image, int is_output) {
  axis axes[3] = {make_axis(image->channels, image->channel_stride), make_axis(image->width, image->pixel_stride),
                  make_axis(image->height, image->row_stride)};
  order_by_step(&axes[0], &axes[1]);
  order_by_step(&axes[1], &axes[2]);
  order_by_step(&axes[0], &axes[1]);

  uint64_t span = image->type == QATC_F32 ? sizeof(float) : 1;
  for (int i = 0; i < 3; ++i) {
    if (axes[i].extent == 1) {
      continue; /* its stride is never used */
    }
    if (is_output && axes[i].step < span) {
      return 0;
    }
    uint64_t reach;
    if (__builtin_mul_overflow(axes[i].extent - 1, axes[i].step, &reach) ||
        __builtin_add_overflow(span, reach, &span) || span > (uint64_t)PTRDIFF_MAX) {
      return 0;
    }
  }
  return 1;
}

qatc_status qatc_check_image(const qatc_image* image, int32_t height, int32_t width, int32_t channels, int is_output) {
  if (image == NULL || image->data == NULL) {
    return QATC_NULL_ARGUMENT;
  }
  if (image->type != QATC_U8 && image->type != QATC_F32) {
    return QATC_WRONG_TYPE;
  }
  if (image->channels != channels) {
    return QATC_WRONG_CHANNELS;
  }
  if (is_output && (image->height != height || image->width != width)) {
    return QATC_WRONG_OUTPUT_SIZE;
  }
  return strides_are_sound(image, is_output) ? QATC_OK : QATC_BAD_STRIDE;
}

/* Addresses first .. first + bytes - 1. */
typedef struct span {
  uintptr_t first, bytes;
} span;

static void grow(span* s, int32_t extent, ptrdiff_t stride) {
  const axis a = make_axis(extent, stride);
  const uint64_t reach = (a.extent - 1) * a.step;
  if (stride < 0) s->first -= reach;
  s->bytes += reach;
}

/* What row 0 of one channel covers. */
static span row_span(const qatc_image* image, int32_t channel) {
  span s = {(uintptr_t)image->data + (uintptr_t)(channel * image->channel_stride),
            image->type == QATC_F32 ? sizeof(float) : 1};
  grow(&s, image->width, image->pixel_stride);
  return s;
}

static int are_apart(span a, span b) { return a.first + a.bytes <= b.first || b.first + b.bytes <= a.first; }

/* Rows repeat every `period` bytes in both images, so their places within one period decide. */
static int are_side_by_side(span a, span b, uint64_t period) {
  const uint64_t behind = (a.first - b.first) % period;
  const uint64_t shift = b.first >= a.first ? (b.first - a.first) % period : behind == 0 ? 0 : period - behind;
  return a.bytes <= period && b.bytes <= period && shift >= a.bytes && shift + b.bytes <= period;
}

static int channels_overlap(const qatc_image* a, int32_t channel_a, const qatc_image* b, int32_t channel_b) {
  const span row_a = row_span(a, channel_a);
  const span row_b = row_span(b, channel_b);
  span all_a = row_a;
  span all_b = row_b;
  grow(&all_a, a->height, a->row_stride);
  grow(&all_b, b->height, b->row_stride);
  if (are_apart(all_a, all_b)) return 0;
  const uint64_t step = make_axis(1, a->row_stride).step;
  return step == 0 || step != make_axis(1, b->row_stride).step || !are_side_by_side(row_a, row_b, step);
}

static int are_same(const qatc_image* a, const qatc_image* b) {
  return a->data == b->data && a->height == b->height && a->width == b->width && a->channels == b->channels &&
         a->type == b->type && a->row_stride == b->row_stride && a->pixel_stride == b->pixel_stride &&
         a->channel_stride == b->channel_stride;
}

qatc_status qatc_check_overlap(const qatc_image* input, const qatc_image* output, int same_rows) {
  if (same_rows && are_same(input, output)) {
    return QATC_OK;
  }
  for (int32_t i = 0; i < input->channels; ++i) {
    for (int32_t o = 0; o < output->channels; ++o) {
      if (channels_overlap(input, i, output, o)) return QATC_OVERLAP;
    }
  }
  return QATC_OK;
}

void qatc_fill_border(uint8_t* origin, ptrdiff_t row_stride, int32_t height, int32_t width, int32_t pixel_bytes,
                      const int32_t border[4], uint8_t value, int32_t y_begin, int32_t y_end) {
  const int32_t top = border[0];
  const int32_t bottom = border[2];
  const size_t left = (size_t)border[1] * (size_t)pixel_bytes;
  const size_t right = (size_t)border[3] * (size_t)pixel_bytes;
  const size_t inside = (size_t)width * (size_t)pixel_bytes;
  const int32_t begin = y_begin < -top ? -top : y_begin;
  const int32_t end = y_end > height + bottom ? height + bottom : y_end;

  for (int32_t y = begin; y < end; ++y) {
    uint8_t* row = origin + (ptrdiff_t)y * row_stride;
    if (y < 0 || y >= height) {
      memset(row - left, value, left + inside + right);
      continue;
    }
    if (left != 0) {
      memset(row - left, value, left);
    }
    if (right != 0) {
      memset(row + inside, value, right);
    }
  }
}

/* ---- The app's image to the first tensor ------------------------------------------------------------------------- */

/* Pixels that go through the small buffers below at a time: they stay in the first-level cache. */
enum { kChunk = 256 };

/* Rounding is left to one addition of 1.5 * 2^mantissa_bits: a sum from 2^mantissa_bits to twice that holds no fraction, so
 * the addition drops it, half to even, and leaves the integer in the low bits, also of a negative number, which the half
 * above 2^mantissa_bits makes room for. It needs |x| small, so x is clamped first; the bounds are integers, so that
 * clamping before or after rounding is the same. */
#define FLOAT_ROUNDER 0x1.8p23f
#define DOUBLE_ROUNDER 0x1.8p52

static void quantize_float(const float* x, int32_t n, float scale, int32_t zero_point, uint8_t storage_xor,
                           uint8_t* stored) {
  const float low = (float)-zero_point;
  const float high = (float)(255 - zero_point);
  for (int32_t i = 0; i < n; ++i) {
    float r = x[i] / scale;
    r = r == r ? r : 0.0f;
    r = r < low ? low : r;
    r = r > high ? high : r;
    const float shifted = r + FLOAT_ROUNDER;
    uint32_t bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    stored[i] = (uint8_t)((bits + (uint32_t)zero_point) ^ storage_xor);
  }
}

static void quantize_exact(const float* x, int32_t n, float scale, int32_t zero_point, uint8_t storage_xor,
                           uint8_t* stored) {
  const double low = -zero_point;
  const double high = 255 - zero_point;
  for (int32_t i = 0; i < n; ++i) {
    double r = (double)x[i] / (double)scale;
    r = r == r ? r : 0.0;
    r = r < low ? low : r;
    r = r > high ? high : r;
    const double shifted = r + DOUBLE_ROUNDER;
    uint64_t bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    stored[i] = (uint8_t)(((uint32_t)bits + (uint32_t)zero_point) ^ storage_xor);
  }
}

/* The floats need not be aligned: an app may pass any address. */
static void gather_float(const uint8_t* from, ptrdiff_t pixel_stride, int32_t n, float* to) {
  if (pixel_stride == (ptrdiff_t)sizeof(float)) {
    __builtin_memcpy(to, from, (size_t)n * sizeof(float));
    return;
  }
  for (int32_t i = 0; i < n; ++i) {
    __builtin_memcpy(&to[i], from + i * pixel_stride, sizeof(float));
  }
}

static void load_f32_row(const qatc_image* in, const uint8_t* from, uint8_t* to, int32_t pixel_bytes,
                         const qatc_quantizer* quantizer) {
  float real[kChunk];
  uint8_t stored[kChunk];
  for (int32_t x = 0; x < in->width; x += kChunk) {
    const int32_t n = in->width - x < kChunk ? in->width - x : kChunk;
    for (int32_t c = 0; c < pixel_bytes; ++c) {
      if (c >= in->channels) {
        memset(stored, quantizer->zero_point ^ quantizer->storage_xor, (size_t)n);
      } else {
        gather_float(from + x * in->pixel_stride + c * in->channel_stride, in->pixel_stride, n, real);
        if (quantizer->rounding == QATC_ROUND_EXACT) {
          quantize_exact(real, n, quantizer->scale, quantizer->zero_point, quantizer->storage_xor, stored);
        } else {
          quantize_float(real, n, quantizer->scale, quantizer->zero_point, quantizer->storage_xor, stored);
        }
      }
      for (int32_t i = 0; i < n; ++i) {
        to[(ptrdiff_t)(x + i) * pixel_bytes + c] = stored[i];
      }
    }
  }
}

static void load_u8_row(const qatc_image* in, const uint8_t* from, uint8_t* to, int32_t pixel_bytes,
                        const qatc_quantizer* quantizer) {
  const uint8_t padding = (uint8_t)(quantizer->zero_point ^ quantizer->storage_xor);
  for (int32_t x = 0; x < in->width; ++x) {
    const uint8_t* pixel = from + x * in->pixel_stride;
    for (int32_t c = 0; c < pixel_bytes; ++c) {
      *to++ = c < in->channels ? quantizer->u8_table[pixel[c * in->channel_stride]] : padding;
    }
  }
}

/* ---- The last tensor to the app's image -------------------------------------------------------------------------- */

static void store_u8_row(const qatc_image* out, const uint8_t* from, int32_t pixel_bytes, const uint8_t* table,
                         uint8_t* to) {
  for (int32_t c = 0; c < out->channels; ++c) {
    uint8_t* channel = to + c * out->channel_stride;
    for (int32_t x = 0; x < out->width; ++x) {
      channel[x * out->pixel_stride] = table[from[(ptrdiff_t)x * pixel_bytes + c]];
    }
  }
}

static void store_f32_row(const qatc_image* out, const uint8_t* from, int32_t pixel_bytes, const float* table,
                          uint8_t* to) {
  for (int32_t c = 0; c < out->channels; ++c) {
    uint8_t* channel = to + c * out->channel_stride;
    for (int32_t x = 0; x < out->width; ++x) {
      __builtin_memcpy(channel + x * out->pixel_stride, &table[from[(ptrdiff_t)x * pixel_bytes + c]], sizeof(float));
    }
  }
}

/* ---- Rows by kernels --------------------------------------------------------------------------------------------- */

static ptrdiff_t value_size(const qatc_image* image) { return image->type == QATC_F32 ? (ptrdiff_t)sizeof(float) : 1; }

static qatc_layout layout_of(const qatc_image* image) {
  const ptrdiff_t size = value_size(image);
  const ptrdiff_t channel = image->channel_stride;
  if (channel == size || channel == -size || image->channels == 1) {
    const ptrdiff_t gap = image->pixel_stride - image->channels * size;
    return gap == 0 ? QATC_INTERLEAVED : gap == size ? QATC_PADDED : QATC_LAYOUTS;
  }
  /* Kernels count values in int32, of up to four channels. */
  const int is_counted = channel % size == 0 && channel / size <= INT32_MAX / 4 && channel / size >= INT32_MIN / 4;
  return image->pixel_stride == size && is_counted ? QATC_PLANAR : QATC_LAYOUTS;
}

static void bind(qatc_buffer* buffer, const void* data, int32_t dimensions) {
  memset(buffer, 0, sizeof *buffer);
  buffer->host = (uint8_t*)(uintptr_t)data;
  buffer->dimensions = dimensions;
  buffer->dim = buffer->dims;
}

static void bind_dimension(qatc_buffer* buffer, int32_t index, int32_t min, int32_t extent, ptrdiff_t stride) {
  buffer->dims[index].min = min;
  buffer->dims[index].extent = extent;
  buffer->dims[index].stride = (int32_t)stride;
}

/* Bytes from the first channel of an interleaved pixel to that at the lowest address. */
static ptrdiff_t last_channel(const qatc_image* image) {
  return qatc_is_reversed(image) ? (image->channels - 1) * image->channel_stride : 0;
}

/* Rows of an image and of a tensor as kernels take them. */
typedef struct row_pair {
  qatc_buffer image, tensor;
  ptrdiff_t last_channel;
} row_pair;

/* In place: a buffer points into itself, so that it cannot be returned. */
static void pair_rows(row_pair* rows, const qatc_image* image, qatc_layout layout, int32_t pixels,
                      int32_t pixel_bytes) {
  const ptrdiff_t size = value_size(image);
  rows->last_channel = layout == QATC_PLANAR ? 0 : last_channel(image);
  bind(&rows->image, NULL, 2);
  bind_dimension(&rows->image, 0, 0, image->channels, image->channel_stride / size);
  bind_dimension(&rows->image, 1, 0, pixels, image->pixel_stride / size);
  bind(&rows->tensor, NULL, 2);
  bind_dimension(&rows->tensor, 0, 0, pixel_bytes, 1);
  bind_dimension(&rows->tensor, 1, 0, pixels, pixel_bytes);
}

void qatc_load_image(const qatc_image* in, uint8_t* origin, ptrdiff_t row_stride, int32_t pixel_bytes,
                     const qatc_quantizer* quantizer, int32_t y_begin, int32_t y_end) {
  const qatc_layout layout = layout_of(in);
  qatc_load_kernel* const kernel = layout < QATC_LAYOUTS ? quantizer->kernels[in->type][layout] : NULL;
  /* Kernels read what lies between pixels too, of which there is nothing behind the last. */
  const int32_t pixels = kernel == NULL ? 0 : in->width - (layout == QATC_PADDED);
  row_pair rows;
  pair_rows(&rows, in, layout, pixels, pixel_bytes);
  qatc_image rest = *in;
  rest.width -= pixels;
  for (int32_t y = y_begin; y < y_end; ++y) {
    uint8_t* from = (uint8_t*)in->data + y * in->row_stride;
    uint8_t* to = origin + y * row_stride;
    if (kernel != NULL) {
      rows.image.host = from + rows.last_channel;
      rows.tensor.host = to;
      kernel(&rows.image, rows.last_channel != 0, (uint64_t)(uintptr_t)quantizer->u8_table, (double)quantizer->scale,
             quantizer->zero_point - quantizer->storage_xor, &rows.tensor);
    }
    from += pixels * in->pixel_stride;
    to += (ptrdiff_t)pixels * pixel_bytes;
    if (in->type == QATC_U8) {
      load_u8_row(&rest, from, to, pixel_bytes, quantizer);
    } else {
      load_f32_row(&rest, from, to, pixel_bytes, quantizer);
    }
  }
}

qatc_rows qatc_leave_pixels(const qatc_image* in, const qatc_tensor* tensor, const qatc_quantizer* quantizer,
                            qatc_rows rows) {
  const qatc_rows none = {0, 0};
  if (rows.begin >= rows.end) return none;
  /* Kernels count bytes from row 0 on in 32 bits. */
  const ptrdiff_t most = INT32_MAX / in->height;
  const int is_near = in->row_stride <= most && in->row_stride >= -most;
  if (in->type == QATC_U8 && layout_of(in) == QATC_INTERLEAVED && is_near) return rows;
  qatc_load_image(in, tensor->origin, tensor->row_stride, tensor->pixel_bytes, quantizer, rows.begin, rows.end);
  return none;
}

void qatc_store_image(const qatc_image* out, const uint8_t* origin, ptrdiff_t row_stride, int32_t pixel_bytes,
                      const qatc_dequantizer* dequantizer, int32_t y_begin, int32_t y_end) {
  const qatc_layout layout = layout_of(out);
  qatc_store_kernel* const kernel = layout < QATC_LAYOUTS ? dequantizer->kernels[out->type][layout] : NULL;
  row_pair rows;
  pair_rows(&rows, out, layout, out->width, pixel_bytes);
  for (int32_t y = y_begin; y < y_end; ++y) {
    const uint8_t* from = origin + y * row_stride;
    uint8_t* to = (uint8_t*)out->data + y * out->row_stride;
    if (kernel != NULL) {
      rows.image.host = to + rows.last_channel;
      rows.tensor.host = (uint8_t*)(uintptr_t)from;
      kernel(&rows.tensor, rows.last_channel != 0, (uint64_t)(uintptr_t)dequantizer->u8_table, dequantizer->zero_point,
             dequantizer->scale, dequantizer->low, dequantizer->high, &rows.image);
    } else if (out->type == QATC_U8) {
      store_u8_row(out, from, pixel_bytes, dequantizer->u8_table, to);
    } else {
      store_f32_row(out, from, pixel_bytes, dequantizer->f32_table, to);
    }
  }
}

/* ---- Sharing work ------------------------------------------------------------------------------------------------ */

void qatc_split_rows(int32_t rows, int32_t parts, int32_t index, int32_t* begin, int32_t* end) {
  *begin = (int32_t)((int64_t)rows * index / parts);
  *end = (int32_t)((int64_t)rows * (index + (int64_t)1) / parts);
}

void qatc_parallel_for(const qatc_executor* executor, int32_t count, void (*body)(void* data, int32_t index),
                       void* data) {
  if (executor != NULL && executor->parallel_for != NULL && executor->workers > 1 && count > 1) {
    executor->parallel_for(executor->context, count, body, data);
    return;
  }
  for (int32_t i = 0; i < count; ++i) {
    body(data, i);
  }
}

/* ---- Arithmetic that is done at run time ------------------------------------------------------------------------- */

/* The compiler's own conversion is a library call, which a freestanding object does not have. */
static double u128_to_double(qatc_u128 value) {
  return (double)(uint64_t)(value >> 64) * 18446744073709551616.0 + (double)(uint64_t)value;
}

static uint64_t magnitude(int64_t value) { return value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value; }

void qatc_norm_coefficients(const qatc_norm_parameters* norm, int64_t count, const int64_t* sum,
                            const int64_t* sum_of_squares, double* a, double* b) {
  const double n = (double)count;
  const int64_t z = norm->zero_point;
  for (int32_t c = 0; c < norm->channels; ++c) {
    /* With d = q - z: S = sum of d and Q = sum of d^2, exactly. */
    const int64_t S = sum[c] - count * z;
    const int64_t Q = sum_of_squares[c] - 2 * z * sum[c] + count * z * z;
    /* count * Q >= S * S by Cauchy and Schwarz, and forming the difference in integers leaves nothing to
     * cancel. */
    const qatc_u128 spread = (qatc_u128)(uint64_t)count * (uint64_t)Q - (qatc_u128)magnitude(S) * magnitude(S);
    const double variance = u128_to_double(spread) / (n * n);
    const double mean = (double)S / n;
    const double inverse =
        (double)norm->gamma[c] / __builtin_sqrt(variance * norm->scale_in * norm->scale_in + norm->epsilon);
    a[c] = inverse * norm->scale_in / norm->scale_out;
    b[c] = ((double)norm->beta[c] - mean * norm->scale_in * inverse) / norm->scale_out;
  }
}

void qatc_resize_map(int32_t* map, int32_t out_size, int64_t numerator, int64_t denominator, int32_t in_size) {
  /* i * numerator / denominator is stepped as quotient and remainder: no product that could overflow. */
  const int64_t last = in_size - 1;
  const int64_t whole = numerator / denominator;
  const int64_t step = whole < in_size ? whole : in_size;
  const int64_t step_remainder = numerator % denominator;
  int64_t index = 0;
  int64_t remainder = 0;
  for (int32_t i = 0; i < out_size; ++i) {
    map[i] = (int32_t)(index < last ? index : last);
    if (index >= last) {
      continue; /* the index never falls */
    }
    index += step;
    remainder += step_remainder;
    if (remainder >= denominator) {
      remainder -= denominator;
      ++index;
    }
  }
}

/* ---- Tensors, windows, norms and kernel buffers ------------------------------------------------------------------ */

size_t qatc_tensor_bytes(const qatc_tensor* tensor) {
  return qatc_window_bytes(tensor, tensor->height + tensor->border[0] + tensor->border[2]);
}

/* The address of row 0 when row `first` (border rows are negative) begins at `memory`. */
static uint8_t* origin_of(const qatc_tensor* tensor, uint8_t* memory, int32_t first) {
  return memory - (ptrdiff_t)first * tensor->row_stride + (ptrdiff_t)tensor->border[1] * tensor->pixel_bytes;
}

void qatc_place_tensor(qatc_tensor* tensor, uint8_t* memory) {
  tensor->row_stride = (ptrdiff_t)qatc_row_bytes(tensor);
  tensor->origin = origin_of(tensor, memory, -tensor->border[0]);
}

static void fill_rows(const qatc_tensor* tensor, int32_t y_begin, int32_t y_end) {
  qatc_fill_border(tensor->origin, tensor->row_stride, tensor->height, tensor->width, tensor->pixel_bytes,
                   tensor->border, tensor->border_value, y_begin, y_end);
}

void qatc_pad_rows(const qatc_tensor* tensor, int32_t y_begin, int32_t y_end) {
  fill_rows(tensor, y_begin == 0 ? -tensor->border[0] : y_begin,
            y_end == tensor->height ? tensor->height + tensor->border[2] : y_end);
}

size_t qatc_window_bytes(const qatc_tensor* tensor, int32_t capacity) {
  return qatc_align(qatc_rows_bytes(tensor, capacity));
}

qatc_window qatc_open_window(const qatc_tensor* tensor, uint8_t* memory, int32_t capacity) {
  qatc_window window;
  window.tensor = *tensor;
  window.tensor.row_stride = (ptrdiff_t)qatc_row_bytes(tensor);
  window.memory = memory;
  window.capacity = capacity;
  window.first = INT32_MIN;
  window.next = INT32_MIN;
  return window;
}

qatc_rows qatc_advance_window(qatc_window* window, qatc_rows needed) {
  qatc_rows fresh = {0, 0};
  if (needed.begin >= needed.end) return fresh;
  const size_t row = (size_t)window->tensor.row_stride;
  if (window->next <= needed.begin) {
    window->first = needed.begin;
    window->next = needed.begin;
  } else if (needed.end - window->first > window->capacity) {
    /* Front to front: the regions may overlap, and each row moves down. */
    uint8_t* to = window->memory;
    const uint8_t* from = window->memory + (size_t)(needed.begin - window->first) * row;
    const size_t count = (size_t)(window->next - needed.begin) * row;
    const size_t used = row - (size_t)window->tensor.gap * (size_t)window->tensor.pixel_bytes;
    for (size_t done = 0; done < count; done += row) memcpy(to + done, from + done, used);
    window->first = needed.begin;
  }
  window->tensor.origin = origin_of(&window->tensor, window->memory, window->first);
  fresh.begin = window->next;
  fresh.end = needed.end;
  if (fresh.begin < fresh.end) {
    fill_rows(&window->tensor, fresh.begin, fresh.end);
    window->next = needed.end;
  }
  if (fresh.begin < 0) fresh.begin = 0;
  if (fresh.end > window->tensor.height) fresh.end = window->tensor.height;
  return fresh;
}

enum {
  kBandBytes = 128 * 1024, /* of the widest window: second-level caches hold what a call writes and the next reads */
  kFewestBandRows = 2,     /* upsampled convs compute rows in pairs */
  kMostBandRows = 16,      /* of a narrow image: calls are few by then, and windows grow with the band */
  kFewestStripeRows = 4    /* fewer cost a thread more in recomputed window rows than it brings */
};

int32_t qatc_band_rows(size_t row_bytes) {
  const size_t rows = kBandBytes / (row_bytes == 0 ? 1 : row_bytes);
  return rows < kFewestBandRows ? kFewestBandRows : rows > kMostBandRows ? kMostBandRows : (int32_t)rows;
}

int32_t qatc_stripes(const qatc_executor* executor, int32_t rows) {
  int32_t stripes = executor == NULL ? 1 : executor->workers;
  if (stripes > rows / kFewestStripeRows) stripes = rows / kFewestStripeRows;
  if (stripes > QATC_MAX_WORKERS) stripes = QATC_MAX_WORKERS;
  return stripes < 1 ? 1 : stripes;
}

size_t qatc_norm_bytes(int32_t channels) {
  return qatc_align((size_t)channels * (2 * sizeof(int64_t) + 2 * sizeof(double) + 2 * sizeof(float)));
}

qatc_norm qatc_place_norm(uint8_t* memory, int32_t channels) {
  const size_t n = (size_t)channels;
  qatc_norm norm;
  norm.sum = (int64_t*)(void*)memory;
  norm.sum_of_squares = norm.sum + n;
  norm.a = (double*)(void*)(norm.sum_of_squares + n);
  norm.b = norm.a + n;
  norm.a_float = (float*)(void*)(norm.b + n);
  norm.b_float = norm.a_float + n;
  return norm;
}

void qatc_finish_norm(const qatc_norm* norm, const qatc_norm_parameters* parameters, const int32_t* row_sums,
                      const int32_t* row_sums_of_squares, int32_t height, int32_t width) {
  const int32_t channels = parameters->channels;
  for (int32_t c = 0; c < channels; ++c) {
    norm->sum[c] = 0;
    norm->sum_of_squares[c] = 0;
  }
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t c = 0; c < channels; ++c) {
      norm->sum[c] += row_sums[(size_t)y * (size_t)channels + (size_t)c];
      norm->sum_of_squares[c] += row_sums_of_squares[(size_t)y * (size_t)channels + (size_t)c];
    }
  }
  qatc_norm_coefficients(parameters, (int64_t)height * width, norm->sum, norm->sum_of_squares, norm->a, norm->b);
  for (int32_t c = 0; c < channels; ++c) {
    norm->a_float[c] = (float)norm->a[c];
    norm->b_float[c] = (float)norm->b[c];
  }
}

void qatc_bind_input(qatc_buffer* buffer, const qatc_tensor* tensor) {
  bind(buffer, tensor->origin, 2);
  bind_dimension(buffer, 0, 0, tensor->width * tensor->pixel_bytes, 1);
  bind_dimension(buffer, 1, 0, tensor->height, tensor->row_stride);
}

/* (byte of the row, y); not copied to both of its callers, as the runtime is to be small. */
static __attribute__((noinline)) void bind_rows(qatc_buffer* buffer, const uint8_t* first, int32_t row_bytes,
                                                qatc_rows rows, ptrdiff_t stride) {
  bind(buffer, first + rows.begin * stride, 2);
  bind_dimension(buffer, 0, 0, row_bytes, 1);
  bind_dimension(buffer, 1, rows.begin, rows.end - rows.begin, stride);
}

void qatc_bind_pixels(qatc_buffer* buffer, const qatc_image* image, qatc_rows rows) {
  bind_rows(buffer, (const uint8_t*)image->data + last_channel(image), image->width * image->channels, rows,
            image->row_stride);
}

void qatc_bind_codes(qatc_buffer* buffer, const qatc_tensor* tensor, qatc_rows rows) {
  bind_rows(buffer, tensor->origin, tensor->width * tensor->pixel_bytes, rows, tensor->row_stride);
}

void qatc_bind_output(qatc_buffer* buffer, const qatc_tensor* tensor, int32_t channel, int32_t y_begin, int32_t y_end) {
  bind(buffer, tensor->origin + (ptrdiff_t)y_begin * tensor->row_stride + channel, 3);
  bind_dimension(buffer, 0, 0, tensor->pixel_bytes, 1);
  bind_dimension(buffer, 1, 0, tensor->width, tensor->pixel_bytes);
  bind_dimension(buffer, 2, y_begin, y_end - y_begin, tensor->row_stride);
}

static int64_t tiles_of(int64_t pixels, int32_t tile) { return (pixels + tile - 1) / tile; }

int qatc_flatten_rows(qatc_buffer* output, int32_t tile) {
  qatc_dimension *x = &output->dims[1], *y = &output->dims[2];
  if (tile <= 0 || y->extent <= 1) return 0;
  const int64_t flat = (int64_t)(y->extent - 1) * (y->stride / x->stride) + x->extent;
  /* What is narrower than a tile is computed pixel by pixel. */
  if (flat < tile || tiles_of(flat, tile) >= y->extent * tiles_of(x->extent, tile)) return 0;
  x->extent = (int32_t)flat;
  y->extent = 1;
  return 1;
}

void qatc_fill_sides(const qatc_tensor* tensor, int32_t y_begin, int32_t y_end) { fill_rows(tensor, y_begin, y_end); }

void qatc_bind_pairs(qatc_buffer* buffer, const qatc_tensor* tensor, const qatc_pairs* pairs) {
  const int32_t pixel = tensor->pixel_bytes;
  const int32_t rows = pairs->rows.end - pairs->rows.begin;
  bind(buffer, tensor->origin + (ptrdiff_t)pairs->rows.begin * tensor->row_stride, 5);
  bind_dimension(buffer, 0, 0, pixel, 1);
  bind_dimension(buffer, 1, 0, 2, pixel);
  bind_dimension(buffer, 2, 0, tensor->width / 2, 2 * (ptrdiff_t)pixel);
  bind_dimension(buffer, 3, pairs->row, rows > 1 ? 2 : 1, tensor->row_stride);
  bind_dimension(buffer, 4, pairs->first, rows > 1 ? rows / 2 : 1, 2 * tensor->row_stride);
}

void qatc_bind_scratch(qatc_buffer* buffer, const qatc_tensor* tensor, uint8_t* row, int32_t channel, int32_t y_begin,
                       int32_t y_end) {
  bind(buffer, row + channel, 3);
  bind_dimension(buffer, 0, 0, tensor->pixel_bytes, 1);
  bind_dimension(buffer, 1, 0, tensor->width, tensor->pixel_bytes);
  bind_dimension(buffer, 2, y_begin, y_end - y_begin, 0);
}

void qatc_bind_sums(qatc_buffer* buffer, int32_t* sums, int32_t channels, int32_t y_begin, int32_t y_end) {
  bind(buffer, sums + (size_t)y_begin * (size_t)channels, 2);
  bind_dimension(buffer, 0, 0, channels, 1);
  bind_dimension(buffer, 1, y_begin, y_end - y_begin, channels);
}

void qatc_bind_constant(qatc_buffer* buffer, const void* data) { bind(buffer, data, 8); }
