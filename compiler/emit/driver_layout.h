#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "plan/plan.h"

namespace qatc {

/// The driver's `frame`, what its stages share, and `lay_out`, which fills it for an image size.
void write_layout(std::ostream& out, const Plan& plan);

/// The frame's field that holds how many rows the window of a tensor has in a stage.
std::string window_capacity_field(int stage, int tensor);

/// Index of a resize in plan.resizes.
int resize_index(const Plan& plan, NodeId resize);

/// The frame's field that says whether a resize doubles both sides.
std::string doubles_field(const Plan& plan, NodeId resize);
/// Name of the frame's qatc_row_map of such a resize.
std::string row_map_field(const Plan& plan, NodeId resize);

/// Channels of the tensor that statistics are of, as stored.
int64_t norm_channels(const Plan& plan, int statistics);

}  // namespace qatc
