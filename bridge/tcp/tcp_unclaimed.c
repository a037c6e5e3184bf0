/* Places, looked through one by one: a few hundred, and only when somebody connects or is late. */
#include "bridge/tcp/tcp_unclaimed.h"

#include <glib.h>
#include <string.h>

enum { IPV6_NETWORK_SIZE = 8 };

static void network_of(const cg_path *path, uint8_t ret_network[static 16])
{
    memset(ret_network, 0, 16);
    memcpy(ret_network, path->remote, path->ipv6 ? IPV6_NETWORK_SIZE : 4);
    ret_network[15] = path->ipv6;
}

/* A free place, or that of the longest silent; -1 if there is neither. */
static int find_place(const cg_tcp_unclaimed *unclaimed)
{
    int oldest = -1;
    for (int i = 0; i < CG_TCP_UNCLAIMED; i++) {
        const cg_tcp_place *place = &unclaimed->places[i];
        if (!place->used)
            return i;
        if (place->connection != NULL && (oldest < 0 || place->deadline_us < unclaimed->places[oldest].deadline_us))
            oldest = i;
    }
    return oldest;
}

static unsigned count_network(const cg_tcp_unclaimed *unclaimed, const uint8_t network[static 16])
{
    unsigned count = 0;
    for (unsigned i = 0; i < CG_TCP_UNCLAIMED; i++)
        count += unclaimed->places[i].used && memcmp(unclaimed->places[i].network, network, 16) == 0;
    return count;
}

int cg_tcp_unclaimed_enter(cg_tcp_unclaimed *unclaimed, const cg_path *path, void *connection, int64_t deadline_us,
                           void **ret_displaced)
{
    uint8_t network[16];
    network_of(path, network);
    *ret_displaced = NULL;
    int place = find_place(unclaimed);
    if (place < 0 || count_network(unclaimed, network) >= CG_TCP_UNCLAIMED_OF_ADDRESS)
        return -1;
    *ret_displaced = unclaimed->places[place].connection;
    unclaimed->places[place] = (cg_tcp_place){.connection = connection, .deadline_us = deadline_us, .used = true};
    memcpy(unclaimed->places[place].network, network, 16);
    return place;
}

void *cg_tcp_unclaimed_hand_over(cg_tcp_unclaimed *unclaimed, unsigned place)
{
    return g_steal_pointer(&unclaimed->places[place].connection);
}

void cg_tcp_unclaimed_leave(cg_tcp_unclaimed *unclaimed, unsigned place)
{
    g_assert(unclaimed->places[place].used);
    unclaimed->places[place] = (cg_tcp_place){0};
}

int cg_tcp_unclaimed_find_late(const cg_tcp_unclaimed *unclaimed, int64_t now_us, int64_t *ret_next_us)
{
    *ret_next_us = INT64_MAX;
    for (int i = 0; i < CG_TCP_UNCLAIMED; i++) {
        const cg_tcp_place *place = &unclaimed->places[i];
        if (place->connection == NULL)
            continue;
        if (place->deadline_us <= now_us)
            return i;
        *ret_next_us = MIN(*ret_next_us, place->deadline_us);
    }
    return -1;
}
