#include "emit/constants.h"

#include <cstring>

#include "lower/buffer.h"
#include "ops/filter_weights.h"
#include "ops/requantize.h"
#include "plan/image.h"
#include "schedules/conv_layout.h"
#include "schedules/tile_shape.h"
#include "support/error.h"

namespace qatc {

namespace {

using ArgumentKind = KernelArgument::Kind;
using Bytes = std::vector<uint8_t>;

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// What stored bytes differ from codes in.
int storage_xor(Isa isa) { return is_arm(isa) ? 0x80 : 0; }

/// The stored value of a zero point as the kernels' arithmetic sees it.
int32_t stored_zero_point(const TensorType& type, Isa isa) {
  return stored(type.quant->zero_point_at(0), type.dtype) - (is_arm(isa) ? 128 : 0);
}

const KernelCall& numbered_call(const Plan& plan, int number) {
  for (const Stage& stage : plan.stages) {
    const auto calls = static_cast<int>(stage.calls.size());
    if (number < calls) return stage.calls[static_cast<size_t>(number)];
    number -= calls;
  }
  QATC_CHECK(false, "no such call");
}

/// Packs what a call passes to one of its kernels.
class ArgumentPacker {
 public:
  ArgumentPacker(const Plan& plan, const KernelCall& call, const KernelSpec& spec, const KernelSchedule& schedule,
                 Isa isa)
      : plan_(plan), call_(call), spec_(spec), schedule_(schedule), isa_(isa) {}

  Bytes pack(const KernelArgument& argument) const {
    switch (argument.kind) {
      case ArgumentKind::kFilter:
        return filter(argument.index, argument.sub);
      case ArgumentKind::kCorrection:
        return correction(argument.index);
      case ArgumentKind::kMultiplier:
      case ArgumentKind::kBias:
        return requantize(argument);
      case ArgumentKind::kTable:
        return table(argument.index);
      default:
        QATC_CHECK(false, "no constant: " + argument_name(argument));
    }
  }

 private:
  const KernelConv& conv_of(int conv) const { return spec_.convs[static_cast<size_t>(conv)]; }
  const Node& conv_node(int conv) const { return plan_.graph.node(call_.conv_nodes[static_cast<size_t>(conv)]); }
  const Value& filter_of(int conv) const {
    return plan_.graph.value(conv_node(conv).inputs[conv_of(conv).inputs.size()]);
  }
  int64_t channels_of(int input) const {
    return plan_.tensors[static_cast<size_t>(call_.inputs[static_cast<size_t>(input)])].channels;
  }

  /// A digit of a filter's value as an accumulator lane multiplies it.
  struct Weight {
    int64_t lane, ky, kx, channel;
    int32_t digit;
  };

  /// Of so many channels from `first_channel` on, which is 0 for those visited.
  template <class Visit>
  void for_each_weight(int conv_index, int64_t first_channel, int64_t channels, const Visit& visit) const {
    const KernelConv& conv = conv_of(conv_index);
    const Value& filter = filter_of(conv_index);
    const std::vector<int64_t>& shape = filter.constant->shape;  // O, kh, kw, I
    const FilterWeights weights(*filter.constant, *filter.type.quant);
    const int64_t stride = digit_stride(spec_, conv, isa_);
    for (int64_t o = 0; o < shape[0]; ++o) {
      for (int64_t tap = 0; tap < shape[1] * shape[2]; ++tap) {
        const int64_t first = (o * shape[1] * shape[2] + tap) * shape[3] + first_channel;
        for (int64_t channel = 0; channel < channels; ++channel) {
          int64_t lane = o;
          for (const int32_t digit : balanced_digits(weights[first + channel], conv.digits)) {
            visit(Weight{lane, tap / shape[2], tap % shape[2], channel, digit});
            lane += stride;
          }
        }
      }
    }
  }

  /// What a conv multiplies with one of its inputs.
  Bytes filter(int conv_index, int sub) const {
    const KernelConv& conv = conv_of(conv_index);
    const int input = conv.inputs[static_cast<size_t>(sub)];
    const int64_t channels = channels_of(input);
    int64_t first_channel = 0;
    for (int i = 0; i < sub; ++i) first_channel += channels_of(conv.inputs[static_cast<size_t>(i)]);
    const FilterShape shape = filter_shape(spec_, schedule_, conv, input, isa_);
    std::vector<int16_t> packed(static_cast<size_t>(filter_size(shape)), 0);
    for_each_weight(conv_index, first_channel, channels, [&](const Weight& weight) {
      // A run has one tap, or all of a row side by side.
      const int64_t run = shape.runs == 1 ? 0 : weight.kx;
      const int64_t byte = (weight.kx - run) * storage_channels(channels) + weight.channel;
      const int64_t place = filter_place(shape, weight.lane, byte, run, weight.ky);
      packed[static_cast<size_t>(place)] = static_cast<int16_t>(weight.digit);
    });
    if (conv_layout(spec_, conv, schedule_, isa_).wide) return bytes_of(packed);
    return bytes_of(std::vector<int8_t>(packed.begin(), packed.end()));
  }

  /// What is added to the sums of a conv: its input's zero point times its filter.
  Bytes correction(int conv_index) const {
    const int64_t lanes = conv_lanes(spec_, conv_of(conv_index), isa_);
    std::vector<int64_t> sums(static_cast<size_t>(lanes), 0);
    const int64_t channels = filter_of(conv_index).constant->shape[3];
    for_each_weight(conv_index, 0, channels,
                    [&](const Weight& weight) { sums[static_cast<size_t>(weight.lane)] += weight.digit; });
    const int32_t zero_point = stored_zero_point(plan_.graph.type(conv_node(conv_index).inputs[0]), isa_);
    std::vector<int32_t> corrections;
    corrections.reserve(sums.size());
    for (int64_t sum : sums) {
      // A matrix product's accumulator holds a lane for two pixels.
      corrections.insert(corrections.end(), has_matrix_products(isa_) ? 2 : 1, static_cast<int32_t>(-zero_point * sum));
    }
    return bytes_of(corrections);
  }

  /// Multipliers or biases.
  Bytes requantize(const KernelArgument& argument) const {
    const KernelConv& conv = conv_of(argument.index);
    const Node& node = conv_node(argument.index);
    const Value& filter = filter_of(argument.index);
    const Value& bias = plan_.graph.value(node.inputs[conv.inputs.size() + 1]);
    const TensorType& in = plan_.graph.type(node.inputs[0]);
    const TensorType& out = plan_.graph.type(node.output);
    std::vector<double> values(static_cast<size_t>(spec_.out_channels), 0.0);
    for (int64_t o = 0; o < filter.constant->shape[0]; ++o) {
      const ConvRequantize requantize =
          conv_requantize(in.quant->scale_at(0), filter.type.quant->scale_at(o), out.quant->scale_at(0),
                          bias.constant->real[static_cast<size_t>(o)]);
      values[static_cast<size_t>(o)] = argument.kind == ArgumentKind::kBias ? requantize.bias : requantize.multiplier;
    }
    if (in_double(spec_, conv)) return bytes_of(values);
    return bytes_of(std::vector<float>(values.begin(), values.end()));
  }

  Bytes table(int step) const {
    const Node& node = plan_.graph.node(call_.step_nodes[static_cast<size_t>(step)]);
    const Tensor& table = *plan_.graph.value(node.inputs[1]).constant;
    const DType out = plan_.graph.type(node.output).dtype;
    Bytes bytes(256);
    for (int u = 0; u < 256; ++u) {
      bytes[static_cast<size_t>(u ^ storage_xor(isa_))] =
          static_cast<uint8_t>(stored(table.integers[static_cast<size_t>(u)], out) ^ storage_xor(isa_));
    }
    return bytes;
  }

  const Plan& plan_;
  const KernelCall& call_;
  const KernelSpec& spec_;
  const KernelSchedule& schedule_;
  const Isa isa_;
};

const char* c_type(const KernelSpec& spec, const KernelArgument& argument) {
  switch (argument.kind) {
    case ArgumentKind::kFilter:
      return "int8_t";
    case ArgumentKind::kCorrection:
      return "int32_t";
    case ArgumentKind::kTable:
      return "uint8_t";
    default:
      return in_double(spec, spec.convs[static_cast<size_t>(argument.index)]) ? "double" : "float";
  }
}

class ConstantLister {
 public:
  /// `schedules`: nullptr where no bytes are wanted.
  ConstantLister(const Plan& plan, const std::string& name, const std::vector<KernelSchedule>* schedules, Isa isa)
      : plan_(plan), name_(name), schedules_(schedules), isa_(isa) {}

  std::vector<Constant> run() {
    int call_index = 0;
    for (const Stage& stage : plan_.stages) {
      for (const KernelCall& call : stage.calls) add_call(call, call_index++);
    }
    for (size_t i = 0; i < plan_.statistics.size(); ++i) add_norm(static_cast<int>(i));
    add_image_tables();
    add_flat_row_tiles();
    return std::move(constants_);
  }

 private:
  /// `pack` is called where bytes are wanted.
  template <class Pack>
  void add(const std::string& symbol, const char* c_type, const Pack& pack) {
    constants_.push_back({symbol, c_type, schedules_ == nullptr ? Bytes{} : pack()});
  }

  void add_call(const KernelCall& call, int call_index) {
    for (const KernelArgument& argument : kernel_arguments(plan_.kernels[static_cast<size_t>(call.kernel)])) {
      if (!is_constant(argument)) continue;
      add_argument(call_symbol(name_, call_index, argument), call_index, call.kernel, argument);
      if (call.upsampled && argument.kind == ArgumentKind::kBias) {
        const KernelArgument filter{ArgumentKind::kFilter};
        add_argument(upsampled_symbol(name_, call_index, filter), call_index, call.upsampled->kernel, filter);
      }
    }
  }

  void add_argument(const std::string& symbol, int call_index, int kernel, const KernelArgument& argument) {
    const auto k = static_cast<size_t>(kernel);
    add(symbol, c_type(plan_.kernels[k], argument),
        [&] { return pack_argument(plan_, call_index, kernel, argument, (*schedules_)[k], isa_); });
  }

  void add_norm(int index) {
    const Node& node = plan_.graph.node(plan_.statistics[static_cast<size_t>(index)].node);
    for (const size_t operand : {1, 2}) {
      add(norm_symbol(name_, index, operand == 1 ? "gamma" : "beta"), "float", [&] {
        const std::vector<double>& values = plan_.graph.value(node.inputs[operand]).constant->real;
        std::vector<float> padded(values.begin(), values.end());
        padded.resize(static_cast<size_t>(storage_channels(static_cast<int64_t>(values.size()))), 0.0F);
        return bytes_of(padded);
      });
    }
  }

  void add_image_tables() {
    add(image_table_symbol(name_, "input_u8"), "uint8_t", [&] {
      Bytes input = input_codes(plan_);
      for (uint8_t& code : input) code ^= static_cast<uint8_t>(storage_xor(isa_));
      return input;
    });
    add(image_table_symbol(name_, "output_f32"), "float", [&] { return by_stored_byte(output_reals(plan_)); });
    add(image_table_symbol(name_, "output_u8"), "uint8_t", [&] { return by_stored_byte(output_bytes(plan_)); });
  }

  void add_flat_row_tiles() {
    add(flat_row_tiles_symbol(name_), "int32_t", [&] {
      std::vector<int32_t> tiles;
      tiles.reserve(schedules_->size());
      for (const KernelSchedule& schedule : *schedules_) tiles.push_back(static_cast<int32_t>(flat_row_tile(schedule)));
      return bytes_of(tiles);
    });
  }

  template <class T>
  Bytes by_stored_byte(const std::vector<T>& by_code) const {
    std::vector<T> table(by_code.size());
    for (size_t code = 0; code < table.size(); ++code) {
      table[code ^ static_cast<size_t>(storage_xor(isa_))] = by_code[code];
    }
    return bytes_of(table);
  }

  const Plan& plan_;
  const std::string& name_;
  const std::vector<KernelSchedule>* const schedules_;
  const Isa isa_;
  std::vector<Constant> constants_;
};

}  // namespace

std::vector<Constant> pack_constants(const Plan& plan, const std::vector<KernelSchedule>& schedules,
                                     const std::string& name, Isa isa) {
  return ConstantLister(plan, name, &schedules, isa).run();
}

std::vector<Constant> declare_constants(const Plan& plan, const std::string& name) {
  // Of any instruction set: only bytes depend on it.
  return ConstantLister(plan, name, nullptr, Isa::kX86Base).run();
}

std::vector<uint8_t> pack_argument(const Plan& plan, int call, int kernel, const KernelArgument& argument,
                                   const KernelSchedule& schedule, Isa isa) {
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(kernel)];
  return ArgumentPacker(plan, numbered_call(plan, call), spec, schedule, isa).pack(argument);
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
