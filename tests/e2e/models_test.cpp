// Whole networks: libraries for several targets against the evaluator and the stored reference vectors, for
// the bundled demo network and, where this repository has them next to it, for larger exports with ONNX test
// vectors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <set>

#include "cli/compare_images.h"
#include "compile.h"
#include "frontend/read_tensor.h"
#include "lower/target.h"
#include "ops/evaluate.h"
#include "support/error.h"
#include "support/generated_library.h"

namespace qatc::testing {
namespace {

namespace fs = std::filesystem;

/// Beside this machine, each case runs on one of these, in turn, and the first on all.
const std::vector<std::string> kArmTargets{"arm-64-linux-arm_dot_prod", "arm-64-linux",
                                           "arm-64-linux-arm_dot_prod-i8mm"};

struct Case {
  fs::path folder;
  Rounding rounding;
  std::vector<std::string> arm_targets;
};

std::string name_of(const Case& c) {
  std::string name = c.folder.filename().string() + (c.rounding == Rounding::kFloat ? "_float" : "_exact");
  for (const std::string& target : c.arm_targets) name += "_" + std::string(isa_name(parse_target(target).isa));
  return name;
}

std::vector<Case> cases() {
  std::vector<fs::path> folders{fs::path(QATC_MODELS_DIR) / "demo"};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(QATC_SHARED_MODELS, none)) {
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  }
  std::sort(folders.begin() + 1, folders.end());
  std::vector<Case> result;
  for (const fs::path& folder : folders) {
    for (Rounding rounding : {Rounding::kFloat, Rounding::kExact}) {
      const size_t number = result.size();
      result.push_back({folder, rounding, {kArmTargets[number % kArmTargets.size()]}});
      if (number == 0) result.front().arm_targets = kArmTargets;
    }
  }
  return result;
}

/// Half a step of the graph's output quantization: reference and result are the same code within it.
double half_output_step(const Plan& plan) {
  return plan.graph.type(plan.tensors[static_cast<size_t>(plan.output_tensor)].value).quant->scale_at(0) / 2.0;
}

class Models : public ::testing::TestWithParam<Case> {};

TEST_P(Models, EqualEvaluatorAndReferenceVectors) {
  const Case& c = GetParam();
  ModelOptions options;
  options.model = (c.folder / "model.onnx").string();
  options.rounding = c.rounding;
  const Plan plan = plan_model(options);
  std::vector<std::string> targets = c.arm_targets;
  targets.emplace_back("host");
  GeneratedLibrary library(plan, runnable(targets));
  for (int set = 0; set < 2; ++set) {
    const std::string name = c.folder.filename().string() + "/" + std::to_string(set);
    SCOPED_TRACE(name);
    const std::string data = (c.folder / ("test_data_set_" + std::to_string(set))).string();
    const Tensor image = to_nhwc(read_tensor(data + "/input_0.pb"));
    const Tensor reference = to_nhwc(read_tensor(data + "/output_0.pb"));
    const Tensor trained = to_nhwc(read_tensor(data + "/fp32_output_0.pb"));
    const Tensor expected = evaluate(plan.graph, {image}, c.rounding).front();
    for (const std::string& target : library.targets()) {
      const RunResult actual = library.run(target, float_image(image), {"--threads", "2"});
      EXPECT_EQ(first_difference(float_image(expected), actual), "") << target;
    }
    const ImageComparison against_reference = compare_images(expected, reference, half_output_step(plan));
    std::cout << name << ": PSNR to output_0 " << against_reference.psnr_db << " dB, equal "
              << against_reference.equal_share << "\n";
    if (c.rounding == Rounding::kExact) {
      EXPECT_EQ(against_reference.equal_share, 1.0);
    }
    const double own = compare_images(reference, trained, 0).psnr_db;
    EXPECT_NEAR(compare_images(expected, trained, 0).psnr_db, own, 1.0) << "to the float network";
  }
}

INSTANTIATE_TEST_SUITE_P(EndToEnd, Models, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return name_of(info.param); });

// ---- One small model per operator and pattern: exact rounding gives the stored outputs.

/// Refused for what they leave in float between two ops. One that becomes supported fails the test: remove it
/// here.
const std::set<std::string> kRefused{"concat_into_conv",
                                     "conv_leaky_relu",
                                     "instance_norm_not_rounded_between",
                                     "residual_float_head",
                                     "residual_float_head_quantized",
                                     "tanh_gate_three_outputs"};

std::vector<fs::path> small_models() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(QATC_MODELS_DIR) / "small")) {
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

class SmallModels : public ::testing::TestWithParam<fs::path> {};

TEST_P(SmallModels, EqualEvaluatorAndReferenceVectors) {
  ModelOptions options;
  options.model = (GetParam() / "model.onnx").string();
  options.rounding = Rounding::kExact;
  if (kRefused.count(GetParam().filename().string()) > 0) {
    EXPECT_THROW(plan_model(options), UserError);
    return;
  }
  const Plan plan = plan_model(options);
  GeneratedLibrary library(plan, runnable({"host", "arm-64-linux-arm_dot_prod"}));
  int sets = 0;
  for (; fs::exists(GetParam() / ("test_data_set_" + std::to_string(sets))); ++sets) {
    SCOPED_TRACE("set " + std::to_string(sets));
    const std::string data = (GetParam() / ("test_data_set_" + std::to_string(sets))).string();
    const Tensor image = to_nhwc(read_tensor(data + "/input_0.pb"));
    const Tensor expected = evaluate(plan.graph, {image}, plan.rounding).front();
    for (const std::string& target : library.targets()) {
      EXPECT_EQ(first_difference(float_image(expected), library.run(target, float_image(image))), "") << target;
    }
    const Tensor reference = to_nhwc(read_tensor(data + "/output_0.pb"));
    EXPECT_EQ(compare_images(expected, reference, half_output_step(plan)).equal_share, 1.0);
  }
  EXPECT_GT(sets, 0);
}

INSTANTIATE_TEST_SUITE_P(EndToEnd, SmallModels, ::testing::ValuesIn(small_models()),
                         [](const auto& info) { return info.param.filename().string(); });

TEST(SharedModels, ArePresent) {
  if (!fs::exists(QATC_SHARED_MODELS)) {
    GTEST_SKIP() << "no folder " << QATC_SHARED_MODELS << ": only the bundled network was tested";
  }
  EXPECT_GT(cases().size(), 2U);
}

}  // namespace
}  // namespace qatc::testing
