/* sipp(1) as the trunk: phones that call +15550000, +15550001 and so on at an even pace, and stay until they are hung
 * up on. Their media is the load's: each call describes a plain client's address. */
#pragma once

#include "tests/bench/load.h"

typedef struct sipp_caller sipp_caller;

typedef struct {
    load *load;
    const char *address, *server; /* its own, the gateway's ("host:port") */
    unsigned calls, per_second;
    const char *format; /* what follows the profile in the m= line, and the lines that explain it */
} sipp_caller_options;

/* Ready to begin. The media of call n is that of the load's client 2n + 1. */
sipp_caller *sipp_caller_new(const sipp_caller_options *options);
void sipp_caller_start(sipp_caller *caller);
/* Once all calls were hung up; ends the benchmark if any of them failed. */
void sipp_caller_free(sipp_caller *caller);
