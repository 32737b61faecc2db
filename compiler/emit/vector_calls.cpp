#include "emit/vector_calls.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>

namespace qatc {

std::vector<llvm::InsertElementInst*> insertions_of(llvm::Module& code) {
  std::vector<llvm::InsertElementInst*> insertions;
  for (llvm::Function& function : code) {
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      if (auto* insert = llvm::dyn_cast<llvm::InsertElementInst>(&instruction)) insertions.push_back(insert);
    }
  }
  return insertions;
}

std::vector<llvm::CallInst*> calls_by_lane(llvm::InsertElementInst& last, const llvm::Function& function) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(last.getType());
  if (type == nullptr) return {};
  std::vector<llvm::CallInst*> lanes(type->getNumElements(), nullptr);
  size_t missing = lanes.size();
  llvm::Value* rest = &last;
  while (missing > 0) {
    auto* insert = llvm::dyn_cast<llvm::InsertElementInst>(rest);
    if (insert == nullptr) return {};
    auto* lane = llvm::dyn_cast<llvm::ConstantInt>(insert->getOperand(2));
    auto* call = llvm::dyn_cast<llvm::CallInst>(insert->getOperand(1));
    if (lane == nullptr || call == nullptr || call->getCalledFunction() != &function) return {};
    llvm::CallInst*& slot = lanes.at(lane->getZExtValue());
    if (slot == nullptr) {
      slot = call;
      --missing;
    }
    rest = insert->getOperand(0);
  }
  return lanes;
}

}  // namespace qatc
