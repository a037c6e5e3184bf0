/* Paths: comparing, hashing, printing. */
#include "bridge/transport/path.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(cg_path) == 40); /* no hidden padding */

cg_path cg_path_of_agent(uint64_t leg, const struct sockaddr_storage *remote)
{
    cg_path path = {.transport = CG_TRANSPORT_AGENT, .ipv6 = remote->ss_family == AF_INET6};
    memcpy(path.local, &leg, sizeof leg);
    if (path.ipv6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) remote;
        path.port = ntohs(in6->sin6_port);
        memcpy(path.remote, &in6->sin6_addr, 16);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *) remote;
        path.port = ntohs(in->sin_port);
        memcpy(path.remote, &in->sin_addr, 4);
    }
    return path;
}

uint64_t cg_path_agent_leg(const cg_path *path)
{
    uint64_t leg;
    memcpy(&leg, path->local, sizeof leg);
    return leg;
}

bool cg_path_equal(const cg_path *a, const cg_path *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* One round of a multiply-and-fold hash; the product's high half carries the mixing. */
static uint64_t mix(uint64_t state, uint64_t value)
{
    __uint128_t product = (__uint128_t) (state ^ value) * 0x9e3779b97f4a7c15u;
    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

uint32_t cg_path_hash(const cg_path *path, uint64_t seed)
{
    uint64_t words[sizeof *path / 8];
    memcpy(words, path, sizeof words);
    uint64_t state = seed;
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
        state = mix(state + seed, words[i]);
    return (uint32_t) (state ^ state >> 32);
}

void cg_path_remote_address(const cg_path *path, struct sockaddr_storage *ret_address)
{
    memset(ret_address, 0, sizeof *ret_address);
    if (path->ipv6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) ret_address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(path->port);
        in6->sin6_scope_id = path->transport == CG_TRANSPORT_UDP ? path->scope : 0;
        memcpy(&in6->sin6_addr, path->remote, 16);
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *) ret_address;
        in->sin_family = AF_INET;
        in->sin_port = htons(path->port);
        memcpy(&in->sin_addr, path->remote, 4);
    }
}

void cg_path_format(const cg_path *path, char ret_text[static CG_PATH_TEXT_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(path->ipv6 ? AF_INET6 : AF_INET, path->remote, address, sizeof address);
    g_snprintf(ret_text, CG_PATH_TEXT_SIZE, path->ipv6 ? "[%s]:%u%s" : "%s:%u%s", address, path->port,
               path->transport == CG_TRANSPORT_TCP ? "/tcp" : "");
}
