#include "emit/header.h"

#include <sstream>

#include "emit/c_text.h"
#include "support/error.h"

namespace qatc {

namespace {

std::string in_place_text(InPlace sharing) {
  switch (sharing) {
    case InPlace::kAlways:
      return "The output may overlap the input in any way.";
    case InPlace::kSameRows:
      return "The output may be the input itself, in place; other overlaps: QATC_OVERLAP.";
    case InPlace::kNever:
      return "The output must not overlap the input: QATC_OVERLAP.";
  }
  QATC_CHECK(false, "unknown way to share memory");
}

/// What a call says of a size that the network does not take.
std::string size_statuses(const SizeLimits& limits) {
  return is_one_size(limits) ? "QATC_SIZE_UNSUPPORTED" : "QATC_SIZE_TOO_SMALL, QATC_SIZE_TOO_LARGE";
}

}  // namespace

std::string emit_header(const Plan& plan, const std::string& name) {
  const std::string macro = c_macro(name);
  const PlanTensor& in = plan.tensors[static_cast<size_t>(plan.input_tensor)];
  const PlanTensor& out = plan.tensors[static_cast<size_t>(plan.output_tensor)];
  const InPlace sharing = in_place(plan);
  std::ostringstream text;
  text << "/* " << name << ".h - an image network compiled by qatc. Link lib" << name
       << ".a and libqatc_runtime.a. */\n"
       << "#ifndef QATC_MODEL_" << macro << "_H\n#define QATC_MODEL_" << macro
       << "_H\n\n#include \"qatc_runtime.h\"\n\n"
       << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
       << "/* Image sizes in pixels; everything between is supported as long as no tensor exceeds 2^31 - 1 "
          "bytes. */\n"
       << "#define " << macro << "_MIN_HEIGHT " << plan.limits.min_height << "\n#define " << macro << "_MIN_WIDTH "
       << plan.limits.min_width << "\n"
       << "#define " << macro << "_MAX_HEIGHT " << plan.limits.max_height << "\n#define " << macro << "_MAX_WIDTH "
       << plan.limits.max_width << "\n\n"
       << "/** Bytes of scratch memory that " << name
       << "_run needs for a height x width image, at any alignment; 0 where the\n"
       << " * size is not supported. */\n"
       << "size_t " << name << "_arena_size(int32_t height, int32_t width);\n\n"
       << "/** The size of the result for a height x width image: " << out.height.to_string() << " x "
       << out.width.to_string() << " pixels of " << out.channels << " channels. Returns QATC_OK,\n"
       << " * " << size_statuses(plan.limits) << " or QATC_NULL_ARGUMENT. */\n"
       << "qatc_status " << name
       << "_output_size(int32_t height, int32_t width, int32_t* out_height, int32_t* out_width,\n"
       << "                             int32_t* out_channels);\n\n"
       << "/** Runs the network on an image of " << in.channels << " channels. arena: at least " << name
       << "_arena_size bytes, not shared with another\n"
       << " * running call. executor: the app's threads, or NULL for the calling thread. The result is the "
          "same for any number of\n"
       << " * threads and any strides. " << in_place_text(sharing) << "\n *\n * Returns QATC_OK, QATC_NULL_ARGUMENT, "
       << size_statuses(plan.limits) << ", QATC_ARENA_TOO_SMALL,\n"
       << " * QATC_WRONG_CHANNELS, QATC_WRONG_TYPE, QATC_WRONG_OUTPUT_SIZE"
       << (sharing == InPlace::kAlways ? " or QATC_BAD_STRIDE" : ", QATC_BAD_STRIDE or QATC_OVERLAP")
       << "; of a library for several\n * instruction sets, also QATC_CPU_UNSUPPORTED. */\n"
       << "qatc_status " << name
       << "_run(const qatc_image* input, const qatc_image* output, void* arena, size_t arena_size,\n"
       << "                     const qatc_executor* executor);\n\n"
       << "/** The same for a CPU that has `features`, see qatc_cpu_features: with the best instruction set that both "
          "the\n"
       << " * library and these have; QATC_CPU_UNSUPPORTED where there is none. " << name
       << "_run itself asks the CPU only when\n"
       << " * the library has several instruction sets to choose from. */\n"
       << "qatc_status " << name
       << "_run_on(uint32_t features, const qatc_image* input, const qatc_image* output, void* arena,\n"
       << "                        size_t arena_size, const qatc_executor* executor);\n\n"
       << "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text.str();
}

}  // namespace qatc
