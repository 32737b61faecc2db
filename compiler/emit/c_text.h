#pragma once

#include <concepts>
#include <string>

#include "ir/extent.h"
#include "plan/kernel_argument.h"

namespace qatc {

// Pieces of C source that the driver and the header are written with.

template <std::integral Integer>
std::string c_number(Integer value) {
  return std::to_string(value);
}
/// A double, exact in C11.
std::string c_real(double value);
/// An extent as an expression over int64_t H and W.
std::string c_extent(const Extent& extent);
/// Text that cannot end the comment it is in.
std::string c_comment(std::string text);
/// The type of a kernel's argument that is no buffer.
const char* c_scalar_type(const KernelSpec& spec, const KernelArgument& argument);
/// A name as the beginning of macros.
std::string c_macro(std::string name);

}  // namespace qatc
