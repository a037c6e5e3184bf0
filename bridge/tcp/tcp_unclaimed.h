/* Who has connected and not yet shown that he belongs to a leg: a fixed number of places, so that strangers cost us no
 * more than these. A place is held until a worker has found the connection's first check good or bad. No I/O. */
#pragma once

#include "bridge/transport/path.h"

#include <stdint.h>

#define CG_TCP_UNCLAIMED 512           /* all together; when they are taken, whoever is silent longest gives way */
#define CG_TCP_UNCLAIMED_OF_ADDRESS 64 /* of one IPv4 address or IPv6 /64: an office may be behind it */

typedef struct {
    uint8_t network[16]; /* the address, or of IPv6 the /64 */
    void *connection;    /* that has said nothing yet; NULL: a worker has it */
    int64_t deadline_us; /* for saying something */
    bool used;
} cg_tcp_place;

typedef struct {
    cg_tcp_place places[CG_TCP_UNCLAIMED];
} cg_tcp_unclaimed;

/* A place for a connection of that path; -1 if its network has too many. `*ret_displaced` is the connection that had to
 * give way, or NULL: the caller ends it. -1 as well, without one, if workers have all of them. */
int cg_tcp_unclaimed_enter(cg_tcp_unclaimed *unclaimed, const cg_path *path, void *connection, int64_t deadline_us,
                           void **ret_displaced);
/* The place's connection, which has none any more: a worker is asked. */
void *cg_tcp_unclaimed_hand_over(cg_tcp_unclaimed *unclaimed, unsigned place);
void cg_tcp_unclaimed_leave(cg_tcp_unclaimed *unclaimed, unsigned place);

/* A place whose deadline has passed, or -1. `*ret_next_us`: when to ask again; INT64_MAX: nobody is waited for. */
int cg_tcp_unclaimed_find_late(const cg_tcp_unclaimed *unclaimed, int64_t now_us, int64_t *ret_next_us);
