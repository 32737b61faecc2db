#include "schedules/operand_loads.h"

#include <algorithm>

namespace qatc {

namespace {

int64_t loads_of(int64_t bytes, int64_t vector) { return (bytes + vector - 1) / vector; }

/// OperandLoads::step where `load` > 0 is the most.
int64_t operand_step(const KernelSpec& spec, const KernelConv& conv, int input, int64_t load) {
  const int64_t length = conv_runs(spec, conv, input).length;
  if (length % kOperandVector == 0) return kOperandVector;
  // Three products by lane and more for a load.
  if (conv.upsampled && length % 12 == 0) return 12;
  if (conv.upsampled) return length % 8 == 0 ? 8 : 4;
  // Behind pixels of whole vectors nothing may be read ahead.
  if (spec.inputs[static_cast<size_t>(input)] % kOperandVector == 0) return length % 8 == 0 ? 8 : 4;
  int64_t step = load;
  while (length % step != 0) step -= kChannelAlignment;
  return step;
}

}  // namespace

OperandLoads operand_loads(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input) {
  OperandLoads loads;
  if (schedule.load == 0) return loads;
  loads.step = operand_step(spec, conv, input, schedule.load);
  // Half a vector and less is a load of its own kind, which reads no more.
  loads.vector = loads.step <= kOperandVector / 2 ? loads.step : kOperandVector;
  if (conv.upsampled) return {loads.step, false, loads.vector, schedule.pixels + 2};
  loads.count = schedule.pixels * loads_of(loads.step, loads.vector);
  const int64_t pixel_bytes = spec.inputs[static_cast<size_t>(input)];
  if (pixel_bytes % kOperandVector == 0 || loads.step % kOperandVector == 0) return loads;
  // Pixels that lie close together have most of their bytes in the same vectors.
  const int64_t together = (schedule.pixels - 1) * conv.stride[1] * pixel_bytes + loads.step;
  if (loads_of(together, kOperandVector) >= loads.count) return loads;
  return {loads.step, true, kOperandVector, loads_of(together, kOperandVector)};
}

int64_t longest_step(const KernelSpec& spec, int64_t load) {
  int64_t longest = 0;
  for (const KernelConv& conv : spec.convs) {
    for (int input : conv.inputs) longest = std::max(longest, operand_step(spec, conv, input, load));
  }
  return longest;
}

int64_t least_load(const KernelSpec& spec) {
  constexpr int64_t kMost = 64;
  constexpr int64_t kPiece = 12;
  int64_t load = kOperandVector;
  const auto is_enough = [&](const KernelConv& conv) {
    return std::all_of(conv.inputs.begin(), conv.inputs.end(), [&](int input) {
      return operand_step(spec, conv, input, load) >= std::min(kPiece, operand_step(spec, conv, input, kMost));
    });
  };
  while (!std::all_of(spec.convs.begin(), spec.convs.end(), is_enough)) load += kChannelAlignment;
  return longest_step(spec, load);
}

}  // namespace qatc
