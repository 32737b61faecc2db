#include "emit/constants.h"

#include <algorithm>
#include <cstring>

#include "lower/buffer.h"
#include "ops/requantize.h"
#include "plan/image.h"
#include "schedules/conv_layout.h"
#include "schedules/default_schedule.h"
#include "schedules/tile_shape.h"
#include "support/error.h"

namespace qatc {

namespace {

using ArgumentKind = KernelArgument::Kind;

template <class T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// The stored value of a zero point as the kernels' arithmetic sees it.
int32_t stored_zero_point(const TensorType& type, Isa isa) {
  return stored(type.quant->zero_point_at(0), type.dtype) - (is_arm(isa) ? 128 : 0);
}

class Packer {
 public:
  Packer(const Plan& plan, const std::vector<KernelSchedule>& schedules, const std::string& name, Isa isa)
      : plan_(plan), schedules_(schedules), name_(name), isa_(isa) {}

  std::vector<Constant> run() {
    int call_index = 0;
    for (const Stage& stage : plan_.stages) {
      for (const KernelCall& call : stage.calls) pack_call(call, call_index++);
    }
    for (size_t i = 0; i < plan_.statistics.size(); ++i) pack_norm(static_cast<int>(i));
    pack_image_tables();
    pack_flat_row_tiles();
    return std::move(constants_);
  }

 private:
  template <class T>
  void add(const std::string& symbol, const char* c_type, const std::vector<T>& values) {
    constants_.push_back({symbol, c_type, bytes_of(values)});
  }

  /// float or double as the kernel wants it.
  void add_real(const std::string& symbol, bool is_double, const std::vector<double>& values) {
    if (is_double) {
      add(symbol, "double", values);
    } else {
      add(symbol, "float", std::vector<float>(values.begin(), values.end()));
    }
  }

  void pack_call(const KernelCall& call, int call_index) {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    for (size_t i = 0; i < spec.convs.size(); ++i) {
      pack_requantize(call, call_index, static_cast<int>(i),
                      pack_filters(call, call.kernel, static_cast<int>(i), call_symbol, call_index));
    }
    if (call.upsampled) pack_filters(call, call.upsampled->kernel, 0, upsampled_symbol, call_index);
    for (size_t i = 0; i < spec.steps.size(); ++i) {
      if (spec.steps[i].kind == KernelStep::Kind::kLookup) pack_table(call, call_index, static_cast<int>(i));
    }
  }

  using SymbolOf = std::string (*)(const std::string& name, int call, const KernelArgument& argument);

  /// The filter of a conv in a kernel of the call; returns its sum by lane.
  std::vector<int64_t> pack_filters(const KernelCall& call, int kernel, int conv_index, SymbolOf symbol_of,
                                    int call_index) {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(kernel)];
    const KernelConv& conv = spec.convs[static_cast<size_t>(conv_index)];
    const Node& node = plan_.graph.node(call.conv_nodes[static_cast<size_t>(conv_index)]);
    const size_t inputs = conv.inputs.size();
    const Value& filter = plan_.graph.value(node.inputs[inputs]);
    const std::vector<int64_t>& shape = filter.constant->shape;  // O, kh, kw, I
    const int64_t lanes = conv_lanes(spec, conv, isa_);
    const ConvLayout layout = widest_conv_layout(isa_, lanes);
    const int64_t block = filter_block(spec, schedules_[static_cast<size_t>(kernel)], conv, isa_);
    std::vector<int64_t> lane_sum(static_cast<size_t>(lanes), 0);
    int64_t first_channel = 0;
    for (size_t input = 0; input < inputs; ++input) {
      const int64_t channels =
          plan_.tensors[static_cast<size_t>(call.inputs[static_cast<size_t>(conv.inputs[input])])].channels;
      const int64_t padded = storage_channels(channels);
      const ConvRuns runs = conv_runs(spec, conv, conv.inputs[input]);
      const int64_t red = layout.reduction;
      const int64_t reductions = reductions_of(runs, layout);
      std::vector<int16_t> packed(static_cast<size_t>(lanes * shape[1] * runs.count * reductions * red), 0);
      for (int64_t o = 0; o < shape[0]; ++o) {
        for (int64_t ky = 0; ky < shape[1]; ++ky) {
          for (int64_t kx = 0; kx < shape[2]; ++kx) {
            for (int64_t ci = 0; ci < channels; ++ci) {
              const int64_t at = ((o * shape[1] + ky) * shape[2] + kx) * shape[3] + first_channel + ci;
              const int64_t weight =
                  int64_t{filter.constant->integers[static_cast<size_t>(at)]} - filter.type.quant->zero_point_at(o);
              const std::vector<int32_t> digits = balanced_digits(weight, conv.digits);
              for (int digit = 0; digit < conv.digits; ++digit) {
                const int64_t lane = digit * digit_stride(spec, conv, isa_) + o;
                const int64_t run = runs.count == 1 ? 0 : kx;
                const int64_t byte = runs.count == 1 ? kx * padded + ci : ci;  // of the run
                const int64_t place =
                    byte % red +
                    red * (lane % block +
                           block * (byte / red + reductions * (run + runs.count * (ky + shape[1] * (lane / block)))));
                packed[static_cast<size_t>(place)] = static_cast<int16_t>(digits[static_cast<size_t>(digit)]);
                lane_sum[static_cast<size_t>(lane)] += digits[static_cast<size_t>(digit)];
              }
            }
          }
        }
      }
      const std::string symbol =
          symbol_of(name_, call_index, {ArgumentKind::kFilter, conv_index, static_cast<int>(input)});
      if (layout.wide) {
        add(symbol, "int8_t", packed);
      } else {
        add(symbol, "int8_t", std::vector<int8_t>(packed.begin(), packed.end()));
      }
      first_channel += channels;
    }
    return lane_sum;
  }

  /// What is added to and multiplied with the sums of a conv.
  void pack_requantize(const KernelCall& call, int call_index, int conv_index, const std::vector<int64_t>& lane_sum) {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    const KernelConv& conv = spec.convs[static_cast<size_t>(conv_index)];
    const Node& node = plan_.graph.node(call.conv_nodes[static_cast<size_t>(conv_index)]);
    const Value& filter = plan_.graph.value(node.inputs[conv.inputs.size()]);
    const Value& bias = plan_.graph.value(node.inputs[conv.inputs.size() + 1]);
    const TensorType& in = plan_.graph.type(node.inputs[0]);
    const TensorType& out = plan_.graph.type(node.output);
    const ConvLayout layout = widest_conv_layout(isa_, conv_lanes(spec, conv, isa_));
    const int32_t zero_point = stored_zero_point(in, isa_);
    std::vector<int32_t> correction;
    correction.reserve(lane_sum.size());
    for (int64_t sum : lane_sum) {
      // A matrix product's accumulator holds a lane for two pixels.
      correction.insert(correction.end(), layout.matrix ? 2 : 1, static_cast<int32_t>(-zero_point * sum));
    }
    std::vector<double> multiplier(static_cast<size_t>(spec.out_channels), 0.0);
    std::vector<double> offset(multiplier);
    for (int64_t o = 0; o < filter.constant->shape[0]; ++o) {
      const ConvRequantize requantize =
          conv_requantize(in.quant->scale_at(0), filter.type.quant->scale_at(o), out.quant->scale_at(0),
                          bias.constant->real[static_cast<size_t>(o)]);
      multiplier[static_cast<size_t>(o)] = requantize.multiplier;
      offset[static_cast<size_t>(o)] = requantize.bias;
    }
    const bool is_double = in_double(spec, conv);
    add(call_symbol(name_, call_index, {ArgumentKind::kCorrection, conv_index}), "int32_t", correction);
    add_real(call_symbol(name_, call_index, {ArgumentKind::kMultiplier, conv_index}), is_double, multiplier);
    add_real(call_symbol(name_, call_index, {ArgumentKind::kBias, conv_index}), is_double, offset);
  }

  void pack_table(const KernelCall& call, int call_index, int step) {
    const Node& node = plan_.graph.node(call.step_nodes[static_cast<size_t>(step)]);
    const Tensor& table = *plan_.graph.value(node.inputs[1]).constant;
    const DType out = plan_.graph.type(node.output).dtype;
    std::vector<uint8_t> bytes(256);
    for (int u = 0; u < 256; ++u) {
      bytes[static_cast<size_t>(u ^ storage_xor())] =
          static_cast<uint8_t>(stored(table.integers[static_cast<size_t>(u)], out) ^ storage_xor());
    }
    add(call_symbol(name_, call_index, {ArgumentKind::kTable, step}), "uint8_t", bytes);
  }

  void pack_norm(int index) {
    const Node& node = plan_.graph.node(plan_.statistics[static_cast<size_t>(index)].node);
    for (int operand = 1; operand <= 2; ++operand) {
      const std::vector<double>& values = plan_.graph.value(node.inputs[static_cast<size_t>(operand)]).constant->real;
      std::vector<float> padded(values.begin(), values.end());
      padded.resize(static_cast<size_t>(storage_channels(static_cast<int64_t>(values.size()))), 0.0F);
      add(norm_symbol(name_, index, operand == 1 ? "gamma" : "beta"), "float", padded);
    }
  }

  void pack_image_tables() {
    std::vector<uint8_t> input = input_codes(plan_);
    for (uint8_t& code : input) code ^= static_cast<uint8_t>(storage_xor());
    add(image_table_symbol(name_, "input_u8"), "uint8_t", input);
    add(image_table_symbol(name_, "output_f32"), "float", by_stored_byte(output_reals(plan_)));
    add(image_table_symbol(name_, "output_u8"), "uint8_t", by_stored_byte(output_bytes(plan_)));
  }

  void pack_flat_row_tiles() {
    std::vector<int32_t> tiles;
    tiles.reserve(schedules_.size());
    for (const KernelSchedule& schedule : schedules_) tiles.push_back(static_cast<int32_t>(flat_row_tile(schedule)));
    add(flat_row_tiles_symbol(name_), "int32_t", tiles);
  }

  template <class T>
  std::vector<T> by_stored_byte(const std::vector<T>& by_code) const {
    std::vector<T> table(by_code.size());
    for (size_t code = 0; code < table.size(); ++code) table[code ^ static_cast<size_t>(storage_xor())] = by_code[code];
    return table;
  }

  int storage_xor() const { return is_arm(isa_) ? 0x80 : 0; }

  const Plan& plan_;
  const std::vector<KernelSchedule>& schedules_;
  const std::string& name_;
  Isa isa_;
  std::vector<Constant> constants_;
};

}  // namespace

std::vector<Constant> pack_constants(const Plan& plan, const std::vector<KernelSchedule>& schedules,
                                     const std::string& name, Isa isa) {
  return Packer(plan, schedules, name, isa).run();
}

std::vector<Constant> declare_constants(const Plan& plan, const std::string& name) {
  // Of any instruction set and schedules: only bytes depend on them.
  const Isa isa = Isa::kArmDotprod;
  std::vector<KernelSchedule> schedules;
  for (const KernelSpec& spec : plan.kernels) schedules.push_back(default_schedule(spec, isa));
  std::vector<Constant> constants = pack_constants(plan, schedules, name, isa);
  for (Constant& constant : constants) constant.bytes.clear();
  return constants;
}

std::string call_symbol(const std::string& name, int call, const KernelArgument& argument) {
  return name + "_call" + std::to_string(call) + "_" + argument_name(argument);
}

std::string upsampled_symbol(const std::string& name, int call, const KernelArgument& argument) {
  if (argument.kind != ArgumentKind::kFilter) return call_symbol(name, call, argument);
  return name + "_call" + std::to_string(call) + "_upsampled_" + argument_name(argument);
}

std::string norm_symbol(const std::string& name, int statistics, const char* what) {
  return name + "_norm" + std::to_string(statistics) + "_" + what;
}

std::string image_table_symbol(const std::string& name, const char* what) { return name + "_" + what; }

std::string flat_row_tiles_symbol(const std::string& name) { return name + "_flat_row_tiles"; }

int32_t stored(int32_t q, DType dtype) { return q - integer_range(dtype).min; }

}  // namespace qatc
