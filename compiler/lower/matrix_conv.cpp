#include "lower/matrix_conv.h"

#include <algorithm>

#include "lower/buffer.h"
#include "lower/steps.h"
#include "schedules/conv_layout.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;
using Kind = KernelArgument::Kind;

constexpr int kWord = 8;  // bytes of a run that one product takes

Expr wide(const Expr& value) { return cast<int64_t>(value); }

Expr pure_call(const Halide::Type& type, const char* name, const std::vector<Expr>& arguments) {
  return Halide::Internal::Call::make(type, name, arguments, Halide::Internal::Call::PureExtern);
}

/// The longest vector of words that divides `words` and leaves registers for others.
int words_at_once(int words) {
  constexpr int kMost = 20;
  int vector = std::min(words, kMost);
  while (words % vector != 0) --vector;
  return vector;
}

class TileLowering {
 public:
  TileLowering(const KernelSpec& spec, Isa isa, const KernelSchedule& schedule, const KernelParams& params,
               int64_t pixels, const Var& c, const std::vector<Var>& rows, const Expr& width)
      : spec_(spec),
        isa_(isa),
        schedule_(schedule),
        params_(params),
        pixels_(static_cast<int>(pixels)),
        pairs_(static_cast<int>((pixels + 1) / 2)),
        // A tile of one pixel pairs it with itself.
        distance_(static_cast<int>(pixels / 2)),
        suffix_("_" + std::to_string(pixels)),
        c_(c),
        rows_(rows),
        y_(rows.back()) {
    QATC_CHECK(pixels == 1 || pixels % 2 == 0, "a tile of an odd number of pixels");
    begin_ = pixels == 1 ? Expr(t_) : Halide::min(t_ * pixels_, width - pixels_);
  }

  /// Adds the update of `out` that computes `count` tiles a row.
  LoweredTiles lower(Func& out, const Expr& count) {
    LoweredTiles tiles;
    tiles.pixels = pixels_;
    tiles.tiles = RDom(0, pixels_ == 1 ? 1 : 2, 0, pairs_, 0, count, "tiles" + suffix_);
    std::vector<Func> accumulators;
    for (size_t i = 0; i < spec_.convs.size(); ++i) {
      tiles.convs.push_back(lower_conv(i));
      accumulators.push_back(unpaired(tiles.convs.back().accumulator, "accumulator" + std::to_string(i) + suffix_));
      tiles.stored_sums.push_back(stored_);
    }
    const LoweredSteps steps = lower_steps(spec_, isa_, params_, accumulators,
                                           {c_, begin_ + half_ * pairs_ + pair_, y_, in_tile({half_, pair_})});
    tiles.tile_steps = steps.tile_steps;
    tiles.operands = operands_;
    std::vector<Expr> results{begin_ + half_ * pairs_ + pair_};
    for (int step : spec_.outputs) results.push_back(steps.values[static_cast<size_t>(step)]);
    // Never computed on its own: puts the tiles' domain in the place of the variables.
    Func tile("tile" + suffix_);
    tile(in_tile({c_, half_, pair_})) = Halide::Tuple(results);
    std::vector<Expr> tile_place{c_, tiles.tiles.x, tiles.tiles.y, tiles.tiles.z};
    tile_place.insert(tile_place.end(), rows_.begin(), rows_.end());
    const Halide::FuncRef at = tile(tile_place);
    std::vector<Expr> values;
    for (size_t i = 1; i < results.size(); ++i) values.emplace_back(at[static_cast<int>(i)]);
    if (values.size() == 1) {
      out(place(at[0])) = values.front();
    } else {
      out(place(at[0])) = Halide::Tuple(values);
    }
    return tiles;
  }

 private:
  /// Where `out` has column `x`.
  std::vector<Expr> place(const Expr& x) const {
    std::vector<Expr> place{c_, x};
    if (spec_.convs.front().upsampled) place = {c_, x % 2, x / 2};
    place.insert(place.end(), rows_.begin(), rows_.end());
    return place;
  }

  /// `first`, then what says of which tile and row.
  std::vector<Var> in_tile(std::vector<Var> first) const {
    first.push_back(t_);
    first.insert(first.end(), rows_.begin(), rows_.end());
    return first;
  }

  /// The row of an input that taps `ky` read.
  Expr input_row(const KernelConv& conv, const Var& ky) const {
    if (conv.upsampled) {
      const Expr rows_apart = params_.scalar({Kind::kRowsApart, 0});
      return y_ + Halide::select(ky == 0, 0, ky == 1, rows_.front(), rows_apart);
    }
    return y_ * static_cast<int>(conv.stride[0]) + ky * static_cast<int>(conv.dilation[0]) -
           static_cast<int>(conv.pad[0]);
  }

  /// int64 (lane, pair, tile, rows...): both sums of each pair. Signed for no other reason than that Halide would let
  /// tiles of one type share memory, and LLVM then keep the sums there.
  LoweredConv lower_conv(size_t conv_index) {
    const KernelConv& conv = spec_.convs[conv_index];
    const std::string name = std::to_string(conv_index) + suffix_;
    const ConvLayout layout = widest_conv_layout(isa_, conv_lanes(spec_, conv, isa_));
    LoweredConv lowered;
    Func& sums = lowered.accumulator;
    sums = Func("sums" + name);
    Var lane("lane");
    const std::vector<Var> place = in_tile({lane, pair_});
    sums(place) = Halide::reinterpret<int64_t>(params_.image({Kind::kCorrection, static_cast<int>(conv_index)})(lane));
    for (size_t i = 0; i < conv.inputs.size(); ++i) {
      const ImageParam filter = params_.image({Kind::kFilter, static_cast<int>(conv_index), static_cast<int>(i)});
      const ConvRuns runs = conv_runs(spec_, conv, conv.inputs[i]);
      const RDom r(0, static_cast<int>(reductions_of(runs, layout)), 0, static_cast<int>(runs.count), 0,
                   static_cast<int>(conv.kernel[0]), "taps" + name + "_" + std::to_string(i));
      const auto block = static_cast<int>(filter_block(spec_, schedule_, conv, isa_));
      const Expr weight = filter(lane % 2, (lane / 2) % (block / 2), r.x, r.y, r.z, lane / block);
      sums(place) = pure_call(Halide::Int(64), kSmmla,
                              {sums(place), weight, operand(conv, conv.inputs[i])(lane % 2, pair_, r.x, r.y, r.z)});
      lowered.taps.push_back(r);
    }
    return lowered;
  }

  /// The words of an input that a tile's pixels read, those of a pair side by side.
  struct Operand {
    Func func;
    int pair_words;  // words from one pair to the next where pairs share words of a row, else 0
    int run_words;
    std::vector<Var> tile;

    Expr operator()(const Expr& pixel, const Expr& pair, const Expr& word, const Expr& run, const Expr& ky) const {
      std::vector<Expr> place{pixel, word, pair, run, ky};
      if (pair_words > 0) place = {pixel, pair * pair_words + run * run_words + word, 0, 0, ky};
      place.insert(place.end(), tile.begin(), tile.end());
      return func(place);
    }
  };

  Operand operand(const KernelConv& conv, int input) {
    const auto channels = static_cast<int>(spec_.inputs[static_cast<size_t>(input)]);
    const ConvRuns runs = conv_runs(spec_, conv, input);
    const auto length = static_cast<int>(runs.length);
    const int pixel_bytes = static_cast<int>(conv.stride[1]) * channels;  // between output pixels
    const int run_bytes = static_cast<int>(conv.dilation[1]) * channels;
    const bool shared = pixel_bytes % kWord == 0 && (runs.count == 1 || run_bytes % kWord == 0);
    Operand operand{Func(), shared ? pixel_bytes / kWord : 0, run_bytes / kWord, in_tile({})};
    for (const Key& key : keys_) {
      // Two convs that read alike, as a gate's do.
      if (key.input == input && key.conv.kernel == conv.kernel && key.conv.stride == conv.stride &&
          key.conv.dilation == conv.dilation && key.conv.pad == conv.pad) {
        operand.func = operands_[key.operand].func;
        return operand;
      }
    }
    keys_.push_back({input, conv, operands_.size()});
    operand.func = Func("operand" + std::to_string(operands_.size()) + suffix_);
    const KernelInput in = params_.input(input);
    // What one row of the tile reads, beginning at each pixel and run or once for all of them.
    const int bytes =
        shared ? (pairs_ - 1) * pixel_bytes + (static_cast<int>(runs.count) - 1) * run_bytes + length : length;
    const int words = (bytes + kWord - 1) / kWord;
    const bool partial = bytes % kWord != 0;
    // Of an upsampled conv, the words of one pixel lie side by side.
    const int vector = partial ? 1 : words_at_once(conv.upsampled ? channels / kWord : words);
    Var pixel("pixel"), word("word"), run("run"), ky("ky");
    // In 64 bits from the tile's begin on, so that what is constant can be part of a load's address.
    const Expr begin = (begin_ * static_cast<int>(conv.stride[1]) - static_cast<int>(conv.pad[1])) * channels;
    Expr byte = wide(begin) + wide(pixel) * wide(distance_ * pixel_bytes) + wide(word / vector) * wide(vector * kWord);
    if (!shared) byte += wide(pair_) * wide(pixel_bytes) + wide(run) * wide(run_bytes);
    if (conv.upsampled) {
      // A column of the upsampled image is half a column of the image.
      const int pixel_words = channels / kWord;
      const Expr first = word / vector * vector;
      const Expr column = shared ? first / pixel_words : pair_ + run;
      const Expr within = shared ? first % pixel_words : first;
      byte = wide((begin_ + pixel * distance_ + column - 1) / 2) * wide(channels) + wide(within) * wide(kWord);
    }
    const Expr address = in.address(byte, input_row(conv, ky));
    const Expr offset = cast<uint64_t>(word % vector) * cast<uint64_t>(kWord);
    Expr value = pure_call(Halide::UInt(64), kLoad8, {address, offset});
    // Nothing behind the last byte is read: it may be the last of the caller's memory.
    if (partial)
      value = Halide::select(word == words - 1, pure_call(Halide::UInt(64), kLoad4, {address, offset}), value);
    operand.func(in_tile({pixel, word, pair_, run, ky})) = value;
    operands_.push_back({operand.func, words, vector});
    return operand;
  }

  /// int32 (lane, half of the tile, pair, tile, rows...).
  Func unpaired(const Func& sums, const std::string& name) {
    Func accumulator(name);
    stored_ = Func("stored_" + name);
    Var lane("lane");
    const std::vector<Var> place = in_tile({lane, pair_});
    stored_(place) = Halide::reinterpret<uint64_t>(sums(place));
    const Expr both = stored_(place);
    accumulator(in_tile({lane, half_, pair_})) =
        cast<int32_t>(Halide::select(half_ == 0, both, both >> Expr(uint64_t{32})));
    return accumulator;
  }

  struct Key {
    int input;
    KernelConv conv;
    size_t operand;
  };

  const KernelSpec& spec_;
  Isa isa_;
  const KernelSchedule& schedule_;
  const KernelParams& params_;
  int pixels_, pairs_, distance_;
  std::string suffix_;
  const Var c_;
  const std::vector<Var> rows_;  // y, or the row of a pair and y
  const Var y_;
  Var half_{"half"}, pair_{"pair"}, t_{"t"};
  Func stored_;
  Expr begin_;  // of tile t, in columns
  std::vector<Key> keys_;
  std::vector<PackedOperand> operands_;
};

}  // namespace

LoweredKernel lower_matrix_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                const KernelParams& params) {
  LoweredKernel kernel;
  kernel.out = Func("out");
  const Halide::Type type = storage_type(isa);
  const bool is_upsampled = spec.convs.front().upsampled;
  std::vector<Var> rows{kernel.y};
  std::vector<Var> place{kernel.c, kernel.x};
  if (is_upsampled) {
    rows = {kernel.row, kernel.y};
    place = {kernel.c, kernel.side, kernel.x};
  }
  place.insert(place.end(), rows.begin(), rows.end());
  if (spec.outputs.size() == 1) {
    kernel.out(place) = Halide::undef(type);
  } else {
    kernel.out(place) = Halide::Tuple(std::vector<Expr>(spec.outputs.size(), Halide::undef(type)));
  }
  const Halide::OutputImageParam buffer = kernel.out.output_buffers()[0];
  const Expr width = is_upsampled ? 2 * buffer.dim(2).extent() : buffer.dim(1).extent();
  const auto pixels = static_cast<int>(schedule.pixels);
  const Expr tiled = width >= pixels;
  const auto lower = [&](int64_t tile_pixels, const Expr& tiles) {
    TileLowering tile(spec, isa, schedule, params, tile_pixels, kernel.c, rows, width);
    kernel.tiles.push_back(tile.lower(kernel.out, tiles));
  };
  if (pixels > 1) lower(pixels, Halide::select(tiled, (width + pixels - 1) / pixels, 0));
  lower(1, pixels > 1 ? Halide::select(tiled, 0, width) : width);
  if (is_upsampled) {
    bound_pairs(kernel.out, spec.out_channels);
  } else {
    bound_outputs(kernel.out, spec.out_channels, spec.out_pixel_stride);
  }
  return kernel;
}

}  // namespace qatc
