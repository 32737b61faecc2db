#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/kernel_argument.h"
#include "plan/plan.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// A constant of the generated library: weights, multipliers, tables. The bytes depend on the instruction set, the name
/// and the C type do not, so one driver source serves all targets.
struct Constant {
  std::string symbol;  // with the model's prefix
  std::string c_type;  // of an element as the driver declares it; filters are opaque bytes to it
  std::vector<uint8_t> bytes;
};

/// All constants of a plan, in a fixed order. `schedules`: one per kernel; they decide how filters lie.
std::vector<Constant> pack_constants(const Plan& plan, const std::vector<KernelSchedule>& schedules,
                                     const std::string& name, Isa isa);

/// The same without bytes.
std::vector<Constant> declare_constants(const Plan& plan, const std::string& name);

/// The bytes that a call passes for an argument (is_constant) of `kernel`: its own or that of its UpsampledConv.
std::vector<uint8_t> pack_argument(const Plan& plan, int call, int kernel, const KernelArgument& argument,
                                   const KernelSchedule& schedule, Isa isa);

// Symbols, also for the driver. Calls are numbered through all stages.
std::string call_symbol(const std::string& name, int call, const KernelArgument& argument);
/// The same of the kernel of its UpsampledConv, which only has a filter of its own.
std::string upsampled_symbol(const std::string& name, int call, const KernelArgument& argument);
std::string norm_symbol(const std::string& name, int statistics, const char* what);
/// `what`: "input_u8", stored bytes by byte of an image; "output_u8" and "output_f32", values of an image by stored
/// byte.
std::string image_table_symbol(const std::string& name, const char* what);
/// By kernel: flat_row_tile (schedules/tile_shape.h), of which calls with flat_rows make use.
std::string flat_row_tiles_symbol(const std::string& name);

/// The stored byte of a graph value's q, before it is offset for ARM: q - min(dtype).
int32_t stored(int32_t q, DType dtype);

}  // namespace qatc
