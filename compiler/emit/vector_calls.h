#pragma once

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include <vector>

namespace qatc {

// Halide breaks a vector call of a function that it can't see into one call per lane; this finds what it put together.

/// The insertions of all functions, in order: the last one of a vector is among them.
std::vector<llvm::InsertElementInst*> insertions_of(llvm::Module& code);

/// The calls of `function` whose results `last` and the insertions before it put into all lanes of a vector, by lane;
/// none if a lane is anything else.
std::vector<llvm::CallInst*> calls_by_lane(llvm::InsertElementInst& last, const llvm::Function& function);

}  // namespace qatc
