#include "emit/byte_products.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/Module.h>

#include <set>
#include <vector>

namespace qatc {

namespace {

/// The vector whose upper half a product reads, if it is computed; else null.
llvm::Instruction* computed_whole(llvm::Value* operand) {
  auto* half = llvm::dyn_cast<llvm::ShuffleVectorInst>(operand);
  int first = 0;
  if (half == nullptr || !half->isExtractSubvectorMask(first) || first == 0) return nullptr;
  auto* whole = llvm::dyn_cast<llvm::Instruction>(half->getOperand(0));
  return whole == nullptr || llvm::isa<llvm::LoadInst>(whole) ? nullptr : whole;
}

}  // namespace

void keep_product_operands_whole(llvm::Module& code) {
  for (llvm::Function& function : code) {
    std::set<llvm::Instruction*> seen;
    std::vector<llvm::Instruction*> vectors;  // in order
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
      if (call == nullptr || call->getIntrinsicID() != llvm::Intrinsic::aarch64_neon_smull) continue;
      for (llvm::Value* operand : call->args()) {
        llvm::Instruction* whole = computed_whole(operand);
        if (whole != nullptr && seen.insert(whole).second) vectors.push_back(whole);
      }
    }
    for (llvm::Instruction* vector : vectors) {
      llvm::IRBuilder<> builder(vector->getNextNode());
      auto* opaque = llvm::cast<llvm::FreezeInst>(builder.CreateFreeze(vector));
      vector->replaceUsesWithIf(opaque, [&](const llvm::Use& use) { return use.getUser() != opaque; });
    }
  }
}

}  // namespace qatc
