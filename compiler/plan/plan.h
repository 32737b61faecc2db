#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ops/op.h"
#include "plan/kernel.h"

namespace qatc {

// The plan says what runs when and where its data lies, for every image size at once. It depends on no instruction set;
// its kernels record facts about filters that some instruction sets use.
//
//   kernels   distinct functions to emit
//   stages    run one after another; each may be split over threads by rows. The calls of a stage slide over the rows
//             together: what one hands to others lies in a window, of which only the rows in use exist.
//   tensors   8-bit NHWC, stored in the arena or held in windows of the stages that read them
//   blocks    pieces of the arena: tensors, windows, statistics; blocks that live at the same time never overlap

struct PlanTensor {
  ValueId value;
  std::string name;
  DType dtype = DType::kU8;
  int64_t channels = 0;  // of the graph's value; storage_channels(channels) bytes a pixel
  Extent height, width;
  std::array<int64_t, 4> border{};  // top, left, bottom, right: what its readers pad
  int32_t zero_point = 0;           // of the graph's value; fills the border
  int64_t gap = 0;                  // pixels between rows, behind their borders, see plan/flat_rows.h
  int block = -1;                   // where it is stored; -1: it exists in windows only
};

/// How a conv of an upsampled image is computed from the image before (plan/upsampled_conv.h), at sizes where `resize`
/// doubles both sides.
struct UpsampledConv {
  int kernel = 0;
  int image = -1;  // tensor
  NodeId resize{};
};

inline constexpr NodeId kNoNode{-1};

/// One call of a kernel. Nodes give the numbers that the kernel takes as arguments.
struct KernelCall {
  int kernel = 0;
  std::vector<int> inputs, outputs;  // tensors
  std::vector<NodeId> conv_nodes;    // one per conv of the spec
  std::vector<NodeId> step_nodes;    // one per step: the node whose rounding or table it is; kNoNode for loads
  std::vector<Origin> origins;
  int64_t slice_offset = 0;  // first channel written when the output is a slice of a wider tensor
  std::optional<UpsampledConv> upsampled;
  int statistics = -1;     // whose sums the kernel stores, KernelSpec::summed
  bool flat_rows = false;  // its kernel may compute rows as one long row (plan/flat_rows.h)
};

/// Which rows of its input a kernel reads for output rows [a, b).
struct RowsNeeded {
  enum class Kind : uint8_t {
    kStride,     // [a*stride - before, (b-1)*stride + after + 1)
    kResize,     // through the resize map
    kUpsampled,  // those shown by rows a - 1 to b of the upsampled image; none at sizes where the resize does not
                 // double
  } kind = Kind::kStride;
  int64_t stride = 1, before = 0, after = 0;
  friend bool operator==(const RowsNeeded&, const RowsNeeded&) = default;
};

/// Rows of a tensor that exist only while the calls of one stage use them. Every thread has its own.
struct Window {
  static constexpr int kImage = -1;
  struct Reader {
    int call = 0;
    RowsNeeded rows;
  };
  int tensor = -1;
  int writer = kImage;          // the call that computes the rows, or kImage: they are loaded from the caller's image
  std::vector<Reader> readers;  // later calls; none: the rows are stored to the caller's image
  // For a band of rows of the stage's results, rows of bases[base] and so many more before and after (find_reach).
  int base = 0;
  int64_t before = 0, after = 0;
};

/// How the rows of a window follow from a band of n rows of the stage's results.
struct RowBase {
  enum class Kind : uint8_t {
    kBand,    // n
    kStride,  // (rows of bases[of] - 1) * stride + 1
    kResize,  // those of `tensor` that a resize reads for rows of bases[of] + extra of `result`
  } kind = Kind::kBand;
  int of = 0;
  int64_t stride = 1;
  int64_t extra = 0;
  int tensor = -1, result = -1;
  friend bool operator==(const RowBase&, const RowBase&) = default;
};

struct Stage {
  enum class Kind : uint8_t {
    kLoadImage,   // quantizes the caller's image into tensor `image`
    kKernels,     // calls
    kNorm,        // turns the sums of statistics `norm` into coefficients
    kStoreImage,  // writes tensor `image` to the caller's image
  } kind = Kind::kKernels;
  std::vector<KernelCall> calls;  // each after those whose windows it reads
  std::vector<Window> windows;    // in the order of their writers
  std::vector<RowBase> bases;     // of the windows; the first is the band
  bool store_image = false;       // the last window is the graph's output and goes to the caller's image
  std::vector<int> statistics;    // gathered from the stage's results, rows as they are made
  int image = -1;
  int norm = -1;
};

/// Sums of one tensor for an InstanceNorm and the coefficients made of them.
struct Statistics {
  NodeId node{};
  int tensor = -1;
  int sums_kernel = -1;  // -1: the kernel that computes the tensor stores the sums, too
  int sums_block = -1, coefficients_block = -1;
};

/// The index maps of one Resize: int32 source column of every column, then int32 source row of every row.
struct ResizeMaps {
  NodeId node{};
  int block = -1;
};

/// A piece of the arena, alive from stage `first` to stage `last`.
struct Block {
  enum class Kind : uint8_t {
    kTensor,        // tensors[subject]
    kWindows,       // windows and scratch rows of stages[subject], of all threads
    kSums,          // per-row sums for statistics[subject]
    kCoefficients,  // of statistics[subject]
    kMaps,          // of resizes[subject]
  } kind = Kind::kTensor;
  int subject = 0;
  int first = 0, last = 0;
  /// Blocks that end where this may begin: offset = max over `below` of offset + size, for every image size. Every two
  /// blocks alive together are ordered by it, directly or through others.
  std::vector<int> below;
};

struct SizeLimits {
  int64_t min_height, max_height, min_width, max_width;
};
/// Whether images come in one size only.
inline bool is_one_size(const SizeLimits& limits) {
  return limits.min_height == limits.max_height && limits.min_width == limits.max_width;
}

struct Plan {
  Graph graph;
  Rounding rounding = Rounding::kFloat;
  std::vector<KernelSpec> kernels;
  std::vector<PlanTensor> tensors;
  std::vector<Stage> stages;
  std::vector<Statistics> statistics;
  std::vector<ResizeMaps> resizes;
  std::vector<Block> blocks;
  SizeLimits limits{};
  int input_tensor = -1;   // the quantized image: made by kLoadImage, or loaded into windows
  int output_tensor = -1;  // the 8-bit value behind the graph's output
};

/// No side of an image may exceed this; Halide counts the bytes of a tensor in int32.
inline constexpr int64_t kMaxImageSide = 16384;
/// No side of any tensor: a row's sum of 128^2 stays in int32.
inline constexpr int64_t kMaxTensorSide = 131071;

/// `graph` is the result of run_passes. Throws UserError when no image size works.
Plan make_plan(const Graph& graph, Rounding rounding);

/// The window of a stage that holds this tensor, or nullptr.
const Window* window_of(const Stage& stage, int tensor);
/// Tensors of a call that are stored, each once.
std::vector<int> stored_outputs(const Stage& stage, const KernelCall& call);
/// Whether a call computes rows ahead of the band for a window and stores some output too. Rows that it computes
/// outside of its thread's share belong to another thread, so it stores them to a scratch row.
bool needs_scratch(const Stage& stage, const KernelCall& call);
/// What the calls of a stage that need a scratch row store, each tensor once.
std::vector<int> scratch_tensors(const Stage& stage);
/// The tensor whose rows a stage is split by.
int split_tensor(const Plan& plan, const Stage& stage);
/// How an output image may share memory with the input image.
enum class InPlace : uint8_t {
  kAlways,    // the input is read before anything is written
  kSameRows,  // the last stage reads of the input just the rows that it writes then
  kNever,
};
InPlace in_place(const Plan& plan);
/// Multiply-adds at an image size.
int64_t multiply_adds(const Plan& plan, int64_t height, int64_t width);
std::string print(const Plan& plan);

}  // namespace qatc
