#pragma once

#include <string>

#include "ir/graph.h"

namespace qatc {

// The text form of a graph, one line a value, in schedule order, each constant before its first reader:
//
//   graph 'net'
//   input %x: f32[1, H, W, 3]
//   const %w: i8[2, 1, 1, 1] quant([0.5, 0.25], [0, 0], axis 0) = {3, -4}
//   %y: u8[1, (H + 1) / 2, W, 32] quant(0.0387, 117) = conv2d(%x, %w, %b) {stride = [2, 1]} from 'layer1/conv1' (Conv)
//   output %y
//
// Attributes that have their default value are left out. A real number is the shortest text that reads back as the same
// float32, or, with the suffix d, as the same double. A value name with unusual characters is quoted: %"a b". Values
// that nothing live reads are not part of the text.

struct PrintOptions {
  enum Constants {
    kSmall,  // up to 16 elements in full, of the others a digest
    kAll,    // everything, so that parse(print(graph)) is the same graph
  };
  Constants constants = kSmall;
};

std::string print(const Graph& graph, PrintOptions options = {});
/// E.g. `u8[1, H, W, 32] quant(0.0387, 117)`.
std::string print(const TensorType& type);
/// E.g. `{stride = [2, 2]}`; empty when every attribute has its default value.
std::string print_attributes(const Op& op);
/// FNV-1a over shape and elements, to tell constants apart in text.
uint64_t digest(const Tensor& tensor);

}  // namespace qatc
