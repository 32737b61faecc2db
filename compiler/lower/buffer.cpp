#include "lower/buffer.h"

#include <algorithm>

#include "support/error.h"

namespace qatc {

namespace {

using Halide::ImageParam;
using Kind = KernelArgument::Kind;

/// The largest power of two that divides every address `stride` bytes apart, as far as it is useful to a vector load.
/// Tensors start at multiples of 64.
int host_alignment(int64_t stride) {
  int alignment = 1;
  while (alignment < 64 && stride % (alignment * 2) == 0) alignment *= 2;
  return alignment;
}

// What autoschedulers take for the size of a call: some rows of an image, so wide that they keep tiles on the stack and
// no rows (schedules/templates/autoscheduler.cpp).
constexpr int kTypicalWidth = 2048;
constexpr int kTypicalRows = 16;

void bound_dense(ImageParam& image, const std::vector<int64_t>& extents) {
  int64_t stride = 1;
  for (size_t i = 0; i < extents.size(); ++i) {
    const auto extent = static_cast<int>(extents[i]);
    image.dim(static_cast<int>(i)).set_bounds(0, extent).set_stride(static_cast<int>(stride)).set_estimate(0, extent);
    stride *= extents[i];
  }
  image.set_host_alignment(64);
}

/// Rows are whole pixels apart, which tells Halide how aligned every row is.
Halide::Expr whole_pixels(const Halide::Expr& bytes, int64_t pixel_stride) {
  const auto stride = static_cast<int>(pixel_stride);
  return bytes / stride * stride;
}

Halide::Type halide_type(ScalarType type) {
  switch (type) {
    case ScalarType::kAddress:
      return Halide::UInt(64);
    case ScalarType::kInt32:
      return Halide::Int(32);
    case ScalarType::kFloat:
      return Halide::Float(32);
    case ScalarType::kDouble:
      return Halide::Float(64);
  }
  QATC_CHECK(false, "unknown type of a scalar");
}

ImageParam declare_image(const KernelSpec& spec, const KernelSchedule& schedule, const KernelArgument& argument,
                         Isa isa) {
  const std::string name = argument_name(argument);
  const auto index = static_cast<size_t>(argument.index);
  const Halide::Type real = spec.rounding == Rounding::kExact ? Halide::Float(64) : Halide::Float(32);
  switch (argument.kind) {
    case Kind::kInput: {
      const int64_t channels = spec.inputs[index];
      ImageParam image(storage_type(isa), 2, name);
      // Not a minimum of 0, though the driver passes it: taps in the border read below it, which Halide may take as
      // proof that the kernel fails.
      image.dim(0).set_min(whole_pixels(image.dim(0).min(), channels)).set_stride(1);
      image.dim(1).set_min(0).set_stride(whole_pixels(image.dim(1).stride(), channels));
      image.set_estimates({{0, kTypicalWidth * static_cast<int>(channels)}, {0, kTypicalRows}});
      image.set_host_alignment(host_alignment(channels));
      return image;
    }
    case Kind::kPixels: {
      ImageParam image(Halide::UInt(8), 2, name);
      image.dim(0).set_min(0).set_stride(1);
      image.set_estimates({{0, kTypicalWidth * static_cast<int>(spec.image_channels)}, {0, kTypicalRows}});
      return image;
    }
    case Kind::kXMap:
    case Kind::kYMap: {
      ImageParam image(Halide::Int(32), 1, name);
      image.dim(0).set_min(0).set_stride(1).set_estimate(0,
                                                         argument.kind == Kind::kXMap ? kTypicalWidth : kTypicalRows);
      return image;
    }
    case Kind::kFilter: {
      const KernelConv& conv = spec.convs[index];
      const ConvLayout layout = conv_layout(spec, conv, schedule, isa);
      const FilterShape shape = filter_shape(spec, schedule, conv, conv.inputs[static_cast<size_t>(argument.sub)], isa);
      if (layout.matrix) {
        // One element is what one lane reads of a run for one product.
        ImageParam image(Halide::UInt(64), 6, name);
        bound_dense(image, {2, shape.block / 2, shape.reductions, shape.runs, shape.rows, shape.blocks});
        return image;
      }
      ImageParam image(layout.wide ? Halide::Int(16) : Halide::Int(8), 7, name);
      // The block in two dimensions: Halide sees that a vector of it is contiguous.
      bound_dense(image, {shape.reduction, layout.vector, shape.block / layout.vector, shape.reductions, shape.runs,
                          shape.rows, shape.blocks});
      return image;
    }
    case Kind::kCorrection: {
      const int64_t lanes = conv_lanes(spec, spec.convs[index], isa);
      ImageParam image(has_matrix_products(isa) ? Halide::UInt(64) : Halide::Int(32), 1, name);
      bound_dense(image, {lanes});
      return image;
    }
    case Kind::kMultiplier:
    case Kind::kBias: {
      ImageParam image(in_double(spec, spec.convs[index]) ? Halide::Float(64) : Halide::Float(32), 1, name);
      bound_dense(image, {spec.out_channels});
      return image;
    }
    case Kind::kAffineA:
    case Kind::kAffineB: {
      ImageParam image(real, 1, name);
      bound_dense(image, {spec.out_channels});
      // Not constants: the driver computes them, one array of channels after the other.
      image.set_host_alignment(host_alignment(spec.out_channels * real.bytes()));
      return image;
    }
    default:
      QATC_CHECK(false, "not a buffer argument: " + name);
  }
}

}  // namespace

int64_t terms_of(const KernelConv& conv, const ConvLayout& layout) { return conv.extreme_pairs ? 1 : layout.terms; }

KernelInput::KernelInput(const ImageParam& passed) : rows_(passed) {}
KernelInput::KernelInput(const Halide::Func& loaded) : rows_(loaded) {}

Halide::Expr KernelInput::operator()(const Halide::Expr& byte, const Halide::Expr& row) const {
  return std::visit([&](const auto& rows) -> Halide::Expr { return rows(byte, row); }, rows_);
}

Halide::Expr KernelInput::address(const Halide::Expr& byte, const Halide::Expr& row) const {
  using namespace Halide::Internal;  // NOLINT(google-build-using-namespace)
  const auto* passed = std::get_if<ImageParam>(&rows_);
  const auto buffer_of = [](const auto& param) {
    return Variable::make(Halide::type_of<struct halide_buffer_t*>(), param.name() + ".buffer", param.parameter());
  };
  const auto wide = [](const Halide::Expr& value) { return Halide::cast<int64_t>(value); };
  const auto in = [&](const auto& param, const Halide::Expr& first_row) {
    const Halide::Expr host =
        Call::make(Halide::type_of<void*>(), Call::buffer_get_host, {buffer_of(param)}, Call::PureExtern);
    return Halide::reinterpret<uint64_t>(host) +
           Halide::cast<uint64_t>(wide(row - first_row) * wide(param.dim(1).stride())) +
           Halide::cast<uint64_t>(wide(byte));
  };
  if (passed != nullptr) return in(*passed, 0);
  const Halide::OutputImageParam loaded = std::get<Halide::Func>(rows_).output_buffer();
  return in(loaded, loaded.dim(1).min());
}

Halide::Expr KernelInput::width(int64_t channels) const {
  return std::get<ImageParam>(rows_).dim(0).extent() / static_cast<int>(channels);
}

Halide::Expr KernelInput::height() const { return std::get<ImageParam>(rows_).dim(1).extent(); }

Halide::Expr filter_at(const ImageParam& filter, const ConvLayout& layout, int64_t block, const Halide::Expr& lane,
                       const Halide::Expr& byte, const Halide::Expr& run, const Halide::Expr& ky) {
  const auto red = static_cast<int>(layout.reduction);
  const auto v = static_cast<int>(layout.vector);
  const auto lanes = static_cast<int>(block);
  return filter(byte % red, lane % v, (lane / v) % (lanes / v), byte / red, run, ky, lane / lanes);
}

Halide::Expr sum_of_terms(
    const Halide::Expr& r, int64_t terms, const ConvLayout& layout,
    const std::function<Halide::Expr(const Halide::Expr& byte, const Halide::Type& type)>& product) {
  if (terms == 1) return product(r, Halide::Int(32));
  const auto red = static_cast<int>(layout.reduction);
  const auto count = static_cast<int>(terms);
  const Halide::Expr first = r / red * (red * count) + r % red;
  Halide::Expr sum = product(first, Halide::Int(16));
  for (int term = 1; term < count; ++term) sum += product(first + term * red, Halide::Int(16));
  return Halide::cast<int32_t>(sum);
}

Halide::Type storage_type(Isa isa) { return is_arm(isa) ? Halide::Int(8) : Halide::UInt(8); }

KernelParams::KernelParams(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  for (const KernelArgument& argument : kernel_arguments(spec)) {
    if (is_result(argument)) continue;
    const std::string name = argument_name(argument);
    if (qatc::is_buffer(argument)) {
      entries_.push_back({name, declare_image(spec, schedule, argument, isa), {}, true});
    } else {
      Parameter scalar(halide_type(scalar_type(spec, argument)), false, 0, name);
      scalar.set_estimate(Halide::Internal::make_zero(scalar.type()));
      entries_.push_back({name, {}, scalar, false});
    }
  }
}

const KernelParams::Entry& KernelParams::find(const KernelArgument& argument) const {
  const std::string name = argument_name(argument);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  QATC_CHECK(found != entries_.end(), "no kernel argument " + name);
  return *found;
}

KernelInput KernelParams::input(int index) const {
  return loaded_.defined() ? KernelInput(loaded_) : KernelInput(image({Kind::kInput, index}));
}

ImageParam KernelParams::image(const KernelArgument& argument) const { return find(argument).image; }

Halide::Expr KernelParams::scalar(const KernelArgument& argument) const {
  const Entry& entry = find(argument);
  return Halide::Internal::Variable::make(entry.scalar.type(), entry.name, entry.scalar);
}

std::vector<Halide::Argument> KernelParams::arguments() const {
  std::vector<Halide::Argument> result;
  for (const Entry& entry : entries_) {
    if (entry.is_buffer) {
      result.emplace_back(entry.image);
    } else {
      result.emplace_back(entry.name, Halide::Argument::InputScalar, entry.scalar.type(), 0,
                          Halide::ArgumentEstimates{});
    }
  }
  return result;
}

void bound_outputs(Halide::Func& out, int64_t channels, int64_t pixel_stride) {
  bool first = true;
  for (Halide::OutputImageParam& buffer : out.output_buffers()) {
    // Halide takes the bounds of all outputs from the first.
    if (first) {
      buffer.dim(0).set_bounds(0, static_cast<int>(channels));
      buffer.dim(1).set_min(0);
    }
    buffer.dim(0).set_stride(1);
    buffer.dim(1).set_stride(static_cast<int>(pixel_stride));
    buffer.dim(2).set_stride(whole_pixels(buffer.dim(2).stride(), pixel_stride));
    // A slice begins at any channel of the wider tensor.
    buffer.set_host_alignment(channels == pixel_stride ? host_alignment(pixel_stride) : 1);
    first = false;
  }
  out.set_estimates({{0, static_cast<int>(channels)}, {0, kTypicalWidth}, {0, kTypicalRows}});
}

void bound_pairs(Halide::Func& out, int64_t channels) {
  const auto pixel = static_cast<int>(channels);
  Halide::OutputImageParam buffer = out.output_buffer();
  buffer.dim(0).set_bounds(0, pixel).set_stride(1);
  buffer.dim(1).set_bounds(0, 2).set_stride(pixel);
  buffer.dim(2).set_min(0).set_stride(2 * pixel);
  const Halide::Expr row_bytes = whole_pixels(buffer.dim(3).stride(), channels);
  buffer.dim(3).set_stride(row_bytes);
  buffer.dim(4).set_stride(2 * row_bytes);
  buffer.set_host_alignment(host_alignment(channels));
  out.set_estimates({{0, pixel}, {0, 2}, {0, kTypicalWidth / 2}, {0, 2}, {0, kTypicalRows / 2}});
}

void bound_rows(Halide::Func& rows, int64_t channels) {
  Halide::OutputImageParam buffer = rows.output_buffer();
  buffer.dim(0).set_min(0).set_extent(whole_pixels(buffer.dim(0).extent(), channels)).set_stride(1);
  buffer.dim(1).set_stride(whole_pixels(buffer.dim(1).stride(), channels));
  buffer.set_host_alignment(host_alignment(channels));
  rows.set_estimates({{0, kTypicalWidth * static_cast<int>(channels)}, {0, kTypicalRows}});
}

void bound_sums(Halide::Func& sums, int64_t channels) {
  std::vector<Halide::OutputImageParam> buffers = sums.output_buffers();
  buffers.front().dim(0).set_bounds(0, static_cast<int>(channels));
  for (Halide::OutputImageParam& buffer : buffers) {
    buffer.dim(0).set_stride(1);
    buffer.dim(1).set_stride(static_cast<int>(channels));
  }
  sums.set_estimates({{0, static_cast<int>(channels)}, {0, kTypicalRows}});
}

}  // namespace qatc
