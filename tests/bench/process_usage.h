/* What the kernel says a process has used: CPU and memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    double total_us;           /* exact: schedstat of all its threads */
    double user_us, system_us; /* the total, parted as utime and stime are; those are sampled */
} cpu_time;

typedef struct {
    uint64_t run_ns;                   /* of the threads alive now; none may end between two readings */
    uint64_t user_ticks, system_ticks; /* of /proc/PID/stat */
} cpu_reading;

cpu_reading cpu_read(pid_t pid);
/* Adds what was used from `before` until now. */
void cpu_add_since(cpu_reading *sum, pid_t pid, const cpu_reading *before);
cpu_time cpu_split(const cpu_reading *used);

/* Bytes resident. From smaps_rollup: the quick count in /proc/PID/status lags behind by some pages per thread. */
double memory_resident(pid_t pid);
