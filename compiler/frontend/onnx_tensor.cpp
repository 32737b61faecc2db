#include "frontend/onnx_tensor.h"

#include <bit>
#include <cstring>

#include "frontend/refusal.h"

namespace qatc {

namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

constexpr int64_t kMostElements = int64_t{1} << 31;

int64_t element_count(const onnx::TensorProto& proto) {
  int64_t count = 1;
  for (int64_t dim : proto.dims()) {
    if (dim < 0) throw Refusal("has the negative dimension " + std::to_string(dim));
    if (dim > kMostElements) throw Refusal("has the dimension " + std::to_string(dim) + ", which is too large");
    count *= dim;  // both at most 2^31
    if (count > kMostElements) throw Refusal("has more than 2^31 elements");
  }
  return count;
}

template <class Element, class Stored>
void decode_raw(const std::string& raw, int64_t count, std::vector<Stored>& out) {
  if (raw.size() != static_cast<size_t>(count) * sizeof(Element)) {
    throw Refusal("needs " + std::to_string(count * static_cast<int64_t>(sizeof(Element))) +
                  " bytes of data by its dimensions but has " + std::to_string(raw.size()) +
                  "; the file is truncated or damaged");
  }
  out.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    Element element;
    std::memcpy(&element, raw.data() + i * sizeof(Element), sizeof(Element));
    out[i] = static_cast<Stored>(element);
  }
}

template <class Field, class Stored>
void decode_field(const Field& field, int64_t count, std::vector<Stored>& out) {
  if (field.size() != count) {
    throw Refusal("needs " + std::to_string(count) + " elements by its dimensions but has " +
                  std::to_string(field.size()) + "; the file is truncated or damaged");
  }
  out.assign(field.begin(), field.end());
}

/// int32_data carries the narrow types, one number an element, so a number may lie outside its type.
void check_range(const OnnxTensor& tensor, int64_t least, int64_t most) {
  for (int64_t value : tensor.integers) {
    if (value < least || value > most) {
      throw Refusal("holds " + std::to_string(value) + ", which is no " + data_type_name(tensor.data_type));
    }
  }
}

}  // namespace

bool OnnxTensor::is_real() const {
  return data_type == onnx::TensorProto::FLOAT || data_type == onnx::TensorProto::DOUBLE;
}

OnnxTensorPtr decode_tensor(const onnx::TensorProto& proto) {
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    throw Refusal("keeps its data in another file; save the model with all data in one file");
  }
  if (proto.has_segment()) throw Refusal("is stored in segments, which is not supported");
  const int64_t count = element_count(proto);
  auto tensor = std::make_shared<OnnxTensor>();
  tensor->data_type = proto.data_type();
  tensor->dims.assign(proto.dims().begin(), proto.dims().end());
  const bool raw = proto.has_raw_data();
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      raw ? decode_raw<float>(proto.raw_data(), count, tensor->real)
          : decode_field(proto.float_data(), count, tensor->real);
      break;
    case onnx::TensorProto::DOUBLE:
      raw ? decode_raw<double>(proto.raw_data(), count, tensor->real)
          : decode_field(proto.double_data(), count, tensor->real);
      break;
    case onnx::TensorProto::UINT8:
      raw ? decode_raw<uint8_t>(proto.raw_data(), count, tensor->integers)
          : decode_field(proto.int32_data(), count, tensor->integers);
      check_range(*tensor, 0, UINT8_MAX);
      break;
    case onnx::TensorProto::INT8:
      raw ? decode_raw<int8_t>(proto.raw_data(), count, tensor->integers)
          : decode_field(proto.int32_data(), count, tensor->integers);
      check_range(*tensor, INT8_MIN, INT8_MAX);
      break;
    case onnx::TensorProto::BOOL:
      raw ? decode_raw<uint8_t>(proto.raw_data(), count, tensor->integers)
          : decode_field(proto.int32_data(), count, tensor->integers);
      break;
    case onnx::TensorProto::INT32:
      raw ? decode_raw<int32_t>(proto.raw_data(), count, tensor->integers)
          : decode_field(proto.int32_data(), count, tensor->integers);
      break;
    case onnx::TensorProto::INT64:
      raw ? decode_raw<int64_t>(proto.raw_data(), count, tensor->integers)
          : decode_field(proto.int64_data(), count, tensor->integers);
      break;
    default:
      throw Refusal("has the element type " + data_type_name(proto.data_type()) + ", which is not supported");
  }
  return tensor;
}

std::string data_type_name(int32_t data_type) {
  if (onnx::TensorProto::DataType_IsValid(data_type)) {
    return onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(data_type));
  }
  return std::to_string(data_type);
}

}  // namespace qatc
