#include <gtest/gtest.h>

#include <random>

#include "frontend/import_onnx.h"
#include "onnx_builder.h"
#include "support/error.h"

namespace qatc::test {
namespace {

/// Has something of every kind the importer reads.
std::string good_bytes() {
  OnnxBuilder b;
  b.floats("s", {}, {0.5F});
  b.ints("z", onnx::TensorProto::UINT8, {}, {128});
  b.ints("w", onnx::TensorProto::INT8, {3, 3, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  b.floats("ws", {3}, {0.5F, 1.0F, 2.0F});
  b.ints("wz", onnx::TensorProto::INT8, {3}, {0, 0, 0});
  b.int64s("starts", {1}, {0});
  b.int64s("ends", {1}, {4});
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.node("DequantizeLinear", {"q", "s", "z"}, "d");
  set(b.node("DequantizeLinear", {"w", "ws", "wz"}, "wd"), "axis", int64_t{0});
  set_ints(b.node("Conv", {"d", "wd"}, "c"), "strides", {2, 2});
  b.node("Shape", {"x"}, "shape");
  b.node("Slice", {"shape", "starts", "ends"}, "sizes");
  onnx::NodeProto& resize = b.node("Resize", {"c", "", "", "sizes"}, "y");
  set(resize, "coordinate_transformation_mode", std::string("asymmetric"));
  set(resize, "nearest_mode", std::string("floor"));
  return b.bytes();
}

void import_anything(const std::string& bytes) {
  try {
    import_onnx_bytes(bytes, "hostile.onnx");
  } catch (const UserError&) {
    // The only exception there may be.
  }
}

TEST(HostileBytes, EveryPrefixIsRefusedOrImports) {
  const std::string good = good_bytes();
  ASSERT_EQ(import_errors(good, "good.onnx"), "");
  for (size_t length = 0; length < good.size(); ++length) {
    ASSERT_NO_THROW(import_anything(good.substr(0, length))) << "first " << length << " bytes";
  }
}

TEST(HostileBytes, RandomChangesAreRefusedOrImport) {
  const std::string good = good_bytes();
  for (unsigned seed = 0; seed < 20000; ++seed) {
    std::mt19937 random(seed);
    std::string bytes = good;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    ASSERT_NO_THROW(import_anything(bytes)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace qatc::test
