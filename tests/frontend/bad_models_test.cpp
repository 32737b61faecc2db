#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "frontend/import_onnx.h"
#include "onnx_builder.h"
#include "support/error.h"
#include "support/files.h"

namespace qatc::test {
namespace {

std::filesystem::path bad_models() {
  const char* folder = std::getenv("QATC_TEST_MODELS");
  return std::filesystem::path(folder != nullptr ? folder : QATC_TEST_MODELS) / "bad";
}

struct Golden {
  const char* file;
  const char* message;  // "": the importer accepts it, a later stage refuses
};

constexpr Golden kGoldens[] = {
    {"conv_filter_not_constant.onnx",
     "conv_filter_not_constant.onnx: node 'Slice_0' (Slice): the data is an activation, the output of "
     "'DequantizeLinear_0' (DequantizeLinear); this op is supported on sizes only, as computed by Shape"},
    {"cyclic.onnx", "cyclic.onnx: node 'Conv_0' (Conv): the graph has a cycle through this node"},
    {"empty.onnx", "empty.onnx: not an ONNX file"},
    {"grouped_conv.onnx", "grouped_conv.onnx: node 'Conv_0' (Conv): group is 2; only 1 is supported"},
    {"missing_initializer.onnx",
     "missing_initializer.onnx: node 'Conv_1' (Conv): input 'bias_1' is made by no node and is neither an "
     "initializer nor a graph input"},
    {"nan_scale.onnx",
     "nan_scale.onnx: node 'QuantizeLinear_2' (QuantizeLinear): scale is nan; it must be finite and greater "
     "than 0"},
    {"no_height.onnx",
     "no_height.onnx: graph input 'input' must have the shape (1, channels, height, width), has 2 "
     "dimensions"},
    {"not_onnx.onnx", "not_onnx.onnx: not an ONNX file"},
    {"truncated.onnx", "truncated.onnx: the file is truncated or damaged"},
    {"unquantized_conv.onnx", ""},
    {"unsupported_op.onnx",
     "unsupported_op.onnx: node 'HardSwish_0' (HardSwish): the op is not supported (README.md lists those "
     "that are)\n"
     "unsupported_op.onnx: node 'Softmax_0' (Softmax): the op is not supported (README.md lists those that "
     "are)"},
    {"wrong_channels.onnx", "wrong_channels.onnx: node 'Conv_0' (Conv): filter reads 3 channels but the input has 5"},
    {"wrong_rank.onnx",
     "wrong_rank.onnx: node 'Conv_0' (Conv): filter must have 4 dimensions, has 3; only two-dimensional "
     "convolution is supported"},
    {"zero_scale.onnx",
     "zero_scale.onnx: node 'QuantizeLinear_0' (QuantizeLinear): scale is 0; it must be finite and greater "
     "than 0"},
};

TEST(BadModels, GiveTheirMessage) {
  for (const Golden& golden : kGoldens) {
    SCOPED_TRACE(golden.file);
    EXPECT_EQ(import_errors(read_file((bad_models() / golden.file).string()), golden.file), golden.message);
  }
}

TEST(BadModels, AreAllTested) {
  std::set<std::string> tested, there;
  for (const Golden& golden : kGoldens) tested.insert(golden.file);
  for (const auto& entry : std::filesystem::directory_iterator(bad_models()))
    there.insert(entry.path().filename().string());
  EXPECT_EQ(tested, there);
}

TEST(BadModels, UnreadableFiles) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      import_onnx(path);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("no/such/model.onnx"), "cannot read no/such/model.onnx: No such file or directory");
  EXPECT_EQ(message("."), "cannot read .: Is a directory");
}

}  // namespace
}  // namespace qatc::test
