/* Measuring a worker: the control thread asks, the worker answers when it comes to it. One question at a time; how long
 * it waited is part of the answer. Nothing is measured per packet. */
#pragma once

#include "bridge/worker/worker.h"

/* For the control thread, a few times a second: takes an answer into `load`, and asks again when it is time. */
void cg_worker_measure(cg_worker *worker, cg_load *load, int64_t now_us);
