/* A process that sends one datagram, or random ones, again and again from many addresses of the load's network, at a
 * steady rate, until its time is over. */
#pragma once

#include "tests/bench/load_socket.h"

#include <sys/types.h>

enum { FLOOD_FIRST_SOURCE = 50000, FLOOD_SOURCES = 10000 }; /* clients' numbers that the load does not reach */

typedef struct {
    struct sockaddr_in to;
    const uint8_t *data; /* NULL: random octets, other ones each time */
    size_t size;
    unsigned first_source, sources; /* as numbers of clients; taken in turn */
    unsigned per_second, seconds;
} flood_plan;

typedef struct {
    pid_t pid;
    int counter; /* where it will tell what it sent */
} flood_process;

/* It sends through the socket given, as the load itself does. */
flood_process flood_start(load_socket *socket, const flood_plan *plan);
/* Waits for its end; returns the datagrams it sent. */
uint64_t flood_end(flood_process *flood);
