#include "schedules/templates/autoscheduler.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "lower/halide_messages.h"
#include "schedules/templates/schedule_kernel.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Internal::Definition;
using Halide::Internal::ForType;
using Halide::Internal::Function;
using Halide::Internal::Split;

// What the autoschedulers are told of the machine: the driver's threads are not theirs, and what they keep between
// loops must be small enough for Halide to put it on the stack.
constexpr int kParallelism = 1;
constexpr int kMemoryBytes = 16 * 1024;
constexpr int kLoadCost = 40;  // in arithmetic operations, as in Halide's examples

const char* halide_name(Scheduler scheduler) {
  QATC_CHECK(scheduler != Scheduler::kTemplates, "templates are no autoscheduler");
  return scheduler == Scheduler::kMullapudi2016 ? "Mullapudi2016" : "Adams2019";
}

void replace_environment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (text.rfind("HL_", 0) == 0) names.push_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
  setenv("HL_DEBUG_AUTOSCHEDULE", "-1", 1);  // says nothing
  setenv("HL_NUM_THREADS", "1", 1);          // of the cost model: processes are forked later
  // Options of Adams2019 that later versions of Halide take as parameters. Its default seed is the time.
  setenv("HL_SEED", "0", 1);
  setenv("HL_AUTOSCHEDULE_MEMORY_LIMIT", std::to_string(kMemoryBytes).c_str(), 1);
}

void load_once(Scheduler scheduler) {
  static std::set<Scheduler> loaded;
  if (loaded.count(scheduler) > 0) return;
  load_autoscheduler(scheduler, autoscheduler_path(scheduler));
  loaded.insert(scheduler);
}

void run_autoscheduler(const std::vector<Func>& outputs, Scheduler scheduler, const Halide::Target& target) {
  const HalideWarningsIgnored ignored;  // about costs that it does not know, and loops that it finds slow
  Halide::Pipeline pipeline(outputs);
#if HALIDE_VERSION_MAJOR >= 15
  Halide::AutoschedulerParams params(halide_name(scheduler), {{"parallelism", std::to_string(kParallelism)}});
  if (scheduler == Scheduler::kMullapudi2016) {
    params.extra["last_level_cache_size"] = std::to_string(kMemoryBytes);
    params.extra["balance"] = std::to_string(kLoadCost);
  } else {
    params.extra["memory_limit"] = std::to_string(kMemoryBytes);
  }
  pipeline.apply_autoscheduler(target, params);
#else
  const Halide::MachineParams machine(kParallelism, kMemoryBytes, kLoadCost);
  pipeline.auto_schedule(halide_name(scheduler), target, machine);
#endif
}

/// Leaves nothing but the output and the sums of convs and channels: what else lowering names is there for the
/// templates.
void inline_steps(LoweredKernel& kernel) {
  const auto inline_into = [](const Func& caller, const Func& func) {
    func.function().lock_loop_levels();
    Halide::Internal::inline_function(caller.function(), func.function());
  };
  for (const LoweredConv& conv : kernel.convs) {
    for (const Func& operand : conv.operands) inline_into(conv.accumulator, operand);
  }
  for (size_t i = kernel.tile_steps.size(); i-- > 0;) inline_into(kernel.out, kernel.tile_steps[i].func);
}

void make_serial(Definition& stage) {
  for (Halide::Internal::Dim& loop : stage.schedule().dims()) {
    if (loop.for_type == ForType::Parallel) loop.for_type = ForType::Serial;
  }
}

/// An intermediate result: exactly what its reader asks for, on the stack.
void confine(Function func) {
  func.schedule().memory_type() = Halide::MemoryType::Stack;
  const auto confine_stage = [](Definition& stage) {
    make_serial(stage);
    for (Split& split : stage.schedule().splits()) split.tail = TailStrategy::GuardWithIf;
  };
  confine_stage(func.definition());
  for (size_t i = 0; i < func.updates().size(); ++i) confine_stage(func.update(static_cast<int>(i)));
}

/// Autoschedulers shift the last tile of a row inwards, which takes an output of at least a tile. Their schedule
/// becomes that of outputs which are large enough; for all others every tile is one pixel.
void specialize_for_large_outputs(Func& out) {
  Definition& definition = out.function().definition();
  make_serial(definition);
  const Halide::OutputImageParam buffer = out.output_buffers().front();
  struct Loop {
    Expr extent;
    bool is_known;  // the extent of the argument that it runs over
  };
  std::map<std::string, Loop> loops;
  for (int i = 0; i < out.dimensions(); ++i) {
    const Expr known = buffer.parameter().extent_constraint(i);
    loops[out.args()[static_cast<size_t>(i)].name()] = {known.defined() ? known : buffer.dim(i).extent(),
                                                        known.defined()};
  }
  std::vector<Split>& splits = definition.schedule().splits();
  std::vector<size_t> of_pixels;
  Expr is_large = Halide::Internal::const_true();
  for (size_t i = 0; i < splits.size(); ++i) {
    Split& split = splits[i];
    if (split.split_type != Split::SplitVar) throw InternalError("it makes loops that are no tiles");
    const Loop loop = loops.at(split.old_var);
    const Expr fits = Halide::Internal::simplify(loop.extent >= split.factor);
    split.tail = Halide::Internal::is_const_zero(fits) ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
    if (split.tail == TailStrategy::ShiftInwards) is_large = Halide::Internal::simplify(is_large && fits);
    if (!loop.is_known) of_pixels.push_back(i);
    loops[split.outer] = {Halide::Internal::simplify((loop.extent + split.factor - 1) / split.factor), loop.is_known};
    loops[split.inner] = {split.factor, loop.is_known};
  }
  if (Halide::Internal::is_const_one(is_large)) return;
  out.specialize(is_large);  // has the schedule so far
  for (const size_t i : of_pixels) splits[i].factor = 1;
}

/// Whether all that a module allocates fits on a stack.
class StackUse : public Halide::Internal::IRVisitor {
 public:
  const std::string& too_large() const { return too_large_; }

 private:
  using IRVisitor::visit;
  void visit(const Halide::Internal::Allocate* op) override {
    const int64_t bytes = int64_t{op->constant_allocation_size()} * op->type.bytes();
    if (bytes <= 0 || !Halide::Internal::can_allocation_fit_on_stack(bytes)) {
      too_large_ = op->name.substr(0, op->name.find_first_of("$."));  // "sums$2.0": Halide counts names and elements
    }
    IRVisitor::visit(op);
  }

  std::string too_large_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void load_autoscheduler(Scheduler scheduler, const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw UserError("--scheduler " + std::string(scheduler_name(scheduler)) + ": there is no " + path +
                    "; it is in Halide's -dev package");
  }
  throw_halide_messages();
  try {
    Halide::load_plugin(path);
  } catch (const InternalError& error) {
    throw UserError("--scheduler " + std::string(scheduler_name(scheduler)) + ": " + first_line(error.what()));
  }
}

std::string autoscheduler_path(Scheduler scheduler) {
  return scheduler == Scheduler::kMullapudi2016 ? QATC_MULLAPUDI2016_PLUGIN : QATC_ADAMS2019_PLUGIN;
}

void autoschedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, Scheduler scheduler, const Target& target) {
  if (!kernel.tiles.empty()) throw InternalError("its tiles are part of the algorithm");
  replace_environment();
  load_once(scheduler);
  inline_steps(kernel);
  Func out = kernel.out.defined() ? kernel.out : kernel.sums->out;
  std::vector<Func> outputs{out};
  std::vector<Function> rows;
  if (kernel.image_rows) {
    // Adams2019 fails on outputs that others read.
    if (scheduler == Scheduler::kMullapudi2016) outputs.insert(outputs.begin(), kernel.image_rows->codes);
    rows = {kernel.image_rows->codes.function(), kernel.image_rows->side_by_side.function()};
  }
  std::vector<Halide::Internal::StageSchedule> unscheduled;
  unscheduled.reserve(rows.size());
  for (Function& func : rows) unscheduled.push_back(func.definition().schedule().get_copy());
  run_autoscheduler(outputs, scheduler, target.halide);
  for (LoweredConv& conv : kernel.convs) confine(conv.accumulator.function());
  if (!kernel.out.defined()) confine(kernel.sums->accumulators.function());
  specialize_for_large_outputs(out);
  // The schedule of rows that the kernel loads is the template's: to Adams2019 they are an intermediate result.
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].definition().schedule() = unscheduled[i];
    rows[i].schedule().store_level() = Halide::LoopLevel::inlined();
    rows[i].schedule().compute_level() = Halide::LoopLevel::inlined();
    rows[i].schedule().memory_type() = Halide::MemoryType::Auto;
  }
  schedule_rows(kernel, spec, target.isa);
}

std::optional<std::string> autoscheduler_refusal(const KernelSpec& spec, const KernelSchedule& schedule,
                                                 Scheduler scheduler, const Target& target) {
  throw_halide_messages();
  try {
    KernelSchedule asked = schedule;
    asked.scheduler = scheduler;
    LoweredKernel kernel = lower_kernel(spec, asked, target.isa);
    autoschedule_kernel(kernel, spec, scheduler, target);
    const Halide::Module module =
        Halide::Pipeline(outputs_of(kernel)).compile_to_module(kernel.arguments, "kernel", target.halide);
    StackUse use;
    for (const Halide::Internal::LoweredFunc& function : module.functions()) function.body.accept(&use);
    if (use.too_large().empty()) return std::nullopt;
    return "what it keeps of " + use.too_large() + " does not fit on a stack";
  } catch (const InternalError& error) {
    return first_line(error.what());
  }
}

ScheduleChoice known_or_autoscheduled(const KernelSpec& spec, const Target& target, Scheduler scheduler,
                                      const TunedTable& table) {
  ScheduleChoice choice = known_schedule(spec, target.isa, table);
  if (scheduler == Scheduler::kTemplates) return choice;
  if (const auto refusal = autoscheduler_refusal(spec, choice.schedule, scheduler, target)) {
    choice.refusal = *refusal;
    return choice;
  }
  choice.schedule.scheduler = scheduler;
  return {choice.schedule, ScheduleSource::kAutoscheduler, 1, {}, {}, {}};
}

ScheduleChoice known_or_autoscheduled(const KernelSpec& spec, const Target& target, Scheduler scheduler) {
  return known_or_autoscheduled(spec, target, scheduler, tuned_table(target.isa));
}

}  // namespace qatc
