#include "emit/driver_images.h"

#include <vector>

#include "emit/c_text.h"
#include "emit/constants.h"
#include "emit/symbols.h"
#include "plan/image.h"
#include "support/error.h"

namespace qatc {

namespace {

std::string layout_name(ImageKernel::Layout layout) {
  switch (layout) {
    case ImageKernel::Layout::kInterleaved:
      return "QATC_INTERLEAVED";
    case ImageKernel::Layout::kPadded:
      return "QATC_PADDED";
    case ImageKernel::Layout::kPlanar:
      return "QATC_PLANAR";
  }
  QATC_CHECK(false, "unknown layout");
}

/// The kernels of one direction, by qatc_type and qatc_layout; empty where there are none.
std::string kernel_table(const std::vector<ImageKernel>& kernels, const std::string& name, bool stores) {
  std::string table;
  for (const bool is_real : {false, true}) {
    std::string by_layout;
    for (const ImageKernel& kernel : kernels) {
      if (kernel.stores != stores || kernel.is_real != is_real) continue;
      by_layout += "            [" + layout_name(kernel.layout) + "] = " + image_kernel_symbol(name, kernel) + ",\n";
    }
    if (by_layout.empty()) continue;
    table += std::string("        [") + (is_real ? "QATC_F32" : "QATC_U8") + "] = {\n" + by_layout + "        },\n";
  }
  return table.empty() ? "" : "    .kernels = {\n" + table + "    },\n";
}

}  // namespace

void write_images(std::ostream& out, const Plan& plan, const std::string& name) {
  const std::vector<ImageKernel> kernels = image_kernels(plan);
  out << "/* Kernels for rows of the caller's images in the usual layouts. */\n";
  for (const ImageKernel& kernel : kernels) {
    out << (kernel.stores ? "qatc_store_kernel " : "qatc_load_kernel ") << image_kernel_symbol(name, kernel) << ";\n";
  }
  const PlanTensor& in = plan.tensors[static_cast<size_t>(plan.input_tensor)];
  const float scale = plan.graph.type(in.value).quant->scale_at(0);
  out << "\nstatic const qatc_quantizer quantizer = {\n    .scale = " << c_real(scale)
      << "f,\n    .zero_point = " << c_number(stored(in.zero_point, in.dtype))
      << ",\n    .rounding = " << (plan.rounding == Rounding::kExact ? "QATC_ROUND_EXACT" : "QATC_ROUND_FLOAT")
      << ",\n    .storage_xor = STORAGE_XOR,\n    .u8_table = " << image_table_symbol(name, "input_u8") << ",\n"
      << kernel_table(kernels, name, false) << "};\n";
  const OutputLine line = output_line(plan).value_or(OutputLine{});
  out << "\nstatic const qatc_dequantizer dequantizer = {\n    .f32_table = " << image_table_symbol(name, "output_f32")
      << ",\n    .u8_table = " << image_table_symbol(name, "output_u8") << ",\n    .zero_point = STORED("
      << c_number(line.zero_point) << "),\n    .scale = " << c_real(line.scale) << "f,\n    .low = " << c_real(line.low)
      << "f,\n    .high = " << c_real(line.high) << "f,\n"
      << kernel_table(kernels, name, true) << "};\n\n";
}

}  // namespace qatc
