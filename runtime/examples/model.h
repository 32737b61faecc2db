/* The example programs work with any network: its generated header and its name come from the command line,
 *   cc -DQATC_MODEL_HEADER='"net.h"' -DQATC_MODEL=net …
 * and its functions are called by the names below. An app of your own just includes "net.h". */
#ifndef QATC_EXAMPLES_MODEL_H
#define QATC_EXAMPLES_MODEL_H

#include QATC_MODEL_HEADER

#define QATC_PASTE_EXPANDED(name, suffix) name##suffix
#define QATC_PASTE(name, suffix) QATC_PASTE_EXPANDED(name, suffix)

#define model_arena_size QATC_PASTE(QATC_MODEL, _arena_size)
#define model_output_size QATC_PASTE(QATC_MODEL, _output_size)
#define model_run QATC_PASTE(QATC_MODEL, _run)
#define model_run_on QATC_PASTE(QATC_MODEL, _run_on)

#endif /* QATC_EXAMPLES_MODEL_H */
