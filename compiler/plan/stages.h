#pragma once

#include "plan/arrangement.h"
#include "plan/plan.h"

namespace qatc {

/// Fills the stages, kernels and statistics of a plan: a stage for each cluster, one before it for each norm that it
/// applies, and those that load or store the image where no cluster does.
void make_stages(Plan& plan, const Arrangement& arrangement);

/// Where plan.kernels has the kernel, which is added if it is new.
int kernel_index(Plan& plan, const KernelSpec& spec);

/// Leaves the kernels that are called, each once, in the order of their first calls.
void number_kernels(Plan& plan);

/// The plan with the tiles of its kernels (tiles_of), which may be those of several: what schedules are measured by.
Plan plan_of_tiles(const Plan& plan);

}  // namespace qatc
