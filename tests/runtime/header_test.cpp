// Compiled only: the public headers as an app in C++17 includes them.
#include "qatc_driver_support.h"
#include "qatc_runtime.h"
#include "qatc_threads.h"

static_assert(QATC_OK == 0, "success is zero, so that a status can be tested as a condition");

const char* header_test_use(qatc_status status) { return qatc_status_string(status); }
