/* The floor of keeping idle clients: a process with epoll and as many TCP connections, which sends each a frame of a
 * heartbeat's size at the same pace, reads the echo, and looks at nothing. What it costs is the kernel's part of any
 * gateway's. */
#pragma once

#include "tests/bench/bench_loop.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct idle_floor idle_floor;

/* `count` connections, all open when it returns; their heartbeats are spread evenly over `interval_us`. */
idle_floor *idle_floor_new(bench_loop *loop, unsigned count, int64_t interval_us);
void idle_floor_free(idle_floor *floor);
pid_t idle_floor_pid(const idle_floor *floor);

/* Has it send `messages` of `size` octets to every client, one by one, as a gateway would whose clients are told
 * something; returns when all have arrived. */
void idle_floor_tell_all(idle_floor *floor, unsigned messages, size_t size);
