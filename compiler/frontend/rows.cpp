#include "frontend/rows.h"

#include <cstdint>

namespace qatc {

namespace {

constexpr size_t kAny = SIZE_MAX;

constexpr ImportRow kRows[] = {
    {"Add", 2, 2, import_add},
    {"Cast", 1, 1, import_cast},
    {"Ceil", 1, 1, import_ceil},
    {"Clip", 1, 3, import_clip},
    {"Concat", 1, kAny, import_concat},
    {"Constant", 0, 0, import_constant},
    {"Conv", 2, 3, import_conv},
    {"DequantizeLinear", 2, 3, import_dequantize_linear},
    {"Div", 2, 2, import_div},
    {"Dropout", 1, 3, import_dropout},
    {"Floor", 1, 1, import_floor},
    {"Gather", 2, 2, import_gather},
    {"Identity", 1, 1, import_identity},
    {"InstanceNormalization", 3, 3, import_instance_normalization},
    {"LeakyRelu", 1, 1, import_leaky_relu},
    {"MaxPool", 1, 1, import_max_pool},
    {"Mul", 2, 2, import_mul},
    {"QuantizeLinear", 2, 3, import_quantize_linear},
    {"Relu", 1, 1, import_relu},
    {"Reshape", 2, 2, import_reshape},
    {"Resize", 1, 4, import_resize},
    {"Shape", 1, 1, import_shape},
    {"Slice", 3, 5, import_slice},
    {"Squeeze", 1, 2, import_squeeze},
    {"Sub", 2, 2, import_sub},
    {"Tanh", 1, 1, import_tanh},
    {"Unsqueeze", 1, 2, import_unsqueeze},
};

}  // namespace

std::span<const ImportRow> import_rows() { return kRows; }

const ImportRow* find_row(const std::string& op_type) {
  for (const ImportRow& row : kRows) {
    if (op_type == row.op_type) return &row;
  }
  return nullptr;
}

}  // namespace qatc
