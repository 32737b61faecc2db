#include "emit/driver_images.h"

#include <algorithm>
#include <vector>

#include "emit/c_text.h"
#include "emit/constants.h"
#include "emit/symbols.h"
#include "plan/image.h"

namespace qatc {

namespace {

/// By qatc_type and qatc_layout.
std::string kernel_table(const std::vector<ImageKernel>& kernels, const std::string& name, bool stores) {
  using Layout = ImageKernel::Layout;
  std::string table;
  for (const bool is_real : {false, true}) {
    table += is_real ? ",\n     {" : "    {{";
    for (const Layout layout : {Layout::kInterleaved, Layout::kPadded, Layout::kPlanar}) {
      const auto kernel = std::find_if(kernels.begin(), kernels.end(), [&](const ImageKernel& k) {
        return k.stores == stores && k.is_real == is_real && k.layout == layout;
      });
      table += layout == Layout::kInterleaved ? "" : ", ";
      table += kernel == kernels.end() ? "NULL" : image_kernel_symbol(name, *kernel);
    }
    table += "}";
  }
  return table + "}};\n";
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
  out << "\nstatic const qatc_quantizer quantizer = {\n    " << c_real(scale) << "f, "
      << c_number(stored(in.zero_point, in.dtype)) << ", "
      << (plan.rounding == Rounding::kExact ? "QATC_ROUND_EXACT" : "QATC_ROUND_FLOAT") << ", STORAGE_XOR, "
      << image_table_symbol(name, "input_u8") << ",\n"
      << kernel_table(kernels, name, false);
  const OutputLine line = output_line(plan).value_or(OutputLine{});
  out << "\nstatic const qatc_dequantizer dequantizer = {\n    " << image_table_symbol(name, "output_f32") << ", "
      << image_table_symbol(name, "output_u8") << ", STORED(" << c_number(line.zero_point) << "), "
      << c_real(line.scale) << "f, " << c_real(line.low) << "f, " << c_real(line.high) << "f,\n"
      << kernel_table(kernels, name, true) << "\n";
}

}  // namespace qatc
