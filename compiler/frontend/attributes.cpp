#include "frontend/attributes.h"

#include "frontend/refusal.h"

namespace qatc {

const onnx::AttributeProto* Attributes::find(const std::string& name) const {
  for (const onnx::AttributeProto& attribute : node_->attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

const onnx::AttributeProto* Attributes::read(const std::string& name, onnx::AttributeProto::AttributeType type) {
  read_.insert(name);
  const onnx::AttributeProto* attribute = find(name);
  if (attribute == nullptr) return nullptr;
  if (attribute->type() != type) {
    throw Refusal("attribute " + quoted(name) + " must be of type " + onnx::AttributeProto::AttributeType_Name(type));
  }
  return attribute;
}

int64_t Attributes::integer(const std::string& name, int64_t fallback) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::INT);
  return attribute != nullptr ? attribute->i() : fallback;
}

float Attributes::real(const std::string& name, float fallback) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::FLOAT);
  return attribute != nullptr ? attribute->f() : fallback;
}

std::string Attributes::text(const std::string& name, const std::string& fallback) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::STRING);
  return attribute != nullptr ? attribute->s() : fallback;
}

std::vector<int64_t> Attributes::integers(const std::string& name, std::vector<int64_t> fallback) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return fallback;
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> Attributes::reals(const std::string& name) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

const onnx::TensorProto* Attributes::tensor(const std::string& name) {
  const onnx::AttributeProto* attribute = read(name, onnx::AttributeProto::TENSOR);
  return attribute != nullptr ? &attribute->t() : nullptr;
}

void Attributes::refuse_unread() const {
  for (const onnx::AttributeProto& attribute : node_->attribute()) {
    if (read_.count(attribute.name()) == 0) {
      throw Refusal("attribute " + quoted(attribute.name()) + " is not supported");
    }
  }
}

}  // namespace qatc
