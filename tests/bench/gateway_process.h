/* A gateway for one measurement: a configuration of its own, the real program, ended by its id. Every measurement has
 * a fresh one, so that none sees memory or threads that another left. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct gateway_process gateway_process;

enum { GATEWAY_SIP_PORT = 5060 };

typedef struct {
    const char *program;
    const char *netns;   /* where it runs, on every address; NULL: here, on loopback */
    const char *address; /* that it serves; NULL: 127.0.0.1 */
    const char *trunk;   /* network of a trunk, whose calls to +1555000N are for client "bench-N"; NULL: none */
    unsigned numbers;    /* how many of these there are */
    uint16_t sip_port;   /* 0: GATEWAY_SIP_PORT */
    bool proving;        /* whoever is no such trunk may prove that he is */
} gateway_options;

/* Starts it with one media worker and limits out of the way, and waits until it listens. */
gateway_process *gateway_process_new(const gateway_options *options);
/* Ends it in good order; ends the benchmark if it did not end so. */
void gateway_process_free(gateway_process *gateway);

/* Has it read its configuration again, in which the account of all clients is suspended. */
void gateway_process_suspend_account(gateway_process *gateway);

pid_t gateway_process_pid(const gateway_process *gateway);
const struct sockaddr_in *gateway_process_server(const gateway_process *gateway); /* HTTP and WebSocket */

/* A token for a client that may call and be called. Free with g_free. */
char *gateway_process_mint(const gateway_process *gateway, const char *identity);

/* The text of /metrics, head of the answer and all. Free with g_free. */
char *gateway_process_metrics(const gateway_process *gateway);
