// Drivers pass kernels a qatc_buffer where Halide's code expects its halide_buffer_t.

#include <HalideRuntime.h>

#include <cstddef>

#include "qatc_driver_support.h"

#define EXPECT_SAME_FIELD(ours, theirs, field) \
  static_assert(offsetof(ours, field) == offsetof(theirs, field) && sizeof(ours::field) == sizeof(theirs::field))

EXPECT_SAME_FIELD(qatc_dimension, halide_dimension_t, min);
EXPECT_SAME_FIELD(qatc_dimension, halide_dimension_t, extent);
EXPECT_SAME_FIELD(qatc_dimension, halide_dimension_t, stride);
EXPECT_SAME_FIELD(qatc_dimension, halide_dimension_t, flags);
static_assert(sizeof(qatc_dimension) == sizeof(halide_dimension_t));

EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, device);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, device_interface);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, host);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, flags);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, dimensions);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, dim);
EXPECT_SAME_FIELD(qatc_buffer, halide_buffer_t, padding);
static_assert(offsetof(qatc_buffer, type_code) == offsetof(halide_buffer_t, type));
static_assert(offsetof(halide_type_t, code) == 0 && offsetof(halide_type_t, bits) == 1 &&
              offsetof(halide_type_t, lanes) == 2 && sizeof(halide_type_t) == 4);
static_assert(offsetof(qatc_buffer, type_bits) == offsetof(qatc_buffer, type_code) + 1);
static_assert(offsetof(qatc_buffer, type_lanes) == offsetof(qatc_buffer, type_code) + 2);
// What is ours comes after all that Halide knows.
static_assert(offsetof(qatc_buffer, dims) == sizeof(halide_buffer_t));
