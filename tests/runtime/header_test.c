/* Compiled only: every public header must come first in some file without a warning, and be includable twice.
 */
#include "qatc_threads.h"
/* clang-format keeps this order: each header has to stand on its own. */
#include "qatc_driver_support.h"
#include "qatc_runtime.h"
#include "qatc_threads.h"

qatc_status header_test_use(const qatc_image* image, qatc_threads* threads);

qatc_status header_test_use(const qatc_image* image, qatc_threads* threads) {
  const qatc_executor* executor = qatc_threads_executor(threads);
  return executor->workers > 0 && image->type == QATC_U8 ? QATC_OK : QATC_WRONG_TYPE;
}
