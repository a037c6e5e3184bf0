/* Where SIP listens: at an address of IPv4, of IPv6, or one of each. Peers know us by the host of their own family, in
 * Via, Contact and From alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_SIP_MAX_LISTENERS 2

typedef struct {
    int family;
    char *address; /* owned; that is bound */
    char *host;    /* owned; that others are told, as in URIs */
} cg_sip_listener;

typedef struct {
    cg_sip_listener at[CG_SIP_MAX_LISTENERS];
    size_t count;
} cg_sip_listeners;

/* At most one address of each family, and of what is advertised instead: an address goes for its own family, a name for
 * those that have none. */
void cg_sip_listeners_init(cg_sip_listeners *listeners, const char *const *addresses, const char *const *advertise);
void cg_sip_listeners_clear(cg_sip_listeners *listeners);

int cg_sip_family_of(const char *host); /* an address with brackets or without; AF_UNSPEC: a name */

/* Ours of that family; the first if it has none. */
const char *cg_sip_listeners_of_family(const cg_sip_listeners *listeners, int family);
/* Ours as peers at `host` ("192.0.2.1:5060;transport=tcp") know it; NULL, or a name: the first. */
const char *cg_sip_listeners_towards(const cg_sip_listeners *listeners, const char *host);
/* Is that "host" or "host:port" one of ours? The port may be left out if it is the `standard` one. */
bool cg_sip_listeners_have(const cg_sip_listeners *listeners, const char *host, uint16_t port, uint16_t standard);

/* For Sofia: the host is what others are told, maddr what is bound; g_free. */
char *cg_sip_listener_url(const cg_sip_listener *listener, const char *scheme, uint16_t port);
