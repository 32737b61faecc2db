#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/kernel.h"

namespace qatc {

// The arguments of a kernel's function: lowering declares them, the driver passes them. What there is, and what each is:
// kernel_arguments.def. Which of these a kernel has: kernel_arguments().

/// What KernelArgument::index is an index of.
enum class ArgumentOf : uint8_t {
  kInput,      // KernelSpec::inputs
  kConv,       // convs
  kConvInput,  // convs, and KernelArgument::sub of the conv's inputs
  kStep,       // steps
  kOutput,     // outputs
  kSummed,     // none: of one output at most
};

enum class ArgumentForm : uint8_t {
  kBuffer,   // the address of a qatc_buffer that the kernel reads
  kResult,   // the address of one that it writes
  kAddress,  // of bytes, as an integer
  kInt32,
  kReal,  // float; double with exact rounding
};

enum class ArgumentSource : uint8_t {
  kConstant,  // bytes that the library holds, packed for each call (emit/constants.h)
  kGraph,     // a number of the graph's
  kRun,       // what only a run knows: tensors, and what follows from the image's size and pixels
};

struct KernelArgument {
  enum class Kind : uint8_t {
#define QATC_KERNEL_ARGUMENT(Kind, name, of, form, source) k##Kind,
#include "plan/kernel_arguments.def"
#undef QATC_KERNEL_ARGUMENT
  };
  Kind kind;
  int index = 0;
  int sub = 0;
};

/// In the order of the function's parameters.
std::vector<KernelArgument> kernel_arguments(const KernelSpec& spec);

/// "filter0_1": no other argument of its kernel has it.
std::string argument_name(const KernelArgument& argument);

bool is_buffer(const KernelArgument& argument);
/// Whether it is a buffer that the kernel writes.
bool is_result(const KernelArgument& argument);
/// Whether its bytes are in the library: ArgumentSource::kConstant.
bool is_constant(const KernelArgument& argument);

enum class ScalarType : uint8_t { kAddress, kInt32, kFloat, kDouble };
/// Of an argument that is no buffer.
ScalarType scalar_type(const KernelSpec& spec, const KernelArgument& argument);

}  // namespace qatc
