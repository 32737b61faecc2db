#include "schedules/assembly_cost.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "schedules/conv_layout.h"
#include "schedules/tile_shape.h"

namespace qatc {

namespace {

struct Instruction {
  std::string mnemonic, operands, line;
};

/// Instructions first .. last, of which the last branches to the first.
struct Loop {
  size_t first = 0, last = 0;
};

bool contains(const Loop& outer, const Loop& inner) { return outer.first <= inner.first && inner.last <= outer.last; }

bool starts_with_one_of(const std::string& text, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return text.rfind(beginning, 0) == 0; });
}

/// ARM64's `[x0, #16]`, not the lane in `v0.4b[1]`.
bool has_arm_address(const Instruction& i) {
  return i.operands.find("[x") != std::string::npos || i.operands.find("[sp") != std::string::npos;
}

bool touches_memory(const Instruction& i) {
  if (starts_with_one_of(i.mnemonic, {"lea", "prefetch", "prfm", "nop"})) return false;
  return i.operands.find('(') != std::string::npos || has_arm_address(i);  // AT&T's `16(%rax)`
}

bool is_store(const Instruction& i) {
  if (!touches_memory(i)) return false;
  if (has_arm_address(i)) return starts_with_one_of(i.mnemonic, {"st"});
  if (starts_with_one_of(i.mnemonic, {"cmp", "vcmp", "test"})) return false;
  return !i.operands.empty() && i.operands.back() == ')';
}

/// Loaded or stored registers: pairs count twice.
double memory_operations(const Instruction& i) {
  return starts_with_one_of(i.mnemonic, {"ldp", "stp", "ldnp", "stnp"}) ? 2 : 1;
}

bool is_vector(const Instruction& i) {
  if (i.operands.find("mm") != std::string::npos) return true;  // xmm, ymm, zmm
  // ARM: v0.16b, q0, d0, s0.
  std::istringstream operands(i.operands);
  for (std::string operand; operands >> operand;) {
    while (!operand.empty() && (operand[0] == '{' || operand[0] == '[')) operand.erase(0, 1);
    if (operand.size() >= 2 && std::string_view("vqds").find(operand[0]) != std::string_view::npos &&
        operand[1] >= '0' && operand[1] <= '9') {
      return true;
    }
  }
  return false;
}

/// Not ARM64's smull of addresses: `smull x8, w11, w3`.
bool is_product(const Instruction& i) {
  return starts_with_one_of(i.mnemonic, {"sdot", "udot", "usdot", "smmla", "ummla", "usmmla", "smull", "smlal",
                                         "vpdpbusd", "vpmaddwd", "pmaddwd"}) &&
         is_vector(i);
}

class Code {
 public:
  explicit Code(const std::string& assembly) {
    std::istringstream lines(assembly);
    std::map<std::string, size_t> labels;
    for (std::string line; std::getline(lines, line);) {
      const size_t begin = line.find_first_not_of(" \t");
      if (begin == std::string::npos) continue;
      std::string text = line.substr(begin);
      const size_t comment = std::min(text.find("//"), text.find('#'));
      // `#` begins immediates on ARM.
      if (comment != std::string::npos && (text[comment] == '/' || is_comment(text, comment))) text.resize(comment);
      while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
      if (text.empty()) continue;
      if (text.back() == ':') {
        labels[text.substr(0, text.size() - 1)] = instructions_.size();
      } else if (text[0] != '.') {
        // A wish for an encoding, before AVX-VNNI's instructions.
        if (text.rfind("{vex}", 0) == 0) text.erase(0, text.find_first_not_of(" \t", 5));
        const size_t end = std::min(text.find_first_of(" \t"), text.size());
        const size_t operands = std::min(text.find_first_not_of(" \t", end), text.size());
        instructions_.push_back({text.substr(0, end), text.substr(operands), text});
      }
    }
    find_loops(labels);
    // Registers that point into the frame where they are set up to, and are like others elsewhere.
    for (const Instruction& instruction : instructions_) {
      if (starts_with_one_of(instruction.operands, {"x29, sp"})) stack_.emplace_back("[x29");
      if (instruction.operands == "%rsp, %rbp") stack_.emplace_back("%rbp");
    }
  }

  bool is_stack(const Instruction& i) const {
    return touches_memory(i) && std::any_of(stack_.begin(), stack_.end(), [&](const std::string& address) {
             return i.operands.find(address) != std::string::npos;
           });
  }
  bool stores_results(const Instruction& i) const { return is_store(i) && !is_stack(i) && is_vector(i); }

  const std::vector<Instruction>& instructions() const { return instructions_; }
  const std::vector<Loop>& loops() const { return loops_; }

  template <class Predicate>
  int64_t count(const Loop& loop, const Predicate& is) const {
    return std::count_if(instructions_.begin() + static_cast<ptrdiff_t>(loop.first),
                         instructions_.begin() + static_cast<ptrdiff_t>(loop.last) + 1, is);
  }

  bool is_innermost(const Loop& loop) const {
    return std::none_of(loops_.begin(), loops_.end(),
                        [&](const Loop& other) { return &other != &loop && contains(loop, other); });
  }

 private:
  /// x86-64's comments: `# ...` after the operands, or a whole line.
  static bool is_comment(const std::string& text, size_t at) {
    return at == 0 || (text[at - 1] == '\t' && text.find('[') == std::string::npos) ||
           (at + 1 < text.size() && text[at + 1] == ' ') || (at + 1 < text.size() && text[at + 1] == '#');
  }

  void find_loops(const std::map<std::string, size_t>& labels) {
    struct Jump {
      size_t from, to;
      bool is_conditional;
    };
    std::vector<Jump> jumps;
    for (size_t i = 0; i < instructions_.size(); ++i) {
      const Instruction& instruction = instructions_[i];
      if (!starts_with_one_of(instruction.mnemonic, {"j", "b", "cb", "tb"})) continue;
      const size_t label = instruction.operands.find_last_of(" ,\t");
      const auto target =
          labels.find(label == std::string::npos ? instruction.operands : instruction.operands.substr(label + 1));
      if (target == labels.end()) continue;
      jumps.push_back({i, target->second, instruction.mnemonic != "jmp" && instruction.mnemonic != "b"});
    }
    // What is rarely done stands below all loops: a branch over where it returns to leads there, and an unconditional
    // jump back.
    const auto is_aside = [&](const Jump& back) {
      return !back.is_conditional && std::any_of(jumps.begin(), jumps.end(), [&](const Jump& entry) {
        return entry.is_conditional && entry.from < back.to && back.to < entry.to && entry.to <= back.from;
      });
    };
    std::map<size_t, size_t> last_of;  // by first
    for (const Jump& jump : jumps) {
      if (jump.to > jump.from || is_aside(jump)) continue;
      size_t& last = last_of[jump.to];
      last = std::max(last, jump.from);
    }
    for (const auto& [first, last] : last_of) loops_.push_back({first, last});
  }

  std::vector<Instruction> instructions_;
  std::vector<Loop> loops_;
  std::vector<std::string> stack_{"%rsp", "[sp"};  // how its addresses are written
};

struct Work {
  double products = 0, simd = 0, loads = 0, stores = 0, instructions = 0;
  double chain = 0;  // products into one register

  double cycles(const Core& core) const {
    return overlapped({std::max(products / core.products, (products + simd) / std::max(core.simd, core.products)),
                       loads / core.loads, stores, instructions / core.issue, chain * core.latency});
  }
};

/// The register that a product adds to: the first operand on ARM64, the last one in AT&T syntax.
std::string accumulator(const Instruction& i) {
  const size_t at = i.operands.rfind('%');
  return at != std::string::npos ? i.operands.substr(at) : i.operands.substr(0, i.operands.find_first_of(",."));
}

/// Of the instructions of `loop` that are in none of `without`.
Work work_of(const Code& code, const Loop& loop, const std::vector<Loop>& without = {}) {
  Work work;
  std::map<std::string, double> chains;
  for (size_t i = loop.first; i <= loop.last; ++i) {
    const auto skipped =
        std::find_if(without.begin(), without.end(), [&](const Loop& l) { return l.first <= i && i <= l.last; });
    if (skipped != without.end()) continue;
    const Instruction& instruction = code.instructions()[i];
    ++work.instructions;
    if (is_product(instruction)) {
      ++work.products;
      double& chain = chains[accumulator(instruction)];
      // Without a dot product, the product's register is new every time and the sum follows.
      if (!starts_with_one_of(instruction.mnemonic, {"smull", "vpmaddwd", "pmaddwd"})) ++chain;
      work.chain = std::max(work.chain, chain);
    } else if (is_vector(instruction) && !touches_memory(instruction)) {
      ++work.simd;
    }
    if (!touches_memory(instruction)) continue;
    (is_store(instruction) ? work.stores : work.loads) += memory_operations(instruction);
  }
  return work;
}

double bytes_of_letter(char letter) {
  switch (letter) {
    case 'b':
      return 1;
    case 'h':
    case 'w':
      return 2;
    case 's':
    case 'd':
    case 'l':
      return 4;
    default:
      return 8;
  }
}

double bytes_stored_on_arm(const Instruction& i) {
  if (starts_with_one_of(i.mnemonic, {"strb", "sturb"})) return 1;
  if (starts_with_one_of(i.mnemonic, {"strh", "sturh"})) return 2;
  // `q0`, `{ v0.16b }`, `w0` or, of a lane, `{ v0.s }[1]`.
  if (i.operands.find("}[") != std::string::npos) {
    const char size = i.operands[i.operands.find('.') + 1];
    return size == 'd' ? 8 : bytes_of_letter(size);
  }
  switch (i.operands.empty() ? 'q' : i.operands[0]) {
    case 'b':
      return 1;
    case 'h':
      return 2;
    case 's':
    case 'w':
      return 4 * memory_operations(i);
    case 'd':
    case 'x':
      return 8 * memory_operations(i);
    default:
      return (i.operands.find(".8b") != std::string::npos ? 8 : 16) * memory_operations(i);
  }
}

double bytes_stored_on_x86(const Instruction& i) {
  // A lane or less: the mnemonic's last letter says its size.
  const bool is_vector_move = starts_with_one_of(i.mnemonic, {"vmovdq", "movdq", "vmova", "vmovu", "mova", "movu"});
  const double vector = i.operands.find("%zmm") != std::string::npos   ? 64
                        : i.operands.find("%ymm") != std::string::npos ? 32
                        : i.operands.find("%xmm") != std::string::npos ? 16
                                                                       : 0;
  if (vector == 0 || starts_with_one_of(i.mnemonic, {"vpextr", "pextr"})) return bytes_of_letter(i.mnemonic.back());
  if (is_vector_move || starts_with_one_of(i.mnemonic, {"vextract"})) return vector;
  if (starts_with_one_of(i.mnemonic, {"vmovd", "movd", "vmovss", "movss"})) return 4;
  return starts_with_one_of(i.mnemonic, {"vmov", "mov"}) ? 8 : vector;
}

double stored_bytes(const Instruction& i) {
  return has_arm_address(i) ? bytes_stored_on_arm(i) : bytes_stored_on_x86(i);
}

/// The loop over tiles: the smallest one around `inner` that stores results.
const Loop* tile_loop(const Code& code, const Loop& inner) {
  const Loop* best = nullptr;
  for (const Loop& loop : code.loops()) {
    if (!contains(loop, inner) || code.count(loop, [&](const Instruction& i) { return code.stores_results(i); }) == 0)
      continue;
    if (best == nullptr || contains(*best, loop)) best = &loop;
  }
  return best;
}

/// The smallest loop around another one.
const Loop* loop_around(const Code& code, const Loop& inner) {
  const Loop* best = nullptr;
  for (const Loop& loop : code.loops()) {
    if (&loop == &inner || !contains(loop, inner)) continue;
    if (best == nullptr || contains(*best, loop)) best = &loop;
  }
  return best;
}

double stored_bytes(const Code& code, const Loop& loop) {
  double bytes = 0;
  for (size_t i = loop.first; i <= loop.last; ++i) {
    const Instruction& instruction = code.instructions()[i];
    if (is_store(instruction) && !code.is_stack(instruction)) bytes += stored_bytes(instruction);
  }
  return bytes;
}

/// Whether a loop has products and no loop in it has.
bool is_product_loop(const Code& code, const Loop& loop) {
  if (code.count(loop, is_product) == 0) return false;
  return std::none_of(code.loops().begin(), code.loops().end(), [&](const Loop& other) {
    return &other != &loop && contains(loop, other) && code.count(other, is_product) > 0;
  });
}

/// The loop of most products in the code for whole tiles, which stores more than that for narrow images.
const Loop* hottest(const Code& code) {
  const Loop* best = nullptr;
  std::pair<double, int64_t> most;
  for (const Loop& loop : code.loops()) {
    if (!is_product_loop(code, loop)) continue;
    const Loop* tile = tile_loop(code, loop);
    const std::pair<double, int64_t> size{tile == nullptr ? 0 : stored_bytes(code, *tile),
                                          code.count(loop, is_product)};
    if (best != nullptr && size <= most) continue;
    most = size;
    best = &loop;
  }
  return best;
}

/// Instructions of products that one tile takes for each input of each conv.
std::vector<double> products_of_tile(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                     double multiply_adds_per_instruction) {
  std::vector<double> products;
  for (const KernelConv& conv : spec.convs) {
    for (int input : conv.inputs) {
      // The columns of taps of an upsampled conv have sums of their own.
      const auto taps = static_cast<double>(conv.kernel[0] * (uses_upsampled_template(conv, isa) ? 1 : conv.kernel[1]));
      const auto lanes = static_cast<double>(filter_block(spec, schedule, conv, isa) * tile_sums(conv, schedule, isa));
      const auto channels = static_cast<double>(spec.inputs[static_cast<size_t>(input)]);
      products.push_back(lanes * taps * channels / multiply_adds_per_instruction);
    }
  }
  return products;
}

double multiply_adds(const Instruction& product) {
  const double register_bytes = product.operands.find("zmm") != std::string::npos   ? 64
                                : product.operands.find("ymm") != std::string::npos ? 32
                                                                                    : 16;
  if (starts_with_one_of(product.mnemonic, {"vpmaddwd", "pmaddwd", "smull", "smlal"})) return register_bytes / 2;
  if (starts_with_one_of(product.mnemonic, {"smmla", "ummla", "usmmla"})) return 32;
  return register_bytes;
}

/// Of one instruction. All products of a loop are of one size, so the first tells; nullopt where they are not.
std::optional<double> multiply_adds_of_first_product(const Code& code, const Loop& loop) {
  std::optional<double> first;
  for (size_t i = loop.first; i <= loop.last; ++i) {
    const Instruction& instruction = code.instructions()[i];
    if (!is_product(instruction)) continue;
    if (!first) first = multiply_adds(instruction);
    if (*first != multiply_adds(instruction)) return std::nullopt;
  }
  return first;
}

std::optional<AssemblyCost> conv_cost(const Code& code, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                      const Core& core) {
  const Loop* inner = hottest(code);
  if (inner == nullptr) return std::nullopt;
  const Loop* tile = tile_loop(code, *inner);
  const std::optional<double> per_product = multiply_adds_of_first_product(code, *inner);
  if (tile == nullptr || !per_product) return std::nullopt;
  std::vector<Loop> inner_loops;  // none where all products of a tile are unrolled into it
  std::vector<Loop> store_loops;
  double products_of_loops = 0;
  for (const Loop& loop : code.loops()) {
    if (&loop == tile || !contains(*tile, loop)) continue;
    if (is_product_loop(code, loop)) {
      inner_loops.push_back(loop);
      products_of_loops += static_cast<double>(code.count(loop, is_product));
    } else if (code.is_innermost(loop) && stored_bytes(code, loop) > 0) {
      store_loops.push_back(loop);
    }
  }
  const std::vector<double> wanted = products_of_tile(spec, schedule, isa, *per_product);
  double all_wanted = 0;
  for (double products : wanted) all_wanted += products;
  std::vector<Loop> all_loops = inner_loops;
  all_loops.insert(all_loops.end(), store_loops.begin(), store_loops.end());
  const Work rest = work_of(code, *tile, all_loops);
  all_wanted = std::max(0.0, all_wanted - rest.products);  // some may be unrolled into the tile
  double cycles = rest.cycles(core);
  // What follows the sums of matrix products is computed by loops over the tile's pairs of pixels; where another
  // template's results are stored by a loop of its own, it has a part of the tile's each time.
  const bool is_matrix = has_matrix_products(isa);
  const auto tile_bytes = static_cast<double>(schedule.channels * tile_pixels(spec, schedule, isa)) *
                          static_cast<double>(spec.outputs.size());
  for (const Loop& loop : store_loops) {
    const double times = is_matrix ? static_cast<double>(schedule.pixels) / 2 : tile_bytes / stored_bytes(code, loop);
    cycles += times * work_of(code, loop).cycles(core);
  }
  // All tiles of the same pixels share what the loop around them does.
  if (const Loop* around = loop_around(code, *tile); around != nullptr && schedule.channels < spec.out_channels) {
    cycles += work_of(code, *around, {*tile}).cycles(core) * static_cast<double>(schedule.channels) /
              static_cast<double>(spec.out_channels);
  }
  AssemblyCost cost;
  if (tile == inner) {
    if (all_wanted > 0) return std::nullopt;
    cost.loop_cycles = cycles;
    cost.loop_times = tiles_per_pixel(spec, schedule, isa);
  }
  for (size_t i = 0; i < inner_loops.size(); ++i) {
    const Work work = work_of(code, inner_loops[i]);
    // Loops come in the order of convs and inputs; where some were merged, all run equally often.
    const double times =
        wanted.size() == inner_loops.size() ? wanted[i] / work.products : all_wanted / products_of_loops;
    cycles += times * work.cycles(core) + core.loop;
    if (inner_loops[i].first != inner->first) continue;
    cost.loop_cycles = work.cycles(core);
    cost.loop_times = times * tiles_per_pixel(spec, schedule, isa);
  }
  cost.products = code.count(*inner, is_product);
  cost.instructions = static_cast<int64_t>(inner->last - inner->first + 1);
  cost.spills = code.count(*inner, [&](const Instruction& i) { return code.is_stack(i); });
  cost.cycles = cycles * tiles_per_pixel(spec, schedule, isa);
  return cost;
}

/// Without a reduction: the innermost loop that stores most at once, by the bytes that a pixel has.
std::optional<AssemblyCost> elementwise_cost(const Code& code, const KernelSpec& spec, const KernelSchedule& schedule,
                                             const Core& core) {
  const auto pixel_bytes = static_cast<double>(spec.out_channels) * static_cast<double>(spec.outputs.size());
  std::optional<AssemblyCost> cost;
  double most = 0;
  for (const Loop& loop : code.loops()) {
    if (!code.is_innermost(loop)) continue;
    const double bytes = stored_bytes(code, loop);
    if (bytes <= most) continue;
    most = bytes;
    cost.emplace();
    cost->instructions = static_cast<int64_t>(loop.last - loop.first + 1);
    cost->spills = code.count(loop, [&](const Instruction& i) { return code.is_stack(i); });
    cost->cycles = work_of(code, loop).cycles(core) * pixel_bytes / bytes * repeated_pixels(schedule.pixels);
  }
  return cost;
}

}  // namespace

std::optional<AssemblyCost> assembly_cost(const std::string& assembly, const KernelSpec& spec,
                                          const KernelSchedule& schedule, Isa isa, const Core& core) {
  if (is_channel_sums(spec)) return std::nullopt;
  const Code code(assembly);
  return spec.convs.empty() ? elementwise_cost(code, spec, schedule, core) : conv_cost(code, spec, schedule, isa, core);
}

std::string hottest_loop(const std::string& assembly) {
  const Code code(assembly);
  const Loop* loop = hottest(code);
  std::string text;
  if (loop == nullptr) return text;
  // Without the branch, whose label is not there.
  for (size_t i = loop->first; i < loop->last; ++i) text += code.instructions()[i].line + "\n";
  return text;
}

}  // namespace qatc
