#include <cmath>

#include "frontend/parameters.h"
#include "frontend/rows.h"

namespace qatc {

namespace {

Imported emit_like_input(NodeImport& node, Op op) {
  const ValueId input = node.activation(0);
  return node.emit(std::move(op), {input}, node.graph().type(input));
}

}  // namespace

Imported import_tanh(NodeImport& node) { return emit_like_input(node, Tanh{}); }

Imported import_relu(NodeImport& node) { return emit_like_input(node, Relu{}); }

Imported import_leaky_relu(NodeImport& node) {
  const float alpha = node.attributes.real("alpha", 0.01F);
  if (!std::isfinite(alpha)) throw Refusal("alpha must be finite");
  return emit_like_input(node, LeakyRelu{alpha});
}

Imported import_clip(NodeImport& node) {
  Clip clip;
  if (node.has_input(1)) clip.min = node.constant_real(1, "min");
  if (node.has_input(2)) clip.max = node.constant_real(2, "max");
  if (std::isnan(clip.min) || std::isnan(clip.max)) throw Refusal("min and max must be numbers");
  if (clip.min > clip.max) throw Refusal("min is greater than max");
  return emit_like_input(node, clip);
}

Imported import_instance_normalization(NodeImport& node) {
  const ValueId input = node.activation(0);
  const InstanceNorm norm{node.attributes.real("epsilon", 1e-5F)};
  if (!std::isfinite(norm.epsilon) || norm.epsilon <= 0) throw Refusal("epsilon must be greater than 0");
  const int64_t channels = node.extents(input)[3].constant();
  const ValueId gamma = materialise_vector(node.parameter(1, "scale"), channels, "scale", node);
  const ValueId beta = materialise_vector(node.parameter(2, "B"), channels, "B", node);
  return node.emit(norm, {input, gamma, beta}, node.graph().type(input));
}

Imported import_identity(NodeImport& node) { return node.input(0, "the input"); }

Imported import_dropout(NodeImport& node) {
  node.attributes.ignore("ratio");
  node.attributes.ignore("seed");
  if (node.has_input(2)) {
    const OnnxTensor& training = node.plain_constant(2, "training_mode");
    if (training.integers != std::vector<int64_t>{0}) {
      throw Refusal("training_mode is set; export the model for inference");
    }
  }
  return node.input(0, "the input");
}

}  // namespace qatc
