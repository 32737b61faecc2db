#include "schedules/exact_rounding.h"

#include "support/error.h"

namespace qatc {

bool rounds_between(const KernelSpec& spec, const KernelStep& step, Isa isa) {
  if (spec.rounding != Rounding::kExact || step.clamp) return false;
  switch (step.kind) {
    case KernelStep::Kind::kRequantize:
      return !is_arm(isa) && spec.convs[static_cast<size_t>(step.conv)].digits == 1;
    case KernelStep::Kind::kAdd:
    case KernelStep::Kind::kMul:
      return true;
    case KernelStep::Kind::kLoad:
    case KernelStep::Kind::kResizeLoad:
    case KernelStep::Kind::kMaxPool:
    case KernelStep::Kind::kLookup:
    case KernelStep::Kind::kAffine:
      return false;
  }
  QATC_CHECK(false, "unknown kernel step");
}

}  // namespace qatc
