#include "emit/llvm_module.h"

#include <Halide.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Module.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/Utils/Local.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <tuple>
#include <vector>

#include "emit/byte_products.h"
#include "emit/matrix_product.h"
#include "emit/vector_calls.h"
#include "lower/intrinsics/bitcode.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Of the functions that lowering calls (lower/intrinsics.h) and lower/intrinsics/ defines: the first argument is
/// uniform, the others are by lane.
std::vector<std::string> called_intrinsics(const llvm::Module& code) {
  std::vector<std::string> names;
  for (const llvm::Function& function : code) {
    const std::string name = function.getName().str();
    if (function.isDeclaration() && !function.use_empty() && name.starts_with("qatc_")) names.push_back(name);
  }
  return names;
}

void set_flag(llvm::Module& code, const char* name, const std::string& value) {
  if (code.getModuleFlag(name) == nullptr) return;
  code.setModuleFlag(llvm::Module::Warning, name, llvm::MDString::get(code.getContext(), value));
}

/// Exactly these features on top of plain x86-64. What Halide asks for is more than the feature that its user named:
/// its vpdpbusd brings amx, bf16 and fp16 along, its AVX2 all that a Haswell has.
void set_x86_features(llvm::Module& code, const std::string& features) {
  const char* cpu = "x86-64";
  // The first is Halide 14's, the next two replace it in later ones.
  for (const char* name : {"halide_mcpu", "halide_mcpu_target", "halide_mcpu_tune"}) set_flag(code, name, cpu);
  set_flag(code, "halide_mattrs", features);
  for (llvm::Function& function : code) {
    function.addFnAttr("target-cpu", cpu);
    function.addFnAttr("tune-cpu", cpu);
    function.addFnAttr("target-features", features);
  }
}

/// Adds a feature that Halide has no name for to those of the target.
void add_feature(llvm::Module& code, const std::string& feature) {
  const char* flag = "halide_mattrs";
  const auto* set = llvm::dyn_cast_or_null<llvm::MDString>(code.getModuleFlag(flag));
  QATC_CHECK(set != nullptr, "Halide names no features");
  set_flag(code, flag, set->getString().empty() ? feature : set->getString().str() + "," + feature);
}

void set_instruction_set(llvm::Module& code, Isa isa) {
  const std::string avx2 = "+sse4.1,+ssse3,+avx,+avx2,+f16c,+fma";
  switch (isa) {
    case Isa::kX86Avx2:
      return set_x86_features(code, avx2);
    case Isa::kX86AvxVnni:
      return set_x86_features(code, avx2 + ",+avxvnni");
    case Isa::kX86Vnni:  // the AVX-512 of Ice Lake and Zen 4
      return set_x86_features(code, avx2 +
                                        ",+avx512f,+avx512cd,+avx512bw,+avx512dq,+avx512vl,+avx512ifma,+avx512vbmi,"
                                        "+avx512vnni");
    case Isa::kArmI8mm:
      return add_feature(code, "+i8mm");
    case Isa::kX86Base:
    case Isa::kArmBase:
    case Isa::kArmDotprod:
      return;
  }
}

/// LLVM finds too late that vectors are spilled to align the stack for them, and puts them across cache lines.
void align_stack(llvm::Module& code, Isa isa) {
  const llvm::Align alignment(static_cast<uint64_t>(byte_vector(isa)));
  for (llvm::Function& function : code) {
    function.addFnAttr(llvm::Attribute::getWithStackAlignment(code.getContext(), alignment));
  }
}

void link_bitcode(llvm::Module& code, Isa isa) {
  const llvm::MemoryBufferRef bitcode(intrinsics_bitcode(isa), "intrinsics");
  auto intrinsics = llvm::cantFail(llvm::parseBitcodeFile(bitcode, code.getContext()));
  intrinsics->setDataLayout(code.getDataLayout());
  intrinsics->setTargetTriple(code.getTargetTriple());
  std::vector<std::string> defined;
  for (const llvm::Function& function : *intrinsics) {
    if (!function.isDeclaration()) defined.push_back(function.getName().str());
  }
  QATC_CHECK(!llvm::Linker::linkModules(code, std::move(intrinsics)), "the intrinsics do not link");
  for (const std::string& name : defined) code.getFunction(name)->setLinkage(llvm::GlobalValue::InternalLinkage);
}

/// The lanes of vector calls in the order in which vectors hold their first argument by lane: each vector's by place,
/// the vectors by their first lane. Where lanes of several vectors are interleaved, one shuffle of results is cheaper
/// than those of the arguments.
std::vector<int> order_of_arguments(const std::vector<llvm::CallInst*>& lanes) {
  std::vector<int> order(lanes.size());
  std::iota(order.begin(), order.end(), 0);
  std::map<const llvm::Value*, size_t> vectors;
  std::map<const llvm::Value*, int> times;  // that an argument is another lane's, too: those lanes come last
  std::vector<std::tuple<int, size_t, uint64_t>> places;
  for (const llvm::CallInst* lane : lanes) {
    const auto* extract = llvm::dyn_cast<llvm::ExtractElementInst>(lane->getArgOperand(1));
    const auto* place = extract == nullptr ? nullptr : llvm::dyn_cast<llvm::ConstantInt>(extract->getIndexOperand());
    if (place == nullptr) return order;
    const size_t vector = vectors.try_emplace(extract->getVectorOperand(), vectors.size()).first->second;
    places.emplace_back(times[extract]++, vector, place->getZExtValue());
  }
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return places[static_cast<size_t>(a)] < places[static_cast<size_t>(b)]; });
  return order;
}

/// Has what needs some lanes only, of a vector that is not whole yet, take them from the `whole` one: a store in parts
/// would keep the calls by lane alive.
void replace_parts(llvm::InsertElementInst& last, llvm::Value& whole) {
  std::vector<llvm::InsertElementInst*> parts;
  llvm::Value* rest = last.getOperand(0);
  while (auto* part = llvm::dyn_cast<llvm::InsertElementInst>(rest)) {
    parts.push_back(part);
    rest = part->getOperand(0);
  }
  if (!llvm::isa<llvm::UndefValue>(rest)) return;
  const llvm::DominatorTree tree(*last.getFunction());
  for (llvm::InsertElementInst* part : parts) {
    part->replaceUsesWithIf(&whole, [&](const llvm::Use& use) {
      return !llvm::isa<llvm::InsertElementInst>(use.getUser()) && tree.dominates(&last, use);
    });
  }
}

/// Puts calls whose first argument is the same in all lanes together again. Returns whether there were any.
bool restore_vector_calls(llvm::Module& code, const llvm::Function& intrinsic) {
  bool restored = false;
  for (llvm::InsertElementInst* last : insertions_of(code)) {
    if (last->use_empty()) continue;
    const std::vector<llvm::CallInst*> lanes = calls_by_lane(*last, intrinsic);
    const bool is_uniform = std::all_of(lanes.begin(), lanes.end(), [&](const llvm::CallInst* lane) {
      return lane->getArgOperand(0) == lanes.front()->getArgOperand(0);
    });
    if (!is_uniform) continue;
    llvm::Function* vector_form =
        lanes.empty() ? nullptr : code.getFunction((intrinsic.getName() + "x" + std::to_string(lanes.size())).str());
    if (vector_form == nullptr) continue;
    llvm::IRBuilder<> builder(last);
    const std::vector<int> order = order_of_arguments(lanes);
    std::vector<llvm::Value*> arguments{lanes.front()->getArgOperand(0)};
    for (unsigned argument = 1; argument < vector_form->arg_size(); ++argument) {
      llvm::Value* by_lane = llvm::UndefValue::get(vector_form->getArg(argument)->getType());
      for (size_t i = 0; i < order.size(); ++i) {
        by_lane =
            builder.CreateInsertElement(by_lane, lanes[static_cast<size_t>(order[i])]->getArgOperand(argument), i);
      }
      arguments.push_back(by_lane);
    }
    std::vector<int> places(order.size());  // of the lanes in the arguments
    for (size_t i = 0; i < order.size(); ++i) places[static_cast<size_t>(order[i])] = static_cast<int>(i);
    llvm::Value* whole = builder.CreateCall(vector_form, arguments);
    if (!std::is_sorted(order.begin(), order.end())) whole = builder.CreateShuffleVector(whole, places);
    last->replaceAllUsesWith(whole);
    replace_parts(*last, *whole);
    restored = true;
  }
  return restored;
}

/// Until nothing changes: calls whose results are arguments of others have a vector only once those have.
void restore_vector_calls(llvm::Module& code, const std::vector<std::string>& intrinsics) {
  bool restored = true;
  while (restored) {
    restored = false;
    for (const std::string& name : intrinsics) {
      if (restore_vector_calls(code, *code.getFunction(name))) restored = true;
    }
  }
}

/// Has tables loaded right before the innermost loops that look up in them: LLVM would do it before all loops, and
/// spill them. So their addresses become known only there, or in the block itself where that is in no loop.
void load_tables_late(llvm::Function& function) {
  const llvm::DominatorTree tree(function);
  const llvm::LoopInfo loops(tree);
  std::map<std::pair<llvm::Instruction*, llvm::Value*>, llvm::Value*> addresses;  // by place and table
  for (llvm::BasicBlock& block : function) {
    const llvm::Loop* loop = loops.getLoopFor(&block);
    llvm::BasicBlock* before = loop == nullptr ? nullptr : loop->getLoopPreheader();
    llvm::Instruction* place = before == nullptr ? nullptr : before->getTerminator();
    for (llvm::Instruction& instruction : block) {
      auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      const llvm::Function* called = call == nullptr ? nullptr : call->getCalledFunction();
      if (called == nullptr || !called->getName().str().starts_with("qatc_lookup")) continue;
      llvm::Value* table = call->getArgOperand(0);
      if (place == nullptr) place = call;
      llvm::Value*& address = addresses[{place, table}];
      if (address == nullptr) {
        auto* type = llvm::FunctionType::get(table->getType(), {table->getType()}, false);
        llvm::IRBuilder<> builder(place);
        address = builder.CreateCall(llvm::InlineAsm::get(type, "", "=r,0", true), {table});
      }
      call->setArgOperand(0, address);
    }
  }
}

void simplify(llvm::Module& code) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions options;
  options.LoopUnrolling = false;  // schedules/ decides what is unrolled
  const std::unique_ptr<llvm::TargetMachine> machine = Halide::Internal::make_target_machine(code);
  llvm::PassBuilder builder(machine.get(), options);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  passes.addPass(llvm::AlwaysInlinerPass());
  passes.addPass(llvm::GlobalDCEPass());
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(
      builder.buildFunctionSimplificationPipeline(llvm::OptimizationLevel::O3, llvm::ThinOrFullLTOPhase::None)));
  passes.run(code, modules);
}

}  // namespace

void finish_module(llvm::Module& code, Isa isa) {
  const bool has_products = expand_matrix_products(code);
  const std::vector<std::string> intrinsics = called_intrinsics(code);
  if (!intrinsics.empty()) link_bitcode(code, isa);
  set_instruction_set(code, isa);
  if (!is_arm(isa)) align_stack(code, isa);
  restore_vector_calls(code, intrinsics);
  if (has_products) {
    for (llvm::Function& function : code) {
      if (!function.isDeclaration()) load_tables_late(function);
    }
  }
  if (!intrinsics.empty() || has_products) simplify(code);
  if (has_products) interleave_accesses(code);
  if (isa == Isa::kArmBase) keep_product_operands_whole(code);
}

}  // namespace qatc
