#pragma once

#include "ir/graph.h"

namespace qatc {

/// Proves that no int32 accumulator of a conv2d on 8-bit values can overflow, whatever the image; changes nothing. With
/// |q - zero_point| <= 255 a channel's sum, and every partial sum, stays within 255 * sum of |w - zero_point|. A fixed
/// point filter is summed one base-256 digit plane at a time, each digit within 128. Throws UserError with the node and
/// the number otherwise.
void check_accumulators(Graph& graph);

}  // namespace qatc
