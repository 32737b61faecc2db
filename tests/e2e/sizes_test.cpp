// One library, every image size, number of threads and memory layout.

#include <gtest/gtest.h>

#include <chrono>

#include "compile.h"
#include "ops/evaluate.h"
#include "support/generated_library.h"

namespace qatc::testing {
namespace {

constexpr const char* kDotProd = "arm-64-linux-arm_dot_prod";
/// Larger images are not evaluated: each scalar multiply-add takes about a nanosecond.
constexpr int64_t kMostEvaluatedPixels = 64 * 1000;

class Sizes : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ModelOptions options;
    options.model = std::string(QATC_MODELS_DIR) + "/demo/model.onnx";
    plan_ = new Plan(plan_model(options));
    library_ = new GeneratedLibrary(*plan_, runnable({"host", kDotProd}));
  }
  static void TearDownTestSuite() {
    delete library_;
    delete plan_;
  }

  static RunResult run(const RunResult& image, const std::vector<std::string>& options = {}) {
    return library_->run("host", image, options);
  }

  static Plan* plan_;
  static GeneratedLibrary* library_;
};
Plan* Sizes::plan_ = nullptr;
GeneratedLibrary* Sizes::library_ = nullptr;

TEST_F(Sizes, AllGiveTheSameBytes) {
  const std::vector<std::array<int64_t, 2>> sizes{{16, 16},   {17, 31},   {100, 100}, {101, 75},
                                                  {64, 1000}, {1000, 64}, {540, 960}, {1080, 1920}};
  for (const auto& [height, width] : sizes) {
    SCOPED_TRACE(std::to_string(height) + " x " + std::to_string(width));
    const Tensor pixels = random_image(7, height, width, 3);
    const RunResult image = float_image(pixels);
    const RunResult result = run(image);
    ASSERT_EQ(result.height, height);
    ASSERT_EQ(result.width, width);
    if (height * width <= kMostEvaluatedPixels) {
      const Tensor expected = evaluate(plan_->graph, {pixels}, plan_->rounding).front();
      EXPECT_EQ(first_difference(float_image(expected), result), "");
    }
    EXPECT_EQ(first_difference(result, run(image, {"--threads", "2", "--layout", "interleaved"})), "");
    EXPECT_EQ(first_difference(result, run(image, {"--threads", "3", "--layout", "crop"})), "");
    EXPECT_EQ(first_difference(result, run(image, {"--layout", "rgba"})), "");
    // Emulation is slow: the largest image has its turn on this machine only.
    if (height * width > 540 * 960) continue;
    EXPECT_EQ(first_difference(result, library_->run(kDotProd, image)), "") << kDotProd;
  }
}

TEST_F(Sizes, TooSmallIsRefused) {
  const SizeLimits& limits = plan_->limits;
  const auto image_of = [](int64_t height, int64_t width) { return float_image(random_image(1, height, width, 3)); };
  EXPECT_EQ(run(image_of(limits.min_height, limits.min_width)).height, limits.min_height);
  if (limits.min_height > 1) {
    EXPECT_THROW(run(image_of(limits.min_height - 1, limits.min_width)), std::exception);
    EXPECT_THROW(run(image_of(1, 1)), std::exception);
  }
}

TEST_F(Sizes, BytesEqualConvertedFloats) {
  for (const auto& [height, width] : std::vector<std::array<int64_t, 2>>{{17, 31}, {101, 75}}) {
    RunResult bytes{height, width, 3, {}};
    for (int64_t i = 0; i < height * width * 3; ++i) bytes.bytes += static_cast<char>(i * 2654435761 >> 13);
    const Tensor expected = evaluate(plan_->graph, {tensor_of_bytes(bytes)}, plan_->rounding).front();
    for (const char* layout : {"interleaved", "planar", "rgba", "crop"}) {
      for (const std::string& target : library_->targets()) {
        const RunResult actual = library_->run(target, bytes, {"--u8", "--layout", layout, "--threads", "2"});
        EXPECT_EQ(first_difference(byte_image(expected), actual), "") << target << " " << layout;
      }
    }
  }
}

}  // namespace
}  // namespace qatc::testing
