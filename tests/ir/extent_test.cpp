#include "ir/extent.h"

#include <gtest/gtest.h>

#include <random>

#include "support/error.h"

namespace qatc {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

/// A symbol and some steps, with the steps as they were asked for.
struct Sample {
  Extent extent;
  std::vector<Extent::Step> asked;

  explicit Sample(std::mt19937& random) : extent(random() % 2 == 0 ? Extent::height() : Extent::width()) {
    const auto pick = [&](int64_t low, int64_t high) {
      return std::uniform_int_distribution<int64_t>(low, high)(random);
    };
    for (int64_t count = pick(0, 5); count > 0; --count) {
      asked.push_back({pick(1, 4), pick(-5, 5), pick(1, 4)});
      extent = extent.step(asked.back().mul, asked.back().add, asked.back().div);
    }
  }
  int64_t evaluate(int64_t height, int64_t width) const {
    int64_t value = extent.symbol() == Extent::Symbol::kHeight ? height : width;
    for (const Extent::Step& step : asked) value = floor_divide(value * step.mul + step.add, step.div);
    return value;
  }
};

TEST(Extent, StepsComposeExactly) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    const Sample sample(random);
    for (int64_t size = 1; size <= 64; ++size) {
      ASSERT_EQ(sample.extent.evaluate(size, size), sample.evaluate(size, size))
          << "seed " << seed << ", size " << size << ", " << sample.extent.to_string();
    }
  }
}

TEST(Extent, TextReadsBack) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    const Extent extent = Sample(random).extent;
    ASSERT_EQ(Extent::parse(extent.to_string()), extent) << "seed " << seed << ", " << extent.to_string();
  }
  EXPECT_EQ(Extent::parse("12"), Extent(12));
  EXPECT_EQ(Extent::parse("-3"), Extent(-3));
}

TEST(Extent, NormalForm) {
  const Extent h = Extent::height();
  EXPECT_EQ(h.step(1, 1, 2).step(1, 1, 2), h.step(1, 3, 4));
  EXPECT_EQ(h.step(2, 0, 1).step(1, 0, 2), h);
  EXPECT_EQ(h.step(2, 1, 2), h);
  EXPECT_EQ(h.step(2, 0, 3).step(1, 0, 2), h.step(1, 0, 3));
  EXPECT_EQ(h.step(1, 0, 2).step(2, 0, 1).step(1, 2, 2), h.step(1, 2, 2));
  EXPECT_EQ(h.step(0, 7, 2), Extent(3));
  EXPECT_NE(h.step(1, 0, 2).step(2, 0, 1), h);
  EXPECT_NE(h, Extent::width());
}

TEST(Extent, Text) {
  EXPECT_EQ(Extent::height().step(1, 1, 2).to_string(), "(H + 1) / 2");
  EXPECT_EQ(Extent::width().step(1, 0, 2).step(2, 0, 1).to_string(), "(W / 2) * 2");
  EXPECT_EQ(Extent::width().step(3, -2, 1).to_string(), "W * 3 - 2");
  EXPECT_EQ(Extent(5).to_string(), "5");
}

TEST(Extent, RejectsMalformedText) {
  for (const char* text : {"", "H +", "(H", "H / 0", "X", "H 2", "2 + H", "99999999999999999999"}) {
    EXPECT_THROW(Extent::parse(text), UserError) << text;
  }
}

}  // namespace
}  // namespace qatc
