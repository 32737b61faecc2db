#include "emit/matrix_product.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PatternMatch.h>

#include <array>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "emit/vector_calls.h"
#include "lower/matrix_conv.h"
#include "support/error.h"

namespace qatc {

namespace {

std::vector<llvm::CallInst*> calls_of(llvm::Function& function) {
  std::vector<llvm::CallInst*> calls;
  for (llvm::User* user : function.users()) calls.push_back(llvm::cast<llvm::CallInst>(user));
  return calls;
}

/// Inputs do not change while a kernel runs.
llvm::Value* load(llvm::IRBuilder<>& builder, llvm::Value* address, llvm::Type* type) {
  llvm::LoadInst* loaded =
      builder.CreateAlignedLoad(type, builder.CreateIntToPtr(address, type->getPointerTo()), llvm::Align(1));
  loaded->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder.getContext(), {}));
  return loaded;
}

void expand_load(llvm::Module& code, const char* name, unsigned bits) {
  llvm::Function* function = code.getFunction(name);
  if (function == nullptr) return;
  for (llvm::CallInst* call : calls_of(*function)) {
    llvm::IRBuilder<> builder(call);
    llvm::Value* address = builder.CreateAdd(call->getArgOperand(0), call->getArgOperand(1));
    call->replaceAllUsesWith(builder.CreateZExt(load(builder, address, builder.getIntNTy(bits)), call->getType()));
    call->eraseFromParent();
  }
  function->eraseFromParent();
}

/// Loads of adjacent words into a vector.
void expand_vector_loads(llvm::Module& code) {
  llvm::Function* function = code.getFunction(kLoad8);
  if (function == nullptr) return;
  for (llvm::InsertElementInst* last : insertions_of(code)) {
    const std::vector<llvm::CallInst*> lanes = calls_by_lane(*last, *function);
    bool adjacent = !lanes.empty();
    for (size_t i = 0; i < lanes.size(); ++i) {
      const auto* offset = llvm::dyn_cast<llvm::ConstantInt>(lanes[i]->getArgOperand(1));
      adjacent = adjacent && offset != nullptr && offset->equalsInt(8 * i) &&
                 lanes[i]->getArgOperand(0) == lanes[0]->getArgOperand(0);
    }
    if (!adjacent) continue;
    llvm::IRBuilder<> builder(last);
    last->replaceAllUsesWith(load(builder, lanes[0]->getArgOperand(0), last->getType()));
  }
}

/// The products of two lanes that Halide took apart, and whose results LLVM forwards lane by lane: puts them together
/// again, from a product's last use back to its first operands.
class ProductExpansion {
 public:
  explicit ProductExpansion(llvm::Function& product) : product_(product) {}

  void run(llvm::Module& code) {
    for (llvm::InsertElementInst* last : insertions_of(code)) {
      const std::vector<llvm::CallInst*> lanes = calls_by_lane(*last, product_);
      if (lanes.size() == 2) last->replaceAllUsesWith(product(*lanes[0], *lanes[1]));
    }
    remove_calls();
  }

 private:
  llvm::CallInst* product_call(llvm::Value* value) const {
    auto* call = llvm::dyn_cast<llvm::CallInst>(value);
    return call != nullptr && call->getCalledFunction() == &product_ ? call : nullptr;
  }

  llvm::Value* product(llvm::CallInst& low, llvm::CallInst& high) {
    llvm::Value*& result = products_[{&low, &high}];
    if (result != nullptr) return result;
    std::vector<llvm::Value*> operands;
    for (unsigned i = 0; i < 3; ++i)
      operands.push_back(both(low.getArgOperand(i), high.getArgOperand(i), later(low, high)));
    llvm::IRBuilder<> builder(later(low, high));
    auto* bytes = llvm::FixedVectorType::get(builder.getInt8Ty(), 16);
    auto* words = llvm::FixedVectorType::get(builder.getInt32Ty(), 4);
    llvm::Value* sums =
        builder.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_smmla, {words, bytes},
                                {builder.CreateBitCast(operands[0], words), builder.CreateBitCast(operands[1], bytes),
                                 builder.CreateBitCast(operands[2], bytes)});
    return products_[{&low, &high}] = builder.CreateBitCast(sums, operands[0]->getType());
  }

  llvm::Value* both(llvm::Value* low, llvm::Value* high, llvm::Instruction* before) {
    llvm::CallInst* low_call = product_call(low);
    llvm::CallInst* high_call = product_call(high);
    if (low_call != nullptr && high_call != nullptr) return product(*low_call, *high_call);
    llvm::IRBuilder<> builder(before);
    llvm::Value* vector = llvm::UndefValue::get(llvm::FixedVectorType::get(builder.getInt64Ty(), 2));
    vector = builder.CreateInsertElement(vector, low, uint64_t{0});
    return builder.CreateInsertElement(vector, high, uint64_t{1});
  }

  static llvm::Instruction* later(llvm::CallInst& a, llvm::CallInst& b) {
    QATC_CHECK(a.getParent() == b.getParent(), "the lanes of a matrix product are apart");
    return a.comesBefore(&b) ? &b : &a;
  }

  void remove_calls() {
    bool removed = true;
    while (removed) {
      removed = false;
      for (llvm::CallInst* call : calls_of(product_)) {
        remove_unused_insertions(*call);
        if (!call->use_empty()) continue;
        call->eraseFromParent();
        removed = true;
      }
    }
    QATC_CHECK(product_.use_empty(), "a matrix product is left in single lanes");
    product_.eraseFromParent();
  }

  static void remove_unused_insertions(llvm::Value& value) {
    const std::vector<llvm::User*> users(value.user_begin(), value.user_end());
    for (llvm::User* user : users) {
      auto* insert = llvm::dyn_cast<llvm::InsertElementInst>(user);
      if (insert == nullptr) continue;
      remove_unused_insertions(*insert);
      if (insert->use_empty()) insert->eraseFromParent();
    }
  }

  llvm::Function& product_;
  std::map<std::pair<llvm::CallInst*, llvm::CallInst*>, llvm::Value*> products_;
};

/// Halves of 64-bit lanes: a shuffle (one uzp) where truncation after a shift would be several instructions.
void halves_to_shuffles(llvm::Module& code) {
  std::vector<llvm::TruncInst*> truncations;
  for (llvm::Function& function : code) {
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      auto* trunc = llvm::dyn_cast<llvm::TruncInst>(&instruction);
      if (trunc == nullptr || !trunc->getType()->isVectorTy()) continue;
      if (trunc->getSrcTy()->getScalarSizeInBits() == 64 && trunc->getDestTy()->getScalarSizeInBits() == 32) {
        truncations.push_back(trunc);
      }
    }
  }
  for (llvm::TruncInst* trunc : truncations) {
    llvm::Value* pairs = trunc->getOperand(0);
    llvm::Value* shifted = nullptr;
    const bool high = llvm::PatternMatch::match(
        pairs, llvm::PatternMatch::m_LShr(llvm::PatternMatch::m_Value(shifted), llvm::PatternMatch::m_SpecificInt(32)));
    if (high) pairs = shifted;
    llvm::IRBuilder<> builder(trunc);
    const unsigned lanes = llvm::cast<llvm::FixedVectorType>(trunc->getType())->getNumElements();
    std::vector<int> mask;
    for (unsigned i = 0; i < lanes; ++i) mask.push_back(static_cast<int>(2 * i + (high ? 1 : 0)));
    auto* type = llvm::FixedVectorType::get(builder.getInt32Ty(), 2 * lanes);
    trunc->replaceAllUsesWith(builder.CreateShuffleVector(builder.CreateBitCast(pairs, type), mask));
    trunc->eraseFromParent();
  }
}

/// Whether the result is a[0] b[0] a[1] b[1]... of all lanes of both operands.
bool interleaves(const llvm::ShuffleVectorInst& shuffle) {
  const llvm::ArrayRef<int> mask = shuffle.getShuffleMask();
  const size_t lanes = llvm::cast<llvm::FixedVectorType>(shuffle.getOperand(0)->getType())->getNumElements();
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != static_cast<int>(i / 2 + i % 2 * lanes)) return false;
  }
  return mask.size() == 2 * lanes;
}

/// The address of a load or store as a base and constant bytes.
template <class Access>
std::pair<const llvm::Value*, int64_t> base_and_offset(const Access& access) {
  llvm::APInt offset(64, 0);
  const llvm::DataLayout& layout = access.getModule()->getDataLayout();
  const llvm::Value* base = access.getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
  return {base, offset.getSExtValue()};
}

/// Whether they are in one block and each begins `bytes` behind the one before.
template <class Access>
bool are_adjacent(const std::vector<Access*>& accesses, int64_t bytes) {
  for (size_t i = 0; i < accesses.size(); ++i) {
    if (accesses[i] == nullptr || accesses[i]->getParent() != accesses[0]->getParent()) return false;
    const auto [base, offset] = base_and_offset(*accesses[0]);
    if (base_and_offset(*accesses[i]) != std::pair(base, offset + bytes * static_cast<int64_t>(i))) return false;
  }
  return !accesses.empty();
}

/// `bytes` behind `address`, as what an access there with a post-increment leaves. Without the freeze it would be a sum
/// with the first address.
llvm::Value* next_address(llvm::IRBuilder<>& builder, llvm::Value* address, uint64_t bytes) {
  return builder.CreateFreeze(builder.CreateConstGEP1_64(builder.getInt8Ty(), address, bytes));
}

/// The store of words i and i + 1 of a vector to address + 8 i, for even i; none if anything else is done with it.
std::vector<llvm::StoreInst*> stores_by_pair(llvm::ShuffleVectorInst& words) {
  std::vector<llvm::StoreInst*> stores(words.getShuffleMask().size() / 2, nullptr);
  for (llvm::User* user : words.users()) {
    auto* part = llvm::dyn_cast<llvm::ShuffleVectorInst>(user);
    if (part == nullptr || part->getShuffleMask().size() != 2 || !part->hasOneUse()) return {};
    const int first = part->getMaskValue(0);
    auto* store = llvm::dyn_cast<llvm::StoreInst>(*part->user_begin());
    if (store == nullptr || first < 0 || first % 2 != 0 || part->getMaskValue(1) != first + 1) return {};
    stores.at(static_cast<size_t>(first) / 2) = store;
  }
  if (!are_adjacent(stores, 16)) return {};
  return stores;
}

void interleave_stores(llvm::ShuffleVectorInst& words) {
  const std::vector<llvm::StoreInst*> stores = stores_by_pair(words);
  if (stores.empty()) return;
  llvm::IRBuilder<> builder(stores[0]);
  llvm::Type* byte_pointer = builder.getInt8Ty()->getPointerTo();
  llvm::Value* address = builder.CreateBitCast(stores[0]->getPointerOperand(), byte_pointer);
  for (size_t i = 0; i + 1 < stores.size(); i += 2) {
    const std::vector<int> lanes{static_cast<int>(i), static_cast<int>(i) + 1};
    llvm::Value* first = builder.CreateShuffleVector(words.getOperand(0), lanes);
    llvm::Value* second = builder.CreateShuffleVector(words.getOperand(1), lanes);
    builder.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_st2, {first->getType(), byte_pointer},
                            {first, second, address});
    address = next_address(builder, address, 32);
  }
  // An odd last pair of words keeps its store.
  for (size_t i = 0; i < stores.size() / 2 * 2; ++i) stores[i]->eraseFromParent();
}

/// Whether `vector` is a concatenation of loads, which are appended to `loads`.
bool is_concatenation(llvm::Value* vector, std::vector<llvm::LoadInst*>& loads) {
  if (auto* load = llvm::dyn_cast<llvm::LoadInst>(vector)) {
    loads.push_back(load);
    return true;
  }
  const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(vector);
  return shuffle != nullptr && shuffle->isConcat() && is_concatenation(shuffle->getOperand(0), loads) &&
         is_concatenation(shuffle->getOperand(1), loads);
}

llvm::Value* concatenation(llvm::IRBuilder<>& builder, std::vector<llvm::Value*> parts) {
  while (parts.size() > 1) {
    std::vector<llvm::Value*> joined;
    for (size_t i = 0; i < parts.size(); i += 2) {
      const unsigned lanes = llvm::cast<llvm::FixedVectorType>(parts[i]->getType())->getNumElements();
      std::vector<int> mask(2 * lanes);
      std::iota(mask.begin(), mask.end(), 0);
      joined.push_back(builder.CreateShuffleVector(parts[i], parts[i + 1], mask));
    }
    parts = joined;
  }
  return parts.front();
}

/// Whether the result is lanes 1, 3, 5... of the first operand, all of them.
bool takes_odd_lanes(const llvm::ShuffleVectorInst& shuffle) {
  const llvm::ArrayRef<int> mask = shuffle.getShuffleMask();
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != static_cast<int>(2 * i + 1)) return false;
  }
  return 2 * mask.size() == llvm::cast<llvm::FixedVectorType>(shuffle.getOperand(0)->getType())->getNumElements();
}

/// Memory at the end of the frame is in reach of stp.
void move_to_end_of_frame(llvm::AllocaInst& memory) {
  llvm::Instruction* last = &memory;
  for (llvm::Instruction& instruction : *memory.getParent()) {
    if (llvm::isa<llvm::AllocaInst>(instruction)) last = &instruction;
  }
  if (last != &memory) memory.moveAfter(last);
}

/// Puts ld2 in the place of loads of pairs of sums, of which `first` takes those of first pixels and a shuffle those of
/// second ones.
void deinterleave_loads(llvm::TruncInst& first) {
  llvm::Value* pairs = first.getOperand(0);
  std::vector<llvm::LoadInst*> loads;
  if (!is_concatenation(pairs, loads) || !are_adjacent(loads, 16) || loads.size() % 2 != 0) return;
  if (auto* memory = llvm::dyn_cast<llvm::AllocaInst>(llvm::getUnderlyingObject(loads[0]->getPointerOperand()))) {
    move_to_end_of_frame(*memory);
  }
  llvm::IRBuilder<> builder(loads[0]);
  llvm::Type* byte_pointer = builder.getInt8Ty()->getPointerTo();
  auto* four_sums = llvm::FixedVectorType::get(builder.getInt32Ty(), 4);
  llvm::Value* address = builder.CreateBitCast(loads[0]->getPointerOperand(), byte_pointer);
  std::array<std::vector<llvm::Value*>, 2> sums;  // by pixel
  for (size_t i = 0; i < loads.size(); i += 2) {
    llvm::Value* both =
        builder.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_ld2, {four_sums, byte_pointer}, {address});
    for (unsigned pixel = 0; pixel < 2; ++pixel) sums.at(pixel).push_back(builder.CreateExtractValue(both, pixel));
    address = next_address(builder, address, 32);
  }
  for (llvm::User* halves : pairs->users()) {
    if (!llvm::isa<llvm::BitCastInst>(halves)) continue;
    for (llvm::User* user : halves->users()) {
      auto* second = llvm::dyn_cast<llvm::ShuffleVectorInst>(user);
      if (second != nullptr && takes_odd_lanes(*second)) second->replaceAllUsesWith(concatenation(builder, sums[1]));
    }
  }
  first.replaceAllUsesWith(concatenation(builder, sums[0]));
}

}  // namespace

bool expand_matrix_products(llvm::Module& code) {
  expand_vector_loads(code);
  expand_load(code, kLoad8, 64);
  expand_load(code, kLoad4, 32);
  llvm::Function* product = code.getFunction(kSmmla);
  if (product == nullptr) return false;
  ProductExpansion(*product).run(code);
  halves_to_shuffles(code);
  return true;
}

void interleave_accesses(llvm::Module& code) {
  std::vector<llvm::ShuffleVectorInst*> shuffles;
  std::vector<llvm::TruncInst*> truncations;
  for (llvm::Function& function : code) {
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction);
      if (shuffle != nullptr && shuffle->getType()->getScalarSizeInBits() == 64 && interleaves(*shuffle)) {
        shuffles.push_back(shuffle);
      }
      auto* trunc = llvm::dyn_cast<llvm::TruncInst>(&instruction);
      if (trunc != nullptr && trunc->getType()->isVectorTy() && trunc->getType()->getScalarSizeInBits() == 32) {
        truncations.push_back(trunc);
      }
    }
  }
  for (llvm::ShuffleVectorInst* shuffle : shuffles) interleave_stores(*shuffle);
  for (llvm::TruncInst* trunc : truncations) deinterleave_loads(*trunc);
}

}  // namespace qatc
