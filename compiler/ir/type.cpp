#include "ir/type.h"

#include "support/error.h"

namespace qatc {

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kU8:
      return "u8";
    case DType::kI8:
      return "i8";
    case DType::kI32:
      return "i32";
  }
  return "?";
}

bool is_8bit(DType dtype) { return dtype == DType::kU8 || dtype == DType::kI8; }

IntegerRange integer_range(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return {0, 255};
    case DType::kI8:
      return {-128, 127};
    case DType::kI32:
      return {INT32_MIN, INT32_MAX};
    case DType::kF32:
      break;
  }
  QATC_CHECK(false, "a real type has no integer range");
}

}  // namespace qatc
