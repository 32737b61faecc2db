/* Linked into examples/run_case.c with --wrap: every tensor and window of the network gets memory of exactly the
 * bytes that it uses next to an inaccessible page, so that a kernel that reads or writes outside of it dies.
 *
 * QATC_GUARD=above: the page follows the last byte; below: it precedes the first. QATC_GUARD_PROBE=1 reads one byte of
 * that page, to show that it is there. */
#define _DEFAULT_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qatc_driver_support.h"

void __real_qatc_place_tensor(qatc_tensor* tensor, uint8_t* memory);
qatc_window __real_qatc_open_window(const qatc_tensor* tensor, uint8_t* memory, int32_t capacity);

/* `bytes` of memory that is never freed: the program ends after one run. Above them, a tensor begins where whole pixels
 * and what is read ahead leave it, which is as aligned as kernels take its rows to be. */
static uint8_t* guarded(size_t bytes) {
  const char* side = getenv("QATC_GUARD");
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t pages = (bytes + page - 1) / page * page;
  uint8_t* low = (uint8_t*)mmap(NULL, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (side == NULL || low == (uint8_t*)MAP_FAILED || mprotect(low + page, pages, PROT_READ | PROT_WRITE) != 0) {
    perror("guarded memory");
    exit(1);
  }
  const int is_above = strcmp(side, "above") == 0;
  uint8_t* memory = low + page + (is_above ? pages - bytes : 0);
  if (getenv("QATC_GUARD_PROBE") != NULL) {
    (void)*(volatile uint8_t*)(is_above ? memory + bytes : memory - 1);
  }
  return memory;
}

void __wrap_qatc_place_tensor(qatc_tensor* tensor, uint8_t* memory) {
  (void)memory;
  __real_qatc_place_tensor(tensor,
                           guarded(qatc_rows_bytes(tensor, tensor->height + tensor->border[0] + tensor->border[2])));
}

qatc_window __wrap_qatc_open_window(const qatc_tensor* tensor, uint8_t* memory, int32_t capacity) {
  (void)memory;
  return __real_qatc_open_window(tensor, guarded(qatc_rows_bytes(tensor, capacity)), capacity);
}
