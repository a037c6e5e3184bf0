/* The addresses that a bridge listens on and those it tells of as candidates (RFC 8445 section 5.1.1.1). */
#pragma once

#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>

#define CG_MAX_ADDRESSES 32 /* configured or found, and advertised; further ones are left out */

typedef struct {
    struct sockaddr_storage found[CG_MAX_ADDRESSES]; /* ours; ports are 0 */
    size_t found_count;
    struct sockaddr_storage advertised[CG_MAX_ADDRESSES]; /* others' view of us */
    size_t advertised_count;
    bool given; /* configured, not found: only these are answered */
} cg_addresses;

/* Reads the configured lists (NULL-terminated; NULL or empty `addresses`: asks the host for those of its interfaces
 * that are up, without link-local, loopback only if there is no other). False and a message (g_free) if a text is no
 * address or the host has none. */
bool cg_addresses_read(const char *const *addresses, const char *const *advertise, cg_addresses *ret_addresses,
                       char **ret_error);

/* The same family and address; ports do not matter. */
bool cg_addresses_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* The address to bind for a family: none of it may be ours (false), one (bind just that), or several (the wildcard). */
bool cg_addresses_bind_address(const cg_addresses *addresses, int family, uint16_t port,
                               struct sockaddr_storage *ret_address);

/* True if datagrams to this address (4 or 16 octets) are for us. */
bool cg_addresses_contain(const cg_addresses *addresses, int family, const uint8_t *octets);

/* Host candidates with these ports (0: no socket of that family): advertised addresses first, then global IPv6, IPv4,
 * unique-local IPv6 (RFC 6724's order). With `tcp` they are passive ones, all below those for UDP. Returns how many; at
 * most 2 * CG_MAX_ADDRESSES. */
size_t cg_addresses_candidates(const cg_addresses *addresses, bool tcp, uint16_t ipv4_port, uint16_t ipv6_port,
                               cg_candidate ret_candidates[static 2 * CG_MAX_ADDRESSES]);
