#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "frontend/import_onnx.h"
#include "onnx_builder.h"

namespace qatc::test {
namespace {

std::filesystem::path folder(const char* variable, const char* fallback) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : fallback;
}

std::map<std::string, int> count_ops(const Graph& graph) {
  std::map<std::string, int> counts;
  for (NodeId id : graph.schedule_order()) ++counts[std::string(op_name(graph.node(id).op))];
  return counts;
}

std::vector<std::string> resize_sizes(const Graph& graph) {
  std::vector<std::string> sizes;
  for (NodeId id : graph.schedule_order()) {
    if (const auto* resize = std::get_if<Resize>(&graph.node(id).op)) {
      sizes.push_back(resize->size[0].to_string() + " x " + resize->size[1].to_string());
      EXPECT_EQ(resize->numerator[0], 0);
    }
  }
  return sizes;
}

struct Case {
  const char* name;
  int conv2d, instance_norm, add, quantize;
  bool fixed_size = false;
};

class SharedModel : public testing::TestWithParam<Case> {};

TEST_P(SharedModel, Imports) {
  const Case& expected = GetParam();
  const std::filesystem::path models = folder("QATC_SHARED_MODELS", QATC_SHARED_MODELS);
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "no models in " << models << "; set QATC_SHARED_MODELS";
  const Graph graph = import_onnx((models / expected.name / "model.onnx").string());
  std::map<std::string, int> counts = count_ops(graph);
  EXPECT_EQ(counts["conv2d"], expected.conv2d);
  EXPECT_EQ(counts["instance_norm"], expected.instance_norm);
  EXPECT_EQ(counts["add"], expected.add);
  EXPECT_EQ(counts["quantize"], expected.quantize);
  EXPECT_EQ(counts["dequantize"], expected.quantize);
  EXPECT_EQ(counts["resize"], 3);
  EXPECT_EQ(counts["tanh"], 4);
  EXPECT_EQ(counts["mul"], 2);
  EXPECT_EQ(counts["max_pool"], 1);
  EXPECT_EQ(counts["clip"], 1);
  const std::vector<std::string> sizes =
      expected.fixed_size ? std::vector<std::string>{"25 x 25", "50 x 50", "100 x 100"}
                          : std::vector<std::string>{"(H + 3) / 4 x (W + 3) / 4", "(H + 1) / 2 x (W + 1) / 2", "H x W"};
  EXPECT_EQ(resize_sizes(graph), sizes);
  ASSERT_EQ(graph.outputs().size(), 1U);
  EXPECT_EQ(shape_text(graph.type(graph.outputs()[0]).shape), expected.fixed_size ? "1, 100, 100, 3" : "1, H, W, 3");
  EXPECT_TRUE(graph.type(graph.outputs()[0]).is_real());
}

INSTANTIATE_TEST_SUITE_P(
    All, SharedModel,
    testing::Values(Case{"qatie_c32_published", 35, 5, 6, 114}, Case{"qatie_c12_base", 35, 5, 6, 114},
                    Case{"qatie_c24_perchannel", 35, 5, 6, 114}, Case{"qatie_c16_static100", 35, 5, 6, 114, true},
                    Case{"qatie_c12_ablate_all", 19, 1, 1, 61}, Case{"qatie_c12_ablate_fuse_refine", 27, 3, 4, 88},
                    Case{"qatie_c12_ablate_residual", 35, 5, 5, 113},
                    Case{"qatie_c12_ablate_resolution_refine", 27, 3, 4, 88}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SmallModels, AllImport) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder("QATC_TEST_MODELS", QATC_TEST_MODELS) / "small")) {
    SCOPED_TRACE(entry.path().filename());
    Graph graph;
    ASSERT_NO_THROW(graph = import_onnx((entry.path() / "model.onnx").string()));
    EXPECT_EQ(graph.outputs().size(), 1U);
    ++count;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace qatc::test
