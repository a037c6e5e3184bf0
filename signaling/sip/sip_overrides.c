/* The table is the place to look whether a new Sofia still needs them. The functions are with what they do. */
#include "signaling/sip/sip_overrides.h"

#include <glib.h>
#include <openssl/ssl.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/sip_util.h>
#include <stdbool.h>

#define OVERRIDE(function, reason)               \
    {                                            \
#function, (void *) (function), (reason) \
    }

/* sip_connections.c, sip_dual_stack.c, sip_refusal.c, sip_tls_sessions.c, in this order. */
static const cg_sip_override all[] = {
    OVERRIDE(su_root_register, "connections are not limited"),
    OVERRIDE(nta_agent_add_tport, "only one address family is listened on"),
    OVERRIDE(tport_primary_by_name, "hosts at IPv6 addresses are not reached"),
    OVERRIDE(tport_tsend, "a host is told a Contact of another address family"),
    OVERRIDE(sip_response_terminates_dialog, "a host's own trouble with an offer ends the call"),
    OVERRIDE(SSL_connect, "hosts are not told their name, nor shown a renewed certificate"),
    OVERRIDE(SSL_accept, "a renewed certificate is not shown"),
    OVERRIDE(tls_connect, "nobody hears why a host's TLS fails, and what waits for it times out"),
    OVERRIDE(SSL_shutdown, "sessions of TLS are never freed"),
};

const cg_sip_override *cg_sip_overrides(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(all);
    return all;
}

static bool is_in_front(const cg_sip_override *override)
{
    void *original = dlsym(RTLD_NEXT, override->name);
    return dlsym(RTLD_DEFAULT, override->name) == override->ours && original != NULL && original != override->ours;
}

const cg_sip_override *cg_sip_overrides_missing(const cg_sip_override *overrides, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_in_front(&overrides[i]))
            return &overrides[i];
    return NULL;
}
