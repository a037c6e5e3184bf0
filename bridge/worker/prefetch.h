/* Thousands of legs do not fit a processor's cache, and a packet touches a dozen places of two of them, each found
 * through the one before. One packet after the other would wait for each; a batch waits for them together. */
#pragma once

#include "bridge/worker/worker.h"

/* Asks the memory for what handling the batch will read. Changes nothing. */
void cg_prefetch_batch(const cg_worker *worker, const cg_datagram *datagrams, size_t count);
