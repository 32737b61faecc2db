#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "qatc_driver_support.h"
#include "qatc_runtime.h"

namespace {

constexpr uint8_t kUntouched = 0xA5;

// ---- Status
// ------------------------------------------------------------------------------------------------------

TEST(Status, EveryCodeHasItsOwnText) {
  std::set<std::string> texts;
  for (int code = QATC_OK; code <= QATC_CPU_UNSUPPORTED; ++code) {
    texts.insert(qatc_status_string(static_cast<qatc_status>(code)));
  }
  EXPECT_EQ(texts.size(), static_cast<size_t>(QATC_CPU_UNSUPPORTED) + 1);
  EXPECT_EQ(texts.count("unknown status"), 0U);
  EXPECT_STREQ(qatc_status_string(static_cast<qatc_status>(QATC_CPU_UNSUPPORTED + 1)), "unknown status");
}

// ---- Images
// ------------------------------------------------------------------------------------------------------

/// An image in memory of its own, with every byte that is no value of the image known.
struct Picture {
  std::vector<uint8_t> memory;
  qatc_image image;

  uint8_t* at(int y, int x, int c) const {
    return static_cast<uint8_t*>(image.data) + y * image.row_stride + x * image.pixel_stride + c * image.channel_stride;
  }
  float real(int y, int x, int c) const {
    float value;
    std::memcpy(&value, at(y, x, c), sizeof value);
    return value;
  }
  void set_real(int y, int x, int c, float value) const { std::memcpy(at(y, x, c), &value, sizeof value); }
};

enum class Layout { kPlanar, kInterleaved, kRgba, kCrop, kUpsideDown, kMirrored, kBgr, kUnaligned };
constexpr std::array kLayouts{Layout::kPlanar,     Layout::kInterleaved, Layout::kRgba, Layout::kCrop,
                              Layout::kUpsideDown, Layout::kMirrored,    Layout::kBgr,  Layout::kUnaligned};

Picture make_picture(int height, int width, int channels, qatc_type type, Layout layout) {
  const ptrdiff_t s = type == QATC_F32 ? 4 : 1;
  const ptrdiff_t slack = layout == Layout::kUnaligned ? 3 : 0;
  const ptrdiff_t margin = layout == Layout::kCrop ? 2 : 0;
  ptrdiff_t channel = s;
  ptrdiff_t pixel = s * (channels + (layout == Layout::kRgba ? 1 : 0)) + slack;
  ptrdiff_t row = pixel * (width + 2 * margin) + slack;
  ptrdiff_t size = row * (height + 2 * margin);
  ptrdiff_t offset = margin * (row + pixel) + (slack == 0 ? 0 : 1);
  switch (layout) {
    case Layout::kPlanar:
      pixel = s;
      row = s * width;
      channel = row * height;
      break;
    case Layout::kUpsideDown:
      offset = row * (height - 1);
      row = -row;
      break;
    case Layout::kMirrored:
      offset = pixel * (width - 1);
      pixel = -pixel;
      break;
    case Layout::kBgr:
      offset = s * (channels - 1);
      channel = -s;
      break;
    default:
      break;
  }
  Picture p{std::vector<uint8_t>(static_cast<size_t>(size + offset + slack), kUntouched), {}};
  p.image = {p.memory.data() + offset, height, width, channels, type, row, pixel, channel};
  return p;
}

TEST(CheckImage, ReportsOneCauseEach) {
  Picture p = make_picture(4, 5, 3, QATC_U8, Layout::kInterleaved);
  const auto check = [&](int is_output) { return qatc_check_image(&p.image, 4, 5, 3, is_output); };
  EXPECT_EQ(check(0), QATC_OK);
  EXPECT_EQ(check(1), QATC_OK);
  EXPECT_EQ(qatc_check_image(nullptr, 4, 5, 3, 0), QATC_NULL_ARGUMENT);
  EXPECT_EQ(qatc_check_image(&p.image, 4, 5, 1, 0), QATC_WRONG_CHANNELS);
  EXPECT_EQ(qatc_check_image(&p.image, 3, 5, 3, 1), QATC_WRONG_OUTPUT_SIZE);
  EXPECT_EQ(qatc_check_image(&p.image, 4, 6, 3, 1), QATC_WRONG_OUTPUT_SIZE);
  p.image.type = static_cast<qatc_type>(2);
  EXPECT_EQ(check(0), QATC_WRONG_TYPE);
  p.image.type = QATC_U8;
  p.image.data = nullptr;
  EXPECT_EQ(check(0), QATC_NULL_ARGUMENT);
}

/// All addresses of an image's values.
std::set<const uint8_t*> bytes_of(const qatc_image& image) {
  std::set<const uint8_t*> bytes;
  const int size = image.type == QATC_F32 ? 4 : 1;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        const uint8_t* value = static_cast<const uint8_t*>(image.data) + y * image.row_stride + x * image.pixel_stride +
                               c * image.channel_stride;
        for (int i = 0; i < size; ++i) bytes.insert(value + i);
      }
    }
  }
  return bytes;
}

TEST(CheckOverlap, FindsEverySharedByte) {
  std::vector<uint8_t> memory(1 << 16);
  std::mt19937 random(7);
  const auto below = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
  int found = 0;
  int apart = 0;
  for (int i = 0; i < 4000; ++i) {
    qatc_image images[2];
    for (qatc_image& image : images) {
      const ptrdiff_t size = i % 3 == 0 ? 4 : 1;
      const bool is_planar = below(3) == 0;
      image = {memory.data() + memory.size() / 2 + below(400),
               1 + below(5),
               1 + below(5),
               1 + below(3),
               size == 4 ? QATC_F32 : QATC_U8,
               0,
               0,
               0};
      image.channel_stride = is_planar ? 64 * 8 : size;
      image.pixel_stride = (is_planar ? 1 : 4) * size * (below(4) == 0 ? -1 : 1);
      image.row_stride = (below(2) == 0 ? 64 : 4 * 5 * size) * (below(4) == 0 ? -1 : 1);
    }
    const std::set<const uint8_t*> a = bytes_of(images[0]);
    const std::set<const uint8_t*> b = bytes_of(images[1]);
    const bool overlap = std::any_of(a.begin(), a.end(), [&](const uint8_t* byte) { return b.count(byte) > 0; });
    const qatc_status status = qatc_check_overlap(&images[0], &images[1], 0);
    if (overlap) {
      EXPECT_EQ(status, QATC_OVERLAP) << "case " << i;
    }
    found += overlap;
    apart += status == QATC_OK;
    EXPECT_EQ(qatc_check_overlap(&images[0], &images[0], 1), QATC_OK);
    EXPECT_EQ(qatc_check_overlap(&images[0], &images[0], 0), QATC_OVERLAP);
  }
  EXPECT_GT(found, 100);
  EXPECT_GT(apart, 100);
}

TEST(CheckOverlap, CropsSideBySideAreApart) {
  std::vector<uint8_t> picture(100 * 300);
  for (const int shift : {30, 30 + 3}) {
    const qatc_image left{picture.data(), 50, 10, 3, QATC_U8, 300, 3, 1};
    const qatc_image right{picture.data() + shift, 50, 10, 3, QATC_U8, 300, 3, 1};
    EXPECT_EQ(qatc_check_overlap(&left, &right, 0), QATC_OK);
    EXPECT_EQ(qatc_check_overlap(&right, &left, 1), QATC_OK);
  }
  // One pixel in common.
  const qatc_image left{picture.data(), 50, 11, 3, QATC_U8, 300, 3, 1};
  const qatc_image right{picture.data() + 30, 50, 10, 3, QATC_U8, 300, 3, 1};
  EXPECT_EQ(qatc_check_overlap(&left, &right, 1), QATC_OVERLAP);
  // The same place in another layout.
  const qatc_image mirrored{picture.data() + 30, 50, 11, 3, QATC_U8, 300, -3, 1};
  EXPECT_EQ(qatc_check_overlap(&left, &mirrored, 1), QATC_OVERLAP);
}

TEST(CheckImage, AcceptsEveryUsualLayoutAsOutput) {
  for (const Layout layout : kLayouts) {
    for (const qatc_type type : {QATC_U8, QATC_F32}) {
      for (const int size : {1, 2, 7}) {
        const Picture p = make_picture(size, 8 - size, 3, type, layout);
        EXPECT_EQ(qatc_check_image(&p.image, size, 8 - size, 3, 1), QATC_OK) << static_cast<int>(layout);
      }
    }
  }
}

TEST(CheckImage, OutputsMustNotOverlapButInputsMay) {
  struct Case {
    ptrdiff_t row, pixel, channel;
  };
  for (const Case& c :
       {Case{15, 3, 0}, Case{15, 0, 1}, Case{0, 3, 1}, Case{14, 3, 1}, Case{15, 2, 1}, Case{-14, 3, 1}}) {
    Picture p = make_picture(4, 5, 3, QATC_U8, Layout::kInterleaved);
    p.image.row_stride = c.row;
    p.image.pixel_stride = c.pixel;
    p.image.channel_stride = c.channel;
    EXPECT_EQ(qatc_check_image(&p.image, 4, 5, 3, 1), QATC_BAD_STRIDE) << c.row << " " << c.pixel << " " << c.channel;
    EXPECT_EQ(qatc_check_image(&p.image, 4, 5, 3, 0), QATC_OK) << c.row << " " << c.pixel << " " << c.channel;
  }
}

TEST(CheckImage, StridesOfSingleValuesDoNotMatter) {
  uint8_t value = 0;
  const qatc_image image{&value, 1, 1, 1, QATC_U8, 0, 0, PTRDIFF_MAX};
  EXPECT_EQ(qatc_check_image(&image, 1, 1, 1, 1), QATC_OK);
}

TEST(CheckImage, RefusesImagesBeyondTheAddressSpace) {
  uint8_t value = 0;
  const auto check = [&](ptrdiff_t row) {
    const qatc_image image{&value, 1 << 20, 2, 3, QATC_U8, row, 3, 1};
    return qatc_check_image(&image, 1 << 20, 2, 3, 0);
  };
  EXPECT_EQ(check(PTRDIFF_MAX), QATC_BAD_STRIDE);
  EXPECT_EQ(check(PTRDIFF_MIN), QATC_BAD_STRIDE);
  EXPECT_EQ(check(PTRDIFF_MAX >> 20), QATC_OK);
}

// ---- Border
// ------------------------------------------------------------------------------------------------------

TEST(FillBorder, FillsTheBorderAndNothingElse) {
  const std::array<std::array<int32_t, 4>, 6> pads{
      {{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 2, 3, 1}, {9, 0, 0, 7}, {5, 11, 4, 12}, {0, 0, 1, 0}}};
  for (const auto& pad : pads) {
    for (const int height : {1, 2, 5}) {
      for (const int width : {1, 3, 8}) {
        for (const int pixel_bytes : {1, 3, 4, 32}) {
          const int rows = pad[0] + height + pad[2];
          const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(pad[1] + width + pad[3]) * pixel_bytes;
          const ptrdiff_t row_stride = row_bytes + 5;  // what lies between rows is not the border's
          std::vector<uint8_t> memory(static_cast<size_t>(rows * row_stride), kUntouched);
          uint8_t* origin = memory.data() + pad[0] * row_stride + pad[1] * pixel_bytes;

          // In three bands, beginning and ending outside of the border.
          qatc_fill_border(origin, row_stride, height, width, pixel_bytes, pad.data(), 77, -100, 0);
          qatc_fill_border(origin, row_stride, height, width, pixel_bytes, pad.data(), 77, 0, height);
          qatc_fill_border(origin, row_stride, height, width, pixel_bytes, pad.data(), 77, height, height + 100);

          for (int y = 0; y < rows; ++y) {
            for (ptrdiff_t i = 0; i < row_stride; ++i) {
              const bool in_row = y >= pad[0] && y < pad[0] + height;
              const bool in_column = i >= pad[1] * pixel_bytes && i < (pad[1] + width) * pixel_bytes;
              const bool is_border = i < row_bytes && !(in_row && in_column);
              ASSERT_EQ(memory[static_cast<size_t>(y * row_stride + i)], is_border ? 77 : kUntouched)
                  << "row " << y << " byte " << i;
            }
          }
        }
      }
    }
  }
}

TEST(FillBorder, FillsOnlyTheRowsAskedFor) {
  const std::array<int32_t, 4> pad{2, 1, 2, 1};
  std::vector<uint8_t> memory(7 * 5, kUntouched);
  qatc_fill_border(memory.data() + 2 * 5 + 1, 5, 3, 3, 1, pad.data(), 9, -1, 1);
  const std::vector<uint8_t> rows_1_and_2{9, 9, 9, 9, 9, 9, kUntouched, kUntouched, kUntouched, 9};
  std::vector<uint8_t> expected(7 * 5, kUntouched);
  std::copy(rows_1_and_2.begin(), rows_1_and_2.end(), expected.begin() + 5);
  EXPECT_EQ(memory, expected);
}

// ---- Load
// --------------------------------------------------------------------------------------------------------

/// QuantizeLinear as ONNX defines it, by way of the C library: the specification of qatc_load_image.
uint8_t quantize(float x, const qatc_quantizer& q) {
  if (std::isnan(x)) return static_cast<uint8_t>(q.zero_point);
  const double quotient = q.rounding == QATC_ROUND_EXACT ? static_cast<double>(x) / static_cast<double>(q.scale)
                                                         : static_cast<double>(x / q.scale);
  const double rounded = std::nearbyint(quotient) + q.zero_point;
  return static_cast<uint8_t>(std::fmin(std::fmax(rounded, 0.0), 255.0));
}

/// Without kernels: what a library has of them is compared with the runtime in tests/kernels.
struct Quantizer : qatc_quantizer {
  Quantizer(float scale, int32_t zero_point, qatc_rounding rounding, uint8_t storage_xor)
      : qatc_quantizer{scale, zero_point, rounding, storage_xor, nullptr, {}} {
    u8_table = table_.data();
    for (size_t v = 0; v < table_.size(); ++v) {
      table_[v] = quantize(static_cast<float>(v) / 255.0F, *this) ^ storage_xor;
    }
  }
  Quantizer(const Quantizer&) = delete;
  Quantizer& operator=(const Quantizer&) = delete;

 private:
  std::array<uint8_t, 256> table_{};
};

/// Loads a whole picture in two bands and compares every byte of the tensor, the padding channels included.
void expect_loads_as_specified(const Picture& p, const Quantizer& q, int pixel_bytes) {
  const qatc_image& image = p.image;
  const ptrdiff_t row_stride = static_cast<ptrdiff_t>(image.width) * pixel_bytes + 6;
  std::vector<uint8_t> tensor(static_cast<size_t>(image.height * row_stride), kUntouched);
  const int middle = image.height / 2;
  qatc_load_image(&image, tensor.data(), row_stride, pixel_bytes, &q, middle, image.height);
  qatc_load_image(&image, tensor.data(), row_stride, pixel_bytes, &q, 0, middle);
  for (int y = 0; y < image.height; ++y) {
    for (ptrdiff_t i = 0; i < row_stride; ++i) {
      const int x = static_cast<int>(i / pixel_bytes);
      const int c = static_cast<int>(i % pixel_bytes);
      int expected = kUntouched;
      if (x < image.width) {
        int value = q.zero_point;
        if (c < image.channels) {
          const float real = image.type == QATC_U8 ? static_cast<float>(*p.at(y, x, c)) / 255.0F : p.real(y, x, c);
          value = quantize(real, q);
        }
        expected = value ^ q.storage_xor;
      }
      ASSERT_EQ(tensor[static_cast<size_t>(y * row_stride + i)], expected) << "y " << y << " x " << x << " c " << c;
    }
  }
}

TEST(LoadImage, EveryLayoutTypeAndRounding) {
  constexpr uint32_t kSeed = 20240611;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (const Layout layout : kLayouts) {
    SCOPED_TRACE("layout " + std::to_string(static_cast<int>(layout)));
    for (const qatc_type type : {QATC_U8, QATC_F32}) {
      for (const int channels : {1, 3, 4, 5}) {
        for (const int width : {1, 2, 31, 300}) {
          const int height = width == 300 ? 3 : 5;
          const Picture p = make_picture(height, width, channels, type, layout);
          for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
              for (int c = 0; c < channels; ++c) {
                if (type == QATC_U8) {
                  *p.at(y, x, c) = static_cast<uint8_t>(random());
                } else {
                  p.set_real(y, x, c, std::uniform_real_distribution<float>(-0.2F, 1.2F)(random));
                }
              }
            }
          }
          for (const qatc_rounding rounding : {QATC_ROUND_FLOAT, QATC_ROUND_EXACT}) {
            expect_loads_as_specified(p, Quantizer(1.0F / 255, 0, rounding, 0), channels);
            expect_loads_as_specified(p, Quantizer(0.0051F, 37, rounding, 0x80), (channels + 3) / 4 * 4);
            expect_loads_as_specified(p, Quantizer(0.01F, 255, rounding, 0x80), 16);
          }
        }
      }
    }
  }
}

std::vector<float> hard_values(float scale) {
  const float huge = std::numeric_limits<float>::max();
  const float infinity = std::numeric_limits<float>::infinity();
  const float tiny = std::numeric_limits<float>::denorm_min();
  std::vector<float> values{std::nanf(""), infinity, -infinity, huge, -huge, tiny, -tiny, 0.0F, -0.0F, 3e9F, -3e9F};
  for (int k = -300; k <= 300; ++k) {  // ties, and their neighbours
    const float tie = (static_cast<float>(k) + 0.5F) * scale;
    for (const float x : {tie, std::nextafterf(tie, infinity), std::nextafterf(tie, -infinity)}) values.push_back(x);
  }
  return values;
}

TEST(LoadImage, TiesNanInfinitiesAndHugeValues) {
  for (const float scale : {1.0F, 0.25F, 1.0F / 255, 0.1F, 1e-30F, 1e30F, 1e-42F}) {
    for (const int32_t zero_point : {0, 1, 128, 255}) {
      for (const qatc_rounding rounding : {QATC_ROUND_FLOAT, QATC_ROUND_EXACT}) {
        SCOPED_TRACE("scale " + std::to_string(scale) + " zero point " + std::to_string(zero_point));
        const std::vector<float> values = hard_values(scale);
        const Picture p = make_picture(1, static_cast<int>(values.size()), 1, QATC_F32, Layout::kPlanar);
        for (size_t i = 0; i < values.size(); ++i) p.set_real(0, static_cast<int>(i), 0, values[i]);
        expect_loads_as_specified(p, Quantizer(scale, zero_point, rounding, 0), 1);
      }
    }
  }
}

TEST(LoadImage, TiesGoToEven) {
  const Picture p = make_picture(1, 6, 1, QATC_F32, Layout::kPlanar);
  const std::array<float, 6> values{0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 254.5F};
  for (int x = 0; x < 6; ++x) p.set_real(0, x, 0, values[static_cast<size_t>(x)]);
  std::array<uint8_t, 6> stored{};
  const Quantizer q(1.0F, 10, QATC_ROUND_FLOAT, 0);
  qatc_load_image(&p.image, stored.data(), 6, 1, &q, 0, 1);
  EXPECT_EQ(stored, (std::array<uint8_t, 6>{10, 12, 12, 10, 8, 255}));
}

TEST(LoadImage, GreyReadAsColourThroughAZeroStride) {
  std::array<uint8_t, 4> grey{1, 2, 3, 4};
  const qatc_image image{grey.data(), 2, 2, 3, QATC_U8, 2, 1, 0};
  ASSERT_EQ(qatc_check_image(&image, 2, 2, 3, 0), QATC_OK);
  std::array<uint8_t, 16> stored{};
  const Quantizer q(1.0F / 255, 0, QATC_ROUND_EXACT, 0);
  qatc_load_image(&image, stored.data(), 8, 4, &q, 0, 2);
  EXPECT_EQ(stored, (std::array<uint8_t, 16>{1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0, 4, 4, 4, 0}));
}

// ---- Store
// -------------------------------------------------------------------------------------------------------

TEST(StoreImage, WritesTheValuesAndNothingElse) {
  constexpr uint32_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  std::array<float, 256> f32_table{};
  std::array<uint8_t, 256> u8_table{};
  for (size_t i = 0; i < 256; ++i) {
    f32_table[i] = static_cast<float>(i) * 0.37F - 20;
    u8_table[i] = static_cast<uint8_t>(i * 31 + 5);
  }
  for (const Layout layout : kLayouts) {
    SCOPED_TRACE("layout " + std::to_string(static_cast<int>(layout)));
    for (const qatc_type type : {QATC_U8, QATC_F32}) {
      for (const int channels : {1, 3, 4, 6}) {
        for (const int width : {1, 3, 70}) {
          constexpr int kHeight = 4;
          const int pixel_bytes = (channels + 3) / 4 * 4;
          const ptrdiff_t row_stride = static_cast<ptrdiff_t>(width) * pixel_bytes + 3;
          std::vector<uint8_t> tensor(static_cast<size_t>(kHeight * row_stride));
          for (uint8_t& byte : tensor) byte = static_cast<uint8_t>(random());

          const Picture p = make_picture(kHeight, width, channels, type, layout);
          Picture expected = make_picture(kHeight, width, channels, type, layout);
          for (int y = 0; y < kHeight; ++y) {
            for (int x = 0; x < width; ++x) {
              for (int c = 0; c < channels; ++c) {
                const uint8_t stored = tensor[static_cast<size_t>(y * row_stride + x * pixel_bytes + c)];
                if (type == QATC_U8) {
                  *expected.at(y, x, c) = u8_table[stored];
                } else {
                  expected.set_real(y, x, c, f32_table[stored]);
                }
              }
            }
          }
          qatc_dequantizer d{};
          if (type == QATC_F32) d.f32_table = f32_table.data();
          if (type == QATC_U8) d.u8_table = u8_table.data();
          qatc_store_image(&p.image, tensor.data(), row_stride, pixel_bytes, &d, 0, 3);
          qatc_store_image(&p.image, tensor.data(), row_stride, pixel_bytes, &d, 3, kHeight);
          ASSERT_EQ(p.memory, expected.memory) << channels << " channels, width " << width;
        }
      }
    }
  }
}

// ---- Sharing work
// ------------------------------------------------------------------------------------------------

TEST(SplitRows, CoversEveryRowOnceInBalancedBands) {
  for (const int32_t rows : {0, 1, 2, 3, 7, 100, 1080, std::numeric_limits<int32_t>::max()}) {
    for (const int32_t parts : {1, 2, 3, 8, 1000}) {
      int32_t next = 0;
      for (int32_t index = 0; index < parts; ++index) {
        int32_t begin = -1;
        int32_t end = -1;
        qatc_split_rows(rows, parts, index, &begin, &end);
        ASSERT_EQ(begin, next);
        ASSERT_GE(end - begin, rows / parts);
        ASSERT_LE(end - begin, rows / parts + int64_t{1});
        next = end;
      }
      ASSERT_EQ(next, rows);
    }
  }
}

TEST(ParallelFor, WithoutAnExecutorIsALoopInOrder) {
  const auto append = [](void* data, int32_t index) { static_cast<std::vector<int32_t>*>(data)->push_back(index); };
  const qatc_executor one_worker{nullptr, 1, nullptr};
  for (const qatc_executor* executor : {static_cast<const qatc_executor*>(nullptr), &one_worker}) {
    std::vector<int32_t> order;
    qatc_parallel_for(executor, 4, append, &order);
    EXPECT_EQ(order, (std::vector<int32_t>{0, 1, 2, 3}));
  }
}

TEST(ParallelFor, PassesTheContextToTheExecutor) {
  int calls = 0;
  const qatc_executor executor{&calls, 2, [](void* context, int32_t count, void (*body)(void*, int32_t), void* data) {
                                 ++*static_cast<int*>(context);
                                 for (int32_t i = count; i-- > 0;) body(data, i);
                               }};
  int sum = 0;
  qatc_parallel_for(
      &executor, 5, [](void* data, int32_t index) { *static_cast<int*>(data) += index; }, &sum);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(sum, 10);
}

// ---- Norm coefficients
// -------------------------------------------------------------------------------------------

void expect_close(double actual, long double expected, double relative, double absolute) {
  const double e = static_cast<double>(expected);
  EXPECT_NEAR(actual, e, std::fabs(e) * relative + absolute);
}

/// Mean and variance of the values in two passes in long double, as in a textbook.
void expect_norm_as_two_pass(const std::vector<uint8_t>& q, int32_t zero_point, double scale_in, double epsilon,
                             float gamma, float beta, double scale_out) {
  int64_t sum = 0;
  int64_t squares = 0;
  long double mean = 0;
  for (const int value : q) {
    sum += value;
    squares += value * value;
    mean += (value - zero_point) * static_cast<long double>(scale_in);
  }
  const long double n = static_cast<long double>(q.size());
  mean /= n;
  long double variance = 0;
  for (const int value : q) {
    const long double d = (value - zero_point) * static_cast<long double>(scale_in) - mean;
    variance += d * d;
  }
  variance /= n;
  const long double inverse = gamma / std::sqrt(variance + static_cast<long double>(epsilon));

  double a = 0;
  double b = 0;
  const qatc_norm_parameters norm{1, scale_in, zero_point, epsilon, &gamma, &beta, scale_out};
  qatc_norm_coefficients(&norm, static_cast<int64_t>(q.size()), &sum, &squares, &a, &b);
  expect_close(a, inverse * scale_in / scale_out, 1e-13, 0);
  const long double scale_of_b = std::fabs(beta) + std::fabs(mean * inverse);
  expect_close(b, (beta - mean * inverse) / scale_out, 0, static_cast<double>(scale_of_b / scale_out) * 1e-13);
}

TEST(NormCoefficients, AgreeWithTwoPassesInLongDouble) {
  constexpr uint32_t kSeed = 99;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const int low = static_cast<int>(random() % 256);
    const int high = low + static_cast<int>(random() % static_cast<unsigned>(256 - low));
    std::vector<uint8_t> q(1 + random() % 5000);
    for (uint8_t& value : q) value = static_cast<uint8_t>(std::uniform_int_distribution<int>(low, high)(random));
    const auto real = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
    const auto gamma = static_cast<float>(real(-2, 2));
    const auto beta = static_cast<float>(real(-2, 2));
    expect_norm_as_two_pass(q, static_cast<int32_t>(random() % 256), real(1e-3, 1), real(1e-6, 1e-4), gamma, beta,
                            real(1e-3, 1));
  }
}

TEST(NormCoefficients, ConstantChannelHasVarianceZeroExactly) {
  expect_norm_as_two_pass(std::vector<uint8_t>(12345, 200), 3, 0.02, 1e-5, 1.5F, -0.25F, 0.01);
}

TEST(NormCoefficients, SumsOfTheLargestImages) {
  // Half zeros, half 255, 2^44 pixels: count * Q needs 99 bits. The variance is 127.5^2, the mean 127.5.
  const int64_t count = int64_t{1} << 44;
  const int64_t sum = count / 2 * 255;
  const int64_t squares = count / 2 * 255 * 255;
  const float gamma = 1;
  const float beta = 0;
  double a = 0;
  double b = 0;
  const qatc_norm_parameters norm{1, 1.0, 0, 0.0, &gamma, &beta, 1.0};
  qatc_norm_coefficients(&norm, count, &sum, &squares, &a, &b);
  EXPECT_EQ(a, 1 / 127.5);
  EXPECT_EQ(b, -(127.5 * (1 / 127.5)));
}

TEST(NormCoefficients, ChannelsAreIndependent) {
  const std::array<int64_t, 2> sum{30, 500};
  const std::array<int64_t, 2> squares{350, 90000};
  const std::array<float, 2> gamma{1, 2};
  const std::array<float, 2> beta{0, 3};
  std::array<double, 2> a{};
  std::array<double, 2> b{};
  std::array<double, 2> a1{};
  std::array<double, 2> b1{};
  const qatc_norm_parameters both{2, 0.1, 5, 1e-5, gamma.data(), beta.data(), 0.2};
  qatc_norm_coefficients(&both, 3, sum.data(), squares.data(), a.data(), b.data());
  for (size_t c = 0; c < 2; ++c) {
    const qatc_norm_parameters one{1, 0.1, 5, 1e-5, &gamma[c], &beta[c], 0.2};
    qatc_norm_coefficients(&one, 3, &sum[c], &squares[c], &a1[c], &b1[c]);
  }
  EXPECT_EQ(a, a1);
  EXPECT_EQ(b, b1);
}

TEST(NormCoefficients, AreTheSameForShiftedValues) {
  const std::array<int, 5> q{0, 255, 3, 200, 131};
  const float gamma = 1.5F;
  const float beta = -0.25F;
  const auto coefficients = [&](int shift) {
    int64_t sum = 0;
    int64_t squares = 0;
    for (const int value : q) {
      sum += value - shift;
      squares += (value - shift) * (value - shift);
    }
    const qatc_norm_parameters norm{1, 0.02, 7 - shift, 1e-5, &gamma, &beta, 0.01};
    double a = 0;
    double b = 0;
    qatc_norm_coefficients(&norm, q.size(), &sum, &squares, &a, &b);
    return std::pair{a, b};
  };
  for (const int shift : {1, 128, 255}) EXPECT_EQ(coefficients(shift), coefficients(0)) << shift;
}

// ---- Resize
// ------------------------------------------------------------------------------------------------------

TEST(ResizeMap, IsTheExactFloor) {
  for (const int32_t in : {1, 2, 3, 12, 50, 101, 4096}) {
    for (const int32_t out : {1, 2, 5, 25, 101, 4097}) {
      std::vector<int32_t> map(static_cast<size_t>(out), -1);
      qatc_resize_map(map.data(), out, in, out, in);
      for (int64_t i = 0; i < out; ++i) ASSERT_EQ(map[static_cast<size_t>(i)], std::min<int64_t>(i * in / out, in - 1));
    }
  }
}

TEST(ResizeMap, RatiosOfAnySize) {
  struct Ratio {
    int64_t numerator, denominator;
  };
  const int64_t large = (int64_t{1} << 62) - 1;
  for (const Ratio& r : {Ratio{1, 1}, Ratio{0, 1}, Ratio{7, 2}, Ratio{large, large}, Ratio{large, 1}, Ratio{1, large},
                         Ratio{large / 2, large}, Ratio{std::numeric_limits<int64_t>::max(), 3}}) {
    std::vector<int32_t> map(100, -1);
    qatc_resize_map(map.data(), 100, r.numerator, r.denominator, 37);
    for (int i = 0; i < 100; ++i) {
      __extension__ typedef __int128 Wide;
      const Wide exact = static_cast<Wide>(i) * r.numerator / r.denominator;
      ASSERT_EQ(map[static_cast<size_t>(i)], exact > 36 ? 36 : static_cast<int32_t>(exact))
          << r.numerator << "/" << r.denominator;
    }
  }
}

TEST(ResizeMap, ClampsToTheLastIndex) {
  std::array<int32_t, 4> map{};
  qatc_resize_map(map.data(), 4, 1, 1, 2);
  EXPECT_EQ(map, (std::array<int32_t, 4>{0, 1, 1, 1}));
}

// ---- Alignment
// ---------------------------------------------------------------------------------------------------

TEST(Align, RoundsUp) {
  EXPECT_EQ(qatc_align(0), 0U);
  EXPECT_EQ(qatc_align(1), 64U);
  EXPECT_EQ(qatc_align(64), 64U);
  EXPECT_EQ(qatc_align(65), 128U);
  alignas(64) std::array<uint8_t, 192> memory{};
  EXPECT_EQ(qatc_align_pointer(memory.data()), memory.data());
  EXPECT_EQ(qatc_align_pointer(memory.data() + 1), memory.data() + 64);
  EXPECT_EQ(qatc_align_pointer(memory.data() + 64), memory.data() + 64);
}

/// What a call for `pairs` makes of row y: the input rows that its three rows of taps read.
std::array<int32_t, 3> rows_read(const qatc_pairs& pairs, int32_t y) {
  const int32_t nth = pairs.row + y - pairs.rows.begin;
  const int32_t first = pairs.first + nth / 2;
  return {first, first + nth % 2, first + pairs.apart};
}

TEST(Rows, OfAResizedInputAreTakenOnceAndReadWhatTheResizeShows) {
  // Doubled, one row less and one more, enlarged otherwise, and left alone.
  for (const auto& [from, to] : {std::pair{1, 1}, {1, 2}, {1, 3}, {4, 7}, {4, 8}, {4, 9}, {3, 8}, {5, 7}, {6, 6}}) {
    const int32_t in = from;
    const int32_t out = to;
    std::vector<int32_t> shown(static_cast<size_t>(out));
    qatc_resize_map(shown.data(), out, in, out, in);
    const qatc_row_map map{shown.data(), in, out};
    const auto row_at = [&](int32_t y) { return y < 0 ? -1 : y >= out ? in : shown[static_cast<size_t>(y)]; };
    for (int32_t begin = 0; begin < out; ++begin) {
      for (int32_t end = begin + 1; end <= out; ++end) {
        const qatc_rows needed = qatc_rows_read_by_upsampled_conv({begin, end}, &map);
        EXPECT_EQ(needed.begin, row_at(begin - 1));
        EXPECT_EQ(needed.end, row_at(end) + 1);
        int32_t next = begin;
        for (qatc_rows left{begin, end}; left.begin < left.end;) {
          const qatc_pairs pairs = qatc_take_pairs(&left, &map);
          ASSERT_EQ(pairs.rows.begin, next);
          ASSERT_GT(pairs.rows.end, next);
          const int32_t count = pairs.rows.end - pairs.rows.begin;
          EXPECT_TRUE(count == 1 || (count % 2 == 0 && pairs.row == 0 && pairs.apart == 1)) << in << " " << out;
          for (int32_t y = pairs.rows.begin; y < pairs.rows.end; ++y) {
            EXPECT_EQ(rows_read(pairs, y), (std::array<int32_t, 3>{row_at(y - 1), row_at(y), row_at(y + 1)}))
                << in << " " << out << " row " << y;
          }
          next = pairs.rows.end;
        }
        EXPECT_EQ(next, end);
      }
    }
  }
}

TEST(Rows, OfAnUpsampledInputAreMostlyPairs) {
  std::array<int32_t, 8> shown{};
  qatc_resize_map(shown.data(), 8, 1, 2, 4);
  const qatc_row_map map{shown.data(), 4, 8};
  qatc_rows left{0, 8};
  EXPECT_EQ(qatc_take_pairs(&left, &map).rows.end, 1);
  EXPECT_EQ(qatc_take_pairs(&left, &map).rows.end, 7);
  EXPECT_EQ(qatc_take_pairs(&left, &map).rows.end, 8);
  EXPECT_EQ(qatc_whole_pairs({0, 4}, &map).end, 5);
  EXPECT_EQ(qatc_whole_pairs({0, 5}, &map).end, 5);
  EXPECT_EQ(qatc_whole_pairs({0, 8}, &map).end, 8);
  EXPECT_EQ(qatc_whole_pairs({0, 9}, &map).end, 9);  // the border
  EXPECT_EQ(qatc_whole_pairs({4, 4}, &map).end, 4);
}

/// Columns and rows that a kernel with tiles of `tile` pixels computes of a tensor's rows.
std::array<int32_t, 2> computed(int32_t rows, int32_t width, int32_t between, int32_t tile) {
  std::vector<uint8_t> memory(static_cast<size_t>(rows * (width + between) * 4 + 64));
  qatc_tensor tensor{};
  tensor.height = rows;
  tensor.width = width;
  tensor.pixel_bytes = 4;
  tensor.border[1] = between / 2;
  tensor.gap = between - between / 2;
  qatc_place_tensor(&tensor, memory.data());
  qatc_buffer out;
  qatc_bind_output(&out, &tensor, 0, 0, rows);
  const int flat = qatc_flatten_rows(&out, tile);
  EXPECT_EQ(flat, out.dims[2].extent == 1 && rows > 1);
  return {out.dims[1].extent, out.dims[2].extent};
}

TEST(FlattenRows, WhereFewerPixelsOfTilesAreLeftOver) {
  using Extents = std::array<int32_t, 2>;
  EXPECT_EQ(computed(3, 13, 2, 12), (Extents{2 * 15 + 13, 1})) << "4 tiles, not 6";
  EXPECT_EQ(computed(2, 5, 2, 12), (Extents{12, 1})) << "a whole tile, not two rows without";
  EXPECT_EQ(computed(16, 13, 0, 12), (Extents{16 * 13, 1}));
  EXPECT_EQ(computed(3, 12, 2, 12), (Extents{12, 3})) << "nothing is left over";
  EXPECT_EQ(computed(2, 23, 2, 12), (Extents{23, 2})) << "four tiles anyway";
  EXPECT_EQ(computed(1, 13, 2, 12), (Extents{13, 1}));
  EXPECT_EQ(computed(4, 13, 2, 1), (Extents{13, 4}));
  EXPECT_EQ(computed(4, 1, 2, 12), (Extents{1, 4})) << "narrower than a tile either way";
  EXPECT_EQ(computed(4, 13, 2, 0), (Extents{13, 4})) << "of a kernel that does not";
}

TEST(Rows, OfNothing) {
  const qatc_row_map map{nullptr, 4, 8};
  EXPECT_EQ(qatc_rows_read_by_upsampled_conv({3, 3}, &map).end, qatc_rows_read_by_upsampled_conv({3, 3}, &map).begin);
  EXPECT_EQ(qatc_rows_if(1, {2, 5}).end, 5);
  EXPECT_EQ(qatc_rows_if(0, {2, 5}).end, qatc_rows_if(0, {2, 5}).begin);
}

}  // namespace
