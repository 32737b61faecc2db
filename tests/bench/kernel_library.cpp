#include "kernel_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <random>

#include "emit/c_text.h"
#include "emit/choose_schedules.h"
#include "emit/object.h"
#include "emit/symbols.h"
#include "qatc_driver_support.h"
#include "schedules/tile_shape.h"
#include "support/error.h"
#include "support/files.h"
#include "support/jobs.h"
#include "support/process.h"

namespace qatc::testing {

namespace {

using Kind = KernelArgument::Kind;

/// A kernel behind one signature: arguments[i] is the buffer, or the address of the number.
using KernelCaller = int (*)(void* const* arguments);

std::string kernel_name(size_t index) { return "bench_kernel" + std::to_string(index); }
std::string caller_name(size_t index) { return "bench_call" + std::to_string(index); }

/// `int bench_callN(void* const* a)`, which calls bench_kernelN.
std::string caller_source(const KernelSpec& spec, size_t index) {
  std::string types;
  std::string values;
  size_t i = 0;
  for (const KernelArgument& argument : kernel_arguments(spec)) {
    const std::string comma = i == 0 ? "" : ", ";
    const std::string address = "a[" + std::to_string(i++) + "]";
    const std::string type = is_buffer(argument) ? "void*" : c_scalar_type(spec, argument);
    types += comma;
    types += type;
    values += comma;
    values += is_buffer(argument) ? address : "*(const " + type + "*)" + address;
  }
  return "int " + kernel_name(index) + "(" + types + ");\nint " + caller_name(index) + "(void* const* a) { return " +
         kernel_name(index) + "(" + values + "); }\n";
}

class Kernel : public BoundKernel {
 public:
  Kernel(const KernelCase& kernel, KernelCaller caller, const KernelSchedule& schedule)
      : caller_(caller),
        kernel_(kernel),
        tile_(static_cast<int32_t>(flat_row_tile(schedule))),
        row_pixels_(static_cast<int32_t>(kernel.width)) {
    const KernelSpec& spec = kernel.spec;
    for (const KernelArgument& argument : kernel_arguments(spec)) {
      if (argument.kind == Kind::kRowPixels) {
        add_argument(&row_pixels_);
      } else if (argument.kind == Kind::kRowPitch) {
        arguments_.push_back(&row_pitch_);
        apart_.push_back(&apart_pitch_);
      } else if (argument.kind == Kind::kInput) {
        bind_input(argument);
      } else if (argument.kind == Kind::kPixels) {
        bind_pixels();
      } else if (argument.kind == Kind::kCodes) {
        bind_codes();
      } else if (argument.kind == Kind::kOutput) {
        bind_output();
      } else if (argument.kind == Kind::kSums || argument.kind == Kind::kSquares) {
        bind_sums();
      } else if (is_buffer(argument)) {
        qatc_bind_constant(new_buffer(), constant(argument));
      } else {
        add_argument(scalar(argument));
      }
    }
    QATC_CHECK(caller_(arguments_.data()) == 0, "kernel " + kernel.name + " refused its arguments");
    if (!is_flat_) return;
    const std::vector<uint8_t> flat = results();
    QATC_CHECK(caller_(apart_.data()) == 0, "kernel " + kernel.name + " refused its arguments row by row");
    QATC_CHECK(results() == flat, "kernel " + kernel.name + " gives other bytes row by row");
  }

  void run() const override { caller_(arguments_.data()); }
  bool is_flat() const override { return is_flat_; }
  void run_rows_apart() const override { caller_(apart_.data()); }
  double bytes() const override { return bytes_; }

 private:
  /// 64-byte aligned, random, with room to read a vector past the end; lives as long as this.
  uint8_t* memory(size_t bytes) {
    memory_.emplace_back(bytes + 5 * QATC_ALIGNMENT);
    uint8_t* aligned = qatc_align_pointer(memory_.back().data());
    // From there on, so that a kernel meets the same values wherever the memory lies.
    std::generate_n(aligned, bytes + 4 * QATC_ALIGNMENT, [&] { return static_cast<uint8_t>(random_()); });
    return aligned;
  }

  void add_argument(void* argument) {
    arguments_.push_back(argument);
    apart_.push_back(argument);
  }

  qatc_buffer* new_buffer() {
    buffers_.push_back(std::make_unique<qatc_buffer>());
    add_argument(buffers_.back().get());
    return buffers_.back().get();
  }

  /// The values of all outputs and their sums, without what lies between rows and what pads pixels, which may be anything.
  std::vector<uint8_t> results() const {
    std::vector<uint8_t> values;
    for (const qatc_tensor& output : outputs_) {
      for (int64_t y = 0; y < output.height; ++y) {
        for (int64_t x = 0; x < output.width; ++x) {
          const uint8_t* pixel = output.origin + y * output.row_stride + x * output.pixel_bytes;
          values.insert(values.end(), pixel, pixel + kernel_.channels);
        }
      }
    }
    for (const int32_t* sums : sums_) {
      for (int64_t y = 0; y < kernel_.rows; ++y) {
        const auto* row = reinterpret_cast<const uint8_t*>(sums + y * kernel_.spec.out_channels);
        values.insert(values.end(), row, row + kernel_.channels * static_cast<int64_t>(sizeof(int32_t)));
      }
    }
    return values;
  }

  /// Has run() compute the output bound last as a library does, but for borders, which are not filled again.
  void flatten() {
    buffers_.push_back(std::make_unique<qatc_buffer>(*buffers_.back()));
    buffers_.back()->dim = buffers_.back()->dims;
    is_flat_ = qatc_flatten_rows(buffers_.back().get(), tile_) != 0;
    arguments_.back() = buffers_.back().get();
    if (is_flat_) row_pitch_ = static_cast<int32_t>(kernel_.pitch);
  }

  qatc_tensor place(int64_t height, int64_t width, int64_t channels, const std::array<int64_t, 4>& border) {
    qatc_tensor tensor{};
    tensor.height = static_cast<int32_t>(height);
    tensor.width = static_cast<int32_t>(width);
    tensor.pixel_bytes = static_cast<int32_t>(channels);
    std::transform(border.begin(), border.end(), tensor.border,
                   [](int64_t side) { return static_cast<int32_t>(side); });
    if (kernel_.pitch > 0) tensor.border[3] = static_cast<int32_t>(kernel_.pitch - width - border[1]);
    qatc_place_tensor(&tensor, memory(qatc_tensor_bytes(&tensor)));
    return tensor;
  }

  void bind_input(const KernelArgument& argument) {
    const auto index = static_cast<size_t>(argument.index);
    const auto& [height, width, border] = kernel_.inputs[index];
    const int64_t channels = kernel_.spec.inputs[index];
    const qatc_tensor tensor = place(height, width, channels, border);
    qatc_bind_input(new_buffer(), &tensor);
    bytes_ += static_cast<double>(height * width * channels);
  }

  /// The caller's image: interleaved bytes.
  void bind_pixels() {
    const auto& [height, width, border] = kernel_.inputs.front();
    const int64_t row_bytes = width * kernel_.spec.image_channels;
    qatc_image image{};
    image.data = memory(static_cast<size_t>(height * row_bytes));
    image.height = static_cast<int32_t>(height);
    image.width = static_cast<int32_t>(width);
    image.channels = static_cast<int32_t>(kernel_.spec.image_channels);
    image.row_stride = row_bytes;
    image.pixel_stride = image.channels;
    image.channel_stride = 1;
    qatc_bind_pixels(new_buffer(), &image, {0, image.height});
    bytes_ += static_cast<double>(height * row_bytes);
  }

  /// The window that they are loaded into, all rows anew.
  void bind_codes() {
    const auto& [height, width, border] = kernel_.inputs.front();
    const qatc_tensor tensor = place(height, width, kernel_.spec.inputs.front(), border);
    qatc_bind_codes(new_buffer(), &tensor, {0, tensor.height});
  }

  void bind_output() {
    const KernelSpec& spec = kernel_.spec;
    const bool is_upsampled = !spec.convs.empty() && spec.convs.front().upsampled;
    const qatc_tensor tensor = place(kernel_.rows, kernel_.width, spec.out_pixel_stride, {});
    if (is_upsampled) {
      const qatc_pairs pairs{{0, tensor.height}, 0, 0, 1};
      qatc_bind_pairs(new_buffer(), &tensor, &pairs);
    } else {
      qatc_bind_output(new_buffer(), &tensor, 0, 0, tensor.height);
      outputs_.push_back(tensor);
      if (kernel_.pitch > 0) flatten();
    }
    bytes_ += static_cast<double>(kernel_.rows * kernel_.width * spec.out_channels);
  }

  void bind_sums() {
    const int64_t count = kernel_.rows * kernel_.spec.out_channels;
    auto* sums = reinterpret_cast<int32_t*>(memory(static_cast<size_t>(count) * sizeof(int32_t)));
    qatc_bind_sums(new_buffer(), sums, static_cast<int32_t>(kernel_.spec.out_channels), 0,
                   static_cast<int32_t>(kernel_.rows));
    sums_.push_back(sums);
  }

  const void* constant(const KernelArgument& argument) {
    const KernelSpec& spec = kernel_.spec;
    const auto index = static_cast<size_t>(argument.index);
    switch (argument.kind) {
      case Kind::kXMap:
      case Kind::kYMap: {
        const bool is_x = argument.kind == Kind::kXMap;
        const auto out = static_cast<int32_t>(is_x ? kernel_.width : kernel_.rows);
        const MeasuredCall::Input& input = kernel_.inputs[static_cast<size_t>(spec.steps[index].input)];
        const auto in = static_cast<int32_t>(is_x ? input.width : input.height);
        auto* map = reinterpret_cast<int32_t*>(memory(static_cast<size_t>(out) * sizeof(int32_t)));
        qatc_resize_map(map, out, in, out, in);
        return map;
      }
      case Kind::kFilter: {
        const KernelConv& conv = spec.convs[index];
        const int64_t channels = spec.inputs[static_cast<size_t>(conv.inputs[static_cast<size_t>(argument.sub)])];
        // Twice, for instruction sets that store it as int16, and to the next full tile of channels and of a reduction.
        return memory(static_cast<size_t>((spec.out_channels * conv.digits + 64) * conv.kernel[0] * conv.kernel[1] *
                                          (channels + 16) * 2));
      }
      case Kind::kCorrection:
        return memory(static_cast<size_t>(spec.out_channels * spec.convs[index].digits + 64) * sizeof(int32_t));
      default:
        // Multipliers and biases, float or double: ones, so that no slow number arises.
        return ones(argument.kind == Kind::kAffineA || argument.kind == Kind::kAffineB
                        ? spec.rounding == Rounding::kExact
                        : in_double(spec, spec.convs[index]));
    }
  }

  const void* ones(bool as_double) {
    const auto count = static_cast<size_t>(kernel_.spec.out_channels + 64);
    uint8_t* bytes = memory(count * sizeof(double));
    if (as_double) {
      std::fill_n(reinterpret_cast<double*>(bytes), count, 1.0);
    } else {
      std::fill_n(reinterpret_cast<float*>(bytes), count, 1.0F);
    }
    return bytes;
  }

  void* scalar(const KernelArgument& argument) {
    uint8_t* bytes = memory(sizeof(double));
    switch (scalar_type(kernel_.spec, argument)) {
      case ScalarType::kAddress:
        *reinterpret_cast<uint64_t*>(bytes) = reinterpret_cast<uintptr_t>(memory(256));
        break;
      case ScalarType::kInt32:
        *reinterpret_cast<int32_t*>(bytes) = 0;
        break;
      case ScalarType::kFloat:
        *reinterpret_cast<float*>(bytes) = 1.0F;
        break;
      case ScalarType::kDouble:
        *reinterpret_cast<double*>(bytes) = 1.0;
        break;
    }
    return bytes;
  }

  KernelCaller caller_;
  KernelCase kernel_;
  int32_t tile_;
  bool is_flat_ = false;
  int32_t row_pixels_ = 0, row_pitch_ = 0, apart_pitch_ = 0;
  std::mt19937 random_{1};
  std::vector<std::vector<uint8_t>> memory_;
  std::vector<std::unique_ptr<qatc_buffer>> buffers_;
  std::vector<qatc_tensor> outputs_;
  std::vector<const int32_t*> sums_;
  std::vector<void*> arguments_, apart_;  // apart_: row by row
  double bytes_ = 0;
};

/// A kernel for images, row by row as the runtime calls it.
class ImageRows : public BoundKernel {
 public:
  ImageRows(const KernelCase& kernel, void* function) : image_(*kernel.image), function_(function), rows_(kernel.rows) {
    const int64_t stored = storage_channels(image_.channels);
    const bool is_planar = image_.layout == ImageKernel::Layout::kPlanar;
    const int64_t values = image_.channels + (image_.layout == ImageKernel::Layout::kPadded ? 1 : 0);
    const int64_t size = image_.is_real ? sizeof(float) : 1;
    pixels_.resize(static_cast<size_t>(kernel.rows * kernel.width * values * size) + sizeof(float));
    std::mt19937 random(1);
    for (size_t i = 0; image_.is_real && i < pixels_.size() / sizeof(float); ++i) {
      reinterpret_cast<float*>(pixels_.data())[i] = static_cast<float>(random() % 1000) / 1000.0F;
    }
    tensor_.resize(static_cast<size_t>(kernel.rows * kernel.width * stored));
    for (uint8_t& byte : tensor_) byte = static_cast<uint8_t>(random());
    bind(image_row_, is_planar ? kernel.rows * kernel.width : 1, is_planar ? 1 : values, image_.channels, kernel.width);
    bind(tensor_row_, 1, stored, stored, kernel.width);
    image_stride_ = kernel.width * size * (is_planar ? 1 : values);
    tensor_stride_ = kernel.width * stored;
    bytes_ = static_cast<double>(kernel.rows * kernel.width * (image_.channels * size + stored));
  }

  void run() const override {
    qatc_buffer image = image_row_;
    qatc_buffer tensor = tensor_row_;
    image.dim = image.dims;
    tensor.dim = tensor.dims;
    const auto table = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(table_.data()));
    for (int64_t y = 0; y < rows_; ++y) {
      image.host = pixels_.data() + y * image_stride_;
      tensor.host = tensor_.data() + y * tensor_stride_;
      if (image_.stores) {
        reinterpret_cast<qatc_store_kernel*>(function_)(&tensor, 0, table, 0, 1.0F / 255, 0, 1, &image);
      } else {
        reinterpret_cast<qatc_load_kernel*>(function_)(&image, 0, table, 1.0F / 255, 0, &tensor);
      }
    }
  }
  double bytes() const override { return bytes_; }

 private:
  static void bind(qatc_buffer& buffer, int64_t channel_stride, int64_t pixel_stride, int64_t channels,
                   int64_t pixels) {
    buffer.dimensions = 2;
    buffer.dims[0] = {0, static_cast<int32_t>(channels), static_cast<int32_t>(channel_stride), 0};
    buffer.dims[1] = {0, static_cast<int32_t>(pixels), static_cast<int32_t>(pixel_stride), 0};
  }

  ImageKernel image_;
  void* function_;
  int64_t rows_;
  mutable std::vector<uint8_t> pixels_, tensor_;
  alignas(QATC_ALIGNMENT) std::array<uint8_t, 256> table_{};
  qatc_buffer image_row_{}, tensor_row_{};
  int64_t image_stride_ = 0, tensor_stride_ = 0;
  double bytes_ = 0;
};

/// What is linked into a library here and called must be this machine's code.
void require_this_machine(const Target& target) {
  const Halide::Target host = parse_target("host").halide;
  const uint32_t needed = required_features(target.isa);
  if (target.halide.arch == host.arch && target.halide.os == host.os && (qatc_cpu_features() & needed) == needed)
    return;
  throw UserError("kernels for target '" + target.name + "' cannot be timed on this machine: it does not run them");
}

/// Of a case, by its place: a model's image and another's may have the same layout and other channels.
std::string image_kernel_name(const std::vector<KernelCase>& cases, const KernelCase& kernel) {
  return image_kernel_symbol("bench" + std::to_string(&kernel - cases.data()), *kernel.image);
}

}  // namespace

std::vector<std::unique_ptr<BoundKernel>> load_kernels(const std::vector<KernelCase>& cases, const Target& target) {
  require_this_machine(target);
  const TemporaryDirectory folder;
  std::map<std::string, size_t> numbers;  // by signature
  std::vector<KernelSpec> specs;
  for (const KernelCase& kernel : cases) {
    if (!kernel.image && numbers.emplace(signature(kernel.spec), specs.size()).second) specs.push_back(kernel.spec);
  }
  const std::vector<ScheduleChoice> choices = choose_schedules(specs, target, {});
  std::string source = "#include <stdint.h>\n";
  std::vector<std::function<void()>> jobs;
  std::vector<std::string> link{QATC_CLANG, "-O2", "-shared", "-fPIC", folder.path() + "/calls.c"};
  for (size_t k = 0; k < specs.size(); ++k) {
    const std::string object = folder.path() + "/" + kernel_name(k) + ".o";
    jobs.emplace_back(
        [&, object, k] { compile_kernel(specs[k], choices[k].schedule, target, kernel_name(k), object); });
    link.push_back(object);
    source += caller_source(specs[k], k);
  }
  for (const KernelCase& kernel : cases) {
    if (!kernel.image) continue;
    const std::string object = folder.path() + "/" + image_kernel_name(cases, kernel) + ".o";
    jobs.emplace_back(
        [&, object] { compile_image_kernel(*kernel.image, target, image_kernel_name(cases, kernel), object); });
    link.push_back(object);
  }
  run_jobs(jobs, 0, [](int) {});
  write_file_atomically(folder.path() + "/calls.c", source);
  const std::string library = folder.path() + "/kernels.so";
  link.insert(link.end(), {"-o", library});
  const ProcessResult linked = run_process(link);
  if (linked.status != 0) throw UserError("kernels for " + target.name + " cannot be linked here: " + linked.err);
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw UserError(std::string("kernels cannot be loaded: ") + dlerror());
  std::vector<std::unique_ptr<BoundKernel>> kernels;
  for (const KernelCase& kernel : cases) {
    const std::string symbol =
        kernel.image ? image_kernel_name(cases, kernel) : caller_name(numbers.at(signature(kernel.spec)));
    void* function = dlsym(handle, symbol.c_str());
    QATC_CHECK(function != nullptr, "no " + symbol);
    if (kernel.image) {
      kernels.push_back(std::make_unique<ImageRows>(kernel, function));
    } else {
      const KernelSchedule& schedule = choices[numbers.at(signature(kernel.spec))].schedule;
      kernels.push_back(std::make_unique<Kernel>(kernel, reinterpret_cast<KernelCaller>(function), schedule));
    }
  }
  return kernels;
}

}  // namespace qatc::testing
