/* Compiled only: the headers as an app in strict C11 includes them, qatc_threads.h on its own and a second
 * time. */
#include "qatc_driver_support.h"
#include "qatc_runtime.h"
#include "qatc_threads.h"

qatc_status header_test_use(const qatc_image* image, qatc_threads* threads);

qatc_status header_test_use(const qatc_image* image, qatc_threads* threads) {
  const qatc_executor* executor = qatc_threads_executor(threads);
  return executor->workers > 0 && image->type == QATC_U8 ? QATC_OK : QATC_WRONG_TYPE;
}
