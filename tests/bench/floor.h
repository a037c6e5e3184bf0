/* The floor beside a gateway on loopback: a plain relay (relay_process.h) and senders with a socket each. */
#pragma once

#include "tests/bench/bench_loop.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct floor_relay floor_relay;

/* `count` senders (even: 0 talks to 1, 2 to 3 ...) of datagrams of `size` octets; silent at first. */
floor_relay *floor_relay_new(bench_loop *loop, unsigned count, size_t size);
void floor_relay_free(floor_relay *relay);

pid_t floor_relay_pid(const floor_relay *relay);
/* Each sender sends so many, one every `interval_us`, as talker_send does; the senders are spread evenly over it. */
void floor_relay_send(floor_relay *relay, unsigned packets, int64_t interval_us);
bool floor_relay_is_silent(const floor_relay *relay); /* all have sent theirs */
void floor_relay_count(const floor_relay *relay, uint64_t *ret_sent, uint64_t *ret_received);
