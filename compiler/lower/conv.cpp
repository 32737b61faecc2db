#include "lower/conv.h"

#include "lower/buffer.h"
#include "lower/elementwise.h"
#include "schedules/conv_layout.h"
#include "schedules/operand_loads.h"

namespace qatc {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

LoweredConv lower_conv(const KernelSpec& spec, size_t conv_index, const KernelSchedule& schedule, Isa isa,
                       const KernelParams& params, const Var& x, const Var& y) {
  const KernelConv& conv = spec.convs[conv_index];
  const ConvLayout layout = conv_layout(spec, conv, schedule, isa);
  const std::string suffix = std::to_string(conv_index);
  LoweredConv lowered;
  Var lane("lane");
  lowered.accumulator = Func("accumulator" + suffix);
  lowered.accumulator(lane, x, y) =
      params.image({KernelArgument::Kind::kCorrection, static_cast<int>(conv_index)})(lane);
  for (size_t i = 0; i < conv.inputs.size(); ++i) {
    const KernelInput in = params.input(conv.inputs[i]);
    const ImageParam filter =
        params.image({KernelArgument::Kind::kFilter, static_cast<int>(conv_index), static_cast<int>(i)});
    const auto channels = static_cast<int>(spec.inputs[static_cast<size_t>(conv.inputs[i])]);
    const ConvRuns runs = conv_runs(spec, conv, conv.inputs[i]);
    const auto terms = static_cast<int>(terms_of(conv, layout));
    const RDom r(0, static_cast<int>(runs.length) / terms, 0, static_cast<int>(runs.count), 0,
                 static_cast<int>(conv.kernel[0]), "taps" + suffix + "_" + std::to_string(i));
    // Byte of the row where a run of output pixel x begins, and the row of a tap.
    const auto begin = [&](const Expr& run) {
      return (x * static_cast<int>(conv.stride[1]) + run * static_cast<int>(conv.dilation[1]) -
              static_cast<int>(conv.pad[1])) *
             channels;
    };
    const auto row = [&](const Expr& ky) {
      return y * static_cast<int>(conv.stride[0]) + ky * static_cast<int>(conv.dilation[0]) -
             static_cast<int>(conv.pad[0]);
    };
    Func operand("operand" + suffix + "_" + std::to_string(i));
    // Unsigned for no other reason than that Halide would let a tile's results of the same type use its memory after
    // it, and LLVM then keep both there.
    const Halide::Type operand_type = layout.wide ? Halide::Int(16) : Halide::UInt(8);
    const bool by_byte = layout.wide || operand_loads(spec, schedule, conv, conv.inputs[i]).shared;
    if (by_byte) {
      // By byte of the row: neighbouring pixels share what they read.
      Var byte("byte"), in_y("in_y");
      operand(byte, in_y) = Halide::cast(operand_type, in(byte, in_y));
    } else {
      // By pixel: what one load brings.
      Var k("k"), run("run"), ky("ky");
      operand(k, x, y, run, ky) = Halide::cast(operand_type, in(begin(run) + k, row(ky)));
    }
    const auto value = [&](const Expr& byte) -> Expr {
      if (layout.wide) return operand(begin(r.y) + byte, row(r.z));
      const Expr stored = by_byte ? operand(begin(r.y) + byte, row(r.z)) : operand(byte, x, y, r.y, r.z);
      return Halide::cast(storage_type(isa), stored);
    };
    const int64_t block = filter_block(spec, schedule, conv, isa);
    const auto product = [&](const Expr& byte, const Halide::Type& type) {
      return Halide::cast(type, value(byte)) *
             Halide::cast(type, filter_at(filter, layout, block, lane, byte, r.y, r.z));
    };
    lowered.accumulator(lane, x, y) += sum_of_terms(r.x, terms, layout, product);
    lowered.taps.push_back(r);
    lowered.operands.push_back(operand);
  }
  return lowered;
}

LoweredKernel lower_conv_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                const KernelParams& params) {
  LoweredKernel kernel;
  for (size_t i = 0; i < spec.convs.size(); ++i) {
    kernel.convs.push_back(lower_conv(spec, i, schedule, isa, params, kernel.x, kernel.y));
  }
  define_output(kernel, spec, lower_pixel_steps(kernel, spec, isa, params));
  return kernel;
}

}  // namespace qatc
