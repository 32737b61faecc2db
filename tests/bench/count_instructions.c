/* A plugin of qemu-user that counts the guest instructions a program executes, by function and by block.
 *
 *   gcc -shared -fPIC -O2 -DQATC_QEMU_PLUGIN_VERSION=1 -o count_instructions.so count_instructions.c
 *   qemu-aarch64 -plugin ./count_instructions.so,out=COUNTS.txt PROGRAM
 *
 * COUNTS.txt gets a line "function SYMBOL INSTRUCTIONS" for each function ("?" stands for code without a symbol) and a
 * line "block ADDRESS INSTRUCTIONS EXECUTIONS" for each straight run of code that was translated at once, in order of
 * first execution; blocks may overlap. The counts are exact for programs of one thread. QATC_QEMU_PLUGIN_VERSION is what
 * the qemu at hand accepts (QEMU 7: 1, 9 and later: 2); all functions used here are the same in both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#ifndef QATC_QEMU_PLUGIN_VERSION
#define QATC_QEMU_PLUGIN_VERSION 1
#endif
#define EXPORT __attribute__((visibility("default")))

typedef struct function_count {
  char* symbol;
  uint64_t count;
  struct function_count* next;
} function_count;

/* Consecutive instructions of a block that belong to one function; most blocks are one run. */
typedef struct run {
  function_count* function;
  uint64_t instructions;
} run;

typedef struct block {
  uint64_t address, instructions, executions;
  struct block* next;
  size_t runs;
  run run[];
} block;

static function_count* functions; /* translation is serialized by qemu */
static function_count** functions_end = &functions;
static block* blocks;
static block** blocks_end = &blocks;
static char* out_path;

static void* allocate(size_t bytes) {
  void* memory = calloc(1, bytes);
  if (memory == NULL) {
    fputs("count_instructions: no memory\n", stderr);
    exit(1);
  }
  return memory;
}

static function_count* find_function(const char* symbol) {
  const char* name = symbol == NULL ? "?" : symbol;
  for (function_count* f = functions; f != NULL; f = f->next) {
    if (strcmp(f->symbol, name) == 0) {
      return f;
    }
  }
  function_count* f = allocate(sizeof *f);
  f->symbol = allocate(strlen(name) + 1);
  strcpy(f->symbol, name);
  *functions_end = f;
  functions_end = &f->next;
  return f;
}

static void execute(unsigned int vcpu, void* data) {
  (void)vcpu;
  block* b = data;
  ++b->executions;
  for (size_t i = 0; i < b->runs; ++i) {
    b->run[i].function->count += b->run[i].instructions;
  }
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(tb);
  block* b = allocate(sizeof *b + count * sizeof b->run[0]);
  b->address = qemu_plugin_tb_vaddr(tb);
  b->instructions = count;
  *blocks_end = b;
  blocks_end = &b->next;
  for (size_t i = 0; i < count; ++i) {
    function_count* f = find_function(qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, i)));
    if (b->runs == 0 || b->run[b->runs - 1].function != f) {
      b->run[b->runs++].function = f;
    }
    ++b->run[b->runs - 1].instructions;
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, QEMU_PLUGIN_CB_NO_REGS, b);
}

static void finish(qemu_plugin_id_t id, void* data) {
  (void)id;
  (void)data;
  FILE* file = fopen(out_path, "w");
  if (file == NULL) {
    fprintf(stderr, "count_instructions: %s cannot be written\n", out_path);
    return;
  }
  for (const function_count* f = functions; f != NULL; f = f->next) {
    fprintf(file, "function %s %llu\n", f->symbol, (unsigned long long)f->count);
  }
  for (const block* b = blocks; b != NULL; b = b->next) {
    fprintf(file, "block %llu %llu %llu\n", (unsigned long long)b->address, (unsigned long long)b->instructions,
            (unsigned long long)b->executions);
  }
  fclose(file);
}

EXPORT int qemu_plugin_version = QATC_QEMU_PLUGIN_VERSION;

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
  (void)info;
  if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
    fputs("count_instructions: takes out=FILE\n", stderr);
    return -1;
  }
  out_path = allocate(strlen(argv[0]) + 1);
  strcpy(out_path, argv[0] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
