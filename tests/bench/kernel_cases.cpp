#include "kernel_cases.h"

#include <algorithm>
#include <functional>
#include <map>

#include "emit/symbols.h"
#include "ops/op.h"
#include "plan/loads.h"
#include "qatc_driver_support.h"
#include "support/error.h"
#include "support/network_builder.h"

namespace qatc::testing {

namespace {

using ConvOptions = NetworkBuilder::ConvOptions;

double multiply_adds_per_pixel(const Plan& plan, const KernelCall& call) {
  double total = 0;
  for (NodeId id : call.conv_nodes) {
    const Node& node = plan.graph.node(id);
    const auto filter = static_cast<size_t>(std::get<Conv2d>(node.op).activations);  // the operand behind them
    total += static_cast<double>(plan.graph.value(node.inputs[filter]).constant->size());
  }
  return total;
}

/// Products of bytes that the kernel computes for a multiply-add of its first conv. An upsampled 3x3 conv sums 12 taps for
/// four pixels (lower/upsampled_conv.h).
double products_per_multiply_add(const KernelSpec& spec) {
  if (spec.convs.empty()) return 0;
  const KernelConv& conv = spec.convs.front();
  return conv.upsampled ? 12.0 / 36 : conv.digits;
}

/// The calls of all stages, as MeasuredCall::call counts them.
std::vector<const KernelCall*> all_calls(const Plan& plan) {
  std::vector<const KernelCall*> calls;
  for (const Stage& stage : plan.stages) {
    for (const KernelCall& call : stage.calls) calls.push_back(&call);
  }
  return calls;
}

/// What the kernel does, in a word or two, with its channels.
std::string describe(const Plan& plan, const KernelSpec& spec, const KernelCall* call) {
  std::string text;
  std::string channels;
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const int64_t exact = spec.image_channels > 0 ? spec.image_channels
                          : call != nullptr && i < call->inputs.size()
                              ? plan.tensors[static_cast<size_t>(call->inputs[i])].channels
                              : spec.inputs[i];
    channels += (i > 0 ? "+" : "") + std::to_string(exact);
  }
  if (spec.image_channels > 0) text = "pixels";
  std::map<std::string, int> parts;
  std::vector<std::string> order;
  const auto add = [&](const std::string& part) {
    if (parts[part]++ == 0) order.push_back(part);
  };
  for (const KernelConv& conv : spec.convs) {
    std::string part = "conv" + std::to_string(conv.kernel[0]) + "x" + std::to_string(conv.kernel[1]);
    if (conv.upsampled) part = "upsampled_" + part;
    if (conv.stride[1] != 1) part += "s" + std::to_string(conv.stride[1]);
    if (conv.dilation[1] != 1) part += "d" + std::to_string(conv.dilation[1]);
    if (conv.digits != 1) part += "_digits" + std::to_string(conv.digits);
    add(part);
  }
  for (const KernelStep& step : spec.steps) {
    switch (step.kind) {
      case KernelStep::Kind::kResizeLoad:
        add("resize");
        break;
      case KernelStep::Kind::kMaxPool:
        add("max_pool");
        break;
      case KernelStep::Kind::kLookup:
        add("lookup");
        break;
      case KernelStep::Kind::kAdd:
        add("add");
        break;
      case KernelStep::Kind::kMul:
        add("mul");
        break;
      case KernelStep::Kind::kAffine:
        add("norm");
        break;
      default:
        break;
    }
  }
  if (spec.summed >= 0) add("channel_sums");
  for (const std::string& part : order) {
    text += (text.empty() ? "" : ",") + (parts[part] > 1 ? std::to_string(parts[part]) + "_" : "") + part;
  }
  if (text.empty()) text = "copy";
  text += "/" + channels + "to" + std::to_string(spec.out_channels);
  if (spec.outputs.size() > 1) text += "_" + std::to_string(spec.outputs.size()) + "outputs";
  return text;
}

// ---- The family.

Plan plan_of(NetworkBuilder& network, Rounding rounding) { return make_plan(network.finish(), rounding); }

ConvOptions conv_options(int64_t size, int64_t stride = 1) {
  ConvOptions options;
  options.kernel = {size, size};
  options.stride = {stride, stride};
  options.pad = {size / 2, size / 2, size / 2, size / 2};
  return options;
}

const std::vector<int64_t> kChannelCounts{3, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256};

/// Inputs and outputs that networks of widths 8 to 128 have; the head and the first conv with 3.
std::vector<std::array<int64_t, 2>> conv_channels(bool all) {
  std::vector<std::array<int64_t, 2>> pairs;
  for (int64_t in : kChannelCounts) {
    for (int64_t out : kChannelCounts) {
      const bool usual = in == out || out == 2 * in || (in == 2 * out && in >= 64) || (in == 3 && out <= 32) ||
                         (out == 3 && in <= 64 && in >= 12);
      if (all || usual) pairs.push_back({in, out});
    }
  }
  return pairs;
}

class Family {
 public:
  Family(int64_t width, Rounding rounding) : width_(width), rounding_(rounding) {}

  /// The kernel of the network for which `rank` is largest, the first of equals.
  void add(const std::string& name, NetworkBuilder& network, const std::function<double(const KernelCase&)>& rank) {
    std::vector<KernelCase> cases = model_cases(plan_of(network, rounding_), width_ / 2, width_);
    const auto best = std::max_element(cases.begin(), cases.end(),
                                       [&](const KernelCase& a, const KernelCase& b) { return rank(a) < rank(b); });
    QATC_CHECK(best != cases.end() && rank(*best) > 0, "no kernel for " + name);
    best->name = name;
    cases_.push_back(*best);
  }

  static double by_multiply_adds(const KernelCase& kernel) { return kernel.multiply_adds; }
  static std::function<double(const KernelCase&)> by_step(KernelStep::Kind kind) {
    return [kind](const KernelCase& kernel) {
      return kernel.multiply_adds > 0
                 ? 0.0
                 : static_cast<double>(std::count_if(kernel.spec.steps.begin(), kernel.spec.steps.end(),
                                                     [&](const KernelStep& step) { return step.kind == kind; }));
    };
  }

  const std::vector<KernelCase>& cases() const { return cases_; }

 private:
  int64_t width_;
  Rounding rounding_;
  std::vector<KernelCase> cases_;
};

constexpr uint64_t kSeed = 1;

void add_conv(Family& family, int64_t size, int64_t stride, int64_t in, int64_t out,
              NetworkBuilder::Filter filter = NetworkBuilder::Filter::kPerChannel) {
  NetworkBuilder network(kSeed, in);
  ConvOptions options = conv_options(size, stride);
  options.filter = filter;
  network.keep(network.conv({network.image()}, out, options));
  std::string name = "conv" + std::to_string(size) + "x" + std::to_string(size);
  if (stride != 1) name += "s" + std::to_string(stride);
  if (filter == NetworkBuilder::Filter::kFixedPoint) name += "_float_filter";
  family.add(name + "/" + std::to_string(in) + "to" + std::to_string(out), network, Family::by_multiply_adds);
}

void add_concat(Family& family, int64_t size, int64_t each, int64_t out) {
  NetworkBuilder network(kSeed, each);
  const ValueId other = network.conv({network.image()}, each, conv_options(1));
  network.keep(network.conv({network.image(), other}, out, conv_options(size)));
  network.keep(other);
  family.add("concat,conv" + std::to_string(size) + "x" + std::to_string(size) + "/" + std::to_string(each) + "+" +
                 std::to_string(each) + "to" + std::to_string(out),
             network, Family::by_multiply_adds);
}

void add_upsampled(Family& family, int64_t in, int64_t out) {
  NetworkBuilder network(kSeed, in);
  network.keep(network.conv({network.resize_by(network.image(), 2, 1)}, out, conv_options(3)));
  family.add("resize_by_2,conv3x3/" + std::to_string(in) + "to" + std::to_string(out), network,
             Family::by_multiply_adds);
}

void add_gate(Family& family, int64_t stride, int64_t in, int64_t out) {
  NetworkBuilder network(kSeed, in);
  const ValueId a = network.keep(network.lookup(network.conv({network.image()}, out, conv_options(3, stride))));
  const ValueId b = network.keep(network.lookup(network.conv({network.image()}, out, conv_options(3, stride))));
  network.keep(network.mul(a, b));
  family.add("gate3x3" + (stride == 1 ? std::string() : "s" + std::to_string(stride)) + "/" + std::to_string(in) +
                 "to" + std::to_string(out) + "_3outputs",
             network, Family::by_multiply_adds);
}

void add_residual(Family& family, int64_t channels) {
  NetworkBuilder network(kSeed, channels);
  network.keep(network.add(network.conv({network.image()}, channels, conv_options(3)), network.image()));
  family.add("conv3x3,add/" + std::to_string(channels) + "to" + std::to_string(channels), network,
             Family::by_multiply_adds);
}

void add_elementwise(Family& family, int64_t channels) {
  const std::string suffix = "/" + std::to_string(channels);
  {
    NetworkBuilder network(kSeed, channels);
    network.keep(network.lookup(network.instance_norm(network.image())));
    family.add("norm,lookup" + suffix, network, Family::by_step(KernelStep::Kind::kAffine));
  }
  {
    NetworkBuilder network(kSeed, channels);
    network.keep(network.max_pool(network.image(), {2, 2}, {2, 2}, {0, 0, 0, 0}));
    family.add("max_pool2x2s2" + suffix, network, Family::by_step(KernelStep::Kind::kMaxPool));
  }
  {
    NetworkBuilder network(kSeed, channels);
    network.keep(network.max_pool(network.image(), {3, 3}, {2, 2}, {1, 1, 1, 1}));
    family.add("max_pool3x3s2" + suffix, network, Family::by_step(KernelStep::Kind::kMaxPool));
  }
  {
    // Kept and so brought to the image's size again: both ways are resizes, and the first of them counts.
    NetworkBuilder network(kSeed, channels);
    network.keep(network.resize_by(network.image(), 2, 1));
    family.add("resize_by_2" + suffix, network, Family::by_step(KernelStep::Kind::kResizeLoad));
  }
}

/// Of a conv's result, by the conv's own kernel, and of an image, which no kernel makes.
void add_channel_sums(Family& family, int64_t channels) {
  const std::string count = std::to_string(channels);
  {
    NetworkBuilder network(kSeed, channels);
    network.keep(network.instance_norm(network.conv({network.image()}, channels, conv_options(3))));
    family.add("conv3x3,channel_sums/" + count + "to" + count, network,
               [](const KernelCase& kernel) { return kernel.spec.summed >= 0 ? kernel.multiply_adds : 0.0; });
  }
  NetworkBuilder network(kSeed, channels);
  network.keep(network.instance_norm(network.image()));
  family.add("channel_sums/" + count, network,
             [](const KernelCase& kernel) { return is_channel_sums(kernel.spec) ? 1.0 : 0.0; });
}

/// The end of a network at the image's resolution, in its two kernels: features of half the sides are upsampled and go
/// through a conv, then through the head, whose float filters' result is added to the image and clamped.
void add_tail(Family& family, int64_t channels) {
  NetworkBuilder network(kSeed, 3);
  const ValueId half = network.conv({network.image()}, channels, conv_options(3, 2));
  const ValueId features = network.lookup(
      network.conv({network.resize(half, {Extent::height(), Extent::width()})}, channels, conv_options(3)));
  ConvOptions head = conv_options(3);
  head.filter = NetworkBuilder::Filter::kFixedPoint;
  network.keep(network.lookup(network.add(network.image(), network.conv({features}, 3, head))));
  const std::string suffix = "/" + std::to_string(channels);
  const auto is_upsampled = [](const KernelCase& kernel) {
    return !kernel.spec.convs.empty() && kernel.spec.convs[0].upsampled ? 1.0 : 0.0;
  };
  const auto is_head = [](const KernelCase& kernel) {
    return !kernel.spec.convs.empty() && kernel.spec.convs[0].digits > 1 ? 1.0 : 0.0;
  };
  NetworkBuilder again = network;  // a network is finished once
  family.add("tail:resize_by_2,conv3x3" + suffix + "to" + std::to_string(channels), again, is_upsampled);
  family.add("tail:conv3x3_float_filter,add,lookup" + suffix + "+3to3", network, is_head);
}

KernelCase image_case(const ImageKernel& kernel, int64_t height, int64_t width) {
  KernelCase image;
  image.image = kernel;
  image.name = image_kernel_symbol("image", kernel);
  image.width = width;
  image.rows = qatc_band_rows(static_cast<size_t>(width * storage_channels(kernel.channels)));
  image.pixels = static_cast<double>(width * height);
  return image;
}

/// How often a plan loads the caller's 8-bit image by a kernel that does nothing else.
int64_t image_loads(const Plan& plan) {
  int64_t loads = 0;
  for (const Stage& stage : plan.stages) {
    const auto is_image = [](const Window& window) { return window.writer == Window::kImage; };
    loads += stage.kind == Stage::Kind::kLoadImage ? 1 : 0;
    loads +=
        loading_call(plan, stage) != nullptr ? 0 : std::count_if(stage.windows.begin(), stage.windows.end(), is_image);
  }
  return loads;
}

/// Colour images in all layouts that there are kernels for.
std::vector<KernelCase> image_cases(int64_t width, Rounding rounding) {
  using Layout = ImageKernel::Layout;
  std::vector<KernelCase> cases;
  for (const bool stores : {false, true}) {
    for (const bool is_real : {false, true}) {
      for (const Layout layout : {Layout::kInterleaved, Layout::kPadded, Layout::kPlanar}) {
        cases.push_back(image_case({stores, is_real, layout, 3, rounding}, width / 2, width));
      }
    }
  }
  return cases;
}

}  // namespace

std::vector<KernelCase> model_cases(const Plan& plan, int64_t height, int64_t width) {
  const std::vector<const KernelCall*> calls = all_calls(plan);
  std::vector<KernelCase> cases;
  for (const MeasuredCall& measured : measured_calls(plan, height, width)) {
    if (!measured.runs) continue;
    const KernelCall* call = measured.call < 0 ? nullptr : calls[static_cast<size_t>(measured.call)];
    KernelCase kernel;
    kernel.spec = plan.kernels[static_cast<size_t>(measured.kernel)];
    kernel.name = std::to_string(measured.kernel) + "/" + describe(plan, kernel.spec, call);
    kernel.width = measured.width;
    kernel.rows = measured.rows;
    kernel.pitch = measured.pitch;
    kernel.channels = measured.channels;
    kernel.inputs = measured.inputs;
    kernel.multiply_adds = call == nullptr ? 0 : multiply_adds_per_pixel(plan, *call);
    kernel.products = kernel.multiply_adds * products_per_multiply_add(kernel.spec);
    kernel.pixels = measured.pixels;
    cases.push_back(kernel);
  }
  for (const ImageKernel& image : image_kernels(plan)) {
    if (image.is_real || image.layout != ImageKernel::Layout::kInterleaved) continue;
    cases.push_back(image_case(image, height, width));
    // Stages load it whose kernels do not, and one stores it.
    cases.back().pixels *= image.stores ? 1 : static_cast<double>(image_loads(plan));
  }
  return cases;
}

std::vector<KernelCase> family_cases(int64_t width, Rounding rounding, bool all_channels) {
  Family family(width, rounding);
  for (int64_t size : {3, 1}) {
    for (const auto& [in, out] : conv_channels(all_channels)) add_conv(family, size, 1, in, out);
  }
  const std::vector<int64_t> usual{12, 16, 24, 32, 64};
  const std::vector<int64_t> counts = all_channels ? kChannelCounts : usual;
  add_conv(family, 3, 2, 3, 32);
  for (int64_t channels : counts) {
    if (channels == 3) continue;
    add_conv(family, 3, 2, channels, 2 * channels);
    if (all_channels) add_conv(family, 1, 2, channels, 2 * channels);
    add_conv(family, 3, 1, channels, 3, NetworkBuilder::Filter::kFixedPoint);
    add_concat(family, 1, channels, channels);
    add_concat(family, 3, channels, channels);
    add_gate(family, 1, channels, channels);
    add_gate(family, 2, channels, 2 * channels);
    add_residual(family, channels);
    add_upsampled(family, channels, channels / 2);
    add_elementwise(family, channels);
    add_channel_sums(family, channels);
    add_tail(family, channels);
  }
  add_gate(family, 2, 3, 32);
  std::vector<KernelCase> cases = family.cases();
  for (const KernelCase& image : image_cases(width, rounding)) cases.push_back(image);
  return cases;
}

}  // namespace qatc::testing
