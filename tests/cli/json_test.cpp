#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "support/process.h"

// What programs read.

namespace qatc {
namespace {

using nlohmann::json;

std::string output_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), QATC_BIN_DIR "/qatc");
  const ProcessResult result = run_process(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  return result.out;
}

TEST(Json, VerifyPrintsOneObjectALine) {
  std::istringstream lines(output_of({"verify", QATC_MODELS_DIR "/demo", "--json", "--threads", "2"}));
  int set = 0;
  for (std::string line; std::getline(lines, line); ++set) {
    const json object = json::parse(line);
    EXPECT_EQ(object.at("case"), "demo");
    EXPECT_EQ(object.at("set"), set);
    EXPECT_EQ(object.at("target"), "host");
    EXPECT_EQ(object.at("rounding"), "float");
    EXPECT_EQ(object.at("equals_evaluator"), true);
    EXPECT_EQ(object.at("passed"), true);
    EXPECT_GE(object.at("psnr_db"), 35.0);
    EXPECT_GE(object.at("max_abs"), 0.0);
    EXPECT_GT(object.at("equal_share"), 0.9);
    EXPECT_NEAR(object.at("fp32_psnr_db"), object.at("reference_fp32_psnr_db"), 1.0);
    EXPECT_FALSE(object.contains("first_difference"));
  }
  EXPECT_EQ(set, 2);
}

TEST(Json, InspectCoversTheWholeNetwork) {
  const json object = json::parse(output_of({"inspect", QATC_MODELS_DIR "/demo/model.onnx", "--json"}));
  EXPECT_EQ(object.at("input"), "H x W x 3");
  EXPECT_EQ(object.at("memory").size(), 3U);
  EXPECT_GT(object.at("memory")[2].at("arena_bytes"), object.at("memory")[0].at("arena_bytes"));
  std::set<std::string> convs;  // one may be computed in two stages
  for (const json& call : object.at("calls")) {
    for (const json& node : call.at("nodes")) {
      if (node.at("op_type") == "Conv") convs.insert(node.at("name"));
    }
  }
  EXPECT_EQ(convs.size(), 35U);
}

}  // namespace
}  // namespace qatc
