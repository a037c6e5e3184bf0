/* A gateway for one measurement: a configuration of its own, the real program, ended by its id. Every measurement has
 * a fresh one, so that none sees memory or threads that another left. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct gateway_process gateway_process;

/* Starts `program` with one media worker on loopback and limits out of the way, and waits until it listens. Its log
 * goes to a file that is shown if it fails. */
gateway_process *gateway_process_new(const char *program);
/* Ends it in good order; ends the benchmark if it did not end so. */
void gateway_process_free(gateway_process *gateway);

/* Has it read its configuration again, in which the account of all clients is suspended. */
void gateway_process_suspend_account(gateway_process *gateway);

pid_t gateway_process_pid(const gateway_process *gateway);
uint16_t gateway_process_port(const gateway_process *gateway);

/* A token for a client that may call and be called. Free with g_free. */
char *gateway_process_mint(const gateway_process *gateway, const char *identity);
