#include "cli/model_name.h"

#include <gtest/gtest.h>

namespace qatc {
namespace {

TEST(ModelName, IsTheFilesStemOrItsFolders) {
  EXPECT_EQ(default_model_name("nets/denoise.onnx"), "denoise");
  EXPECT_EQ(default_model_name("nets/denoise/model.onnx"), "denoise");
  EXPECT_EQ(default_model_name("nets/denoise/../sharpen/model.onnx"), "sharpen");
  EXPECT_EQ(default_model_name("/model.onnx"), "net_");
}

TEST(ModelName, IsAnIdentifier) {
  EXPECT_EQ(default_model_name("low-light v1.2.onnx"), "low_light_v1_2");
  EXPECT_EQ(default_model_name("4k.onnx"), "net_4k");
  EXPECT_EQ(default_model_name("_x.onnx"), "net__x");
  EXPECT_EQ(default_model_name("qatc.onnx"), "net_qatc");
  EXPECT_EQ(default_model_name("qatc_x.onnx"), "net_qatc_x");
  EXPECT_EQ(default_model_name("größe.onnx"), "gr____e");
  for (const char* name : {"", "4k", "a-b", "a b", "größe"}) EXPECT_FALSE(is_c_identifier(name)) << name;
  for (const char* name : {"a", "_", "low_light4"}) EXPECT_TRUE(is_c_identifier(name)) << name;
}

}  // namespace
}  // namespace qatc
