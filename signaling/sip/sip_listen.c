/* A table of one or two; Sofia knows what an address is. */
#include "signaling/sip/sip_listen.h"

#include "signaling/sip/sip_message.h"
#include "signaling/sip/sip_peer.h"

#include <sofia-sip/hostdomain.h>
#include <sys/socket.h>

int cg_sip_family_of(const char *host)
{
    return host_is_ip4_address(host)                                  ? AF_INET
           : host_is_ip6_address(host) || host_is_ip6_reference(host) ? AF_INET6
                                                                      : AF_UNSPEC;
}

static const char *advertised(const char *const *advertise, const char *address)
{
    const char *name = NULL;
    for (; *advertise != NULL; advertise++) {
        if (cg_sip_family_of(*advertise) == cg_sip_family_of(address))
            return *advertise;
        if (cg_sip_family_of(*advertise) == AF_UNSPEC)
            name = *advertise;
    }
    return name != NULL ? name : address;
}

void cg_sip_listeners_init(cg_sip_listeners *listeners, const char *const *addresses, const char *const *advertise)
{
    for (; *addresses != NULL && listeners->count < CG_SIP_MAX_LISTENERS; addresses++)
        listeners->at[listeners->count++] = (cg_sip_listener){
            .family = cg_sip_family_of(*addresses),
            .address = g_strdup(*addresses),
            .host = cg_sip_write_host(advertised(advertise, *addresses)),
        };
}

void cg_sip_listeners_clear(cg_sip_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        g_free(listeners->at[i].address);
        g_free(listeners->at[i].host);
    }
    listeners->count = 0;
}

const char *cg_sip_listeners_of_family(const cg_sip_listeners *listeners, int family)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->at[i].family == family)
            return listeners->at[i].host;
    return listeners->at[0].host;
}

const char *cg_sip_listeners_towards(const cg_sip_listeners *listeners, const char *host)
{
    g_autofree char *name = host != NULL ? g_strndup(host, cg_sip_host_length(host)) : NULL;
    return cg_sip_listeners_of_family(listeners, name != NULL ? cg_sip_family_of(name) : AF_UNSPEC);
}

bool cg_sip_listeners_have(const cg_sip_listeners *listeners, const char *host, uint16_t port, uint16_t standard)
{
    for (size_t i = 0; i < listeners->count; i++) {
        g_autofree char *own = g_strdup_printf("%s:%u", listeners->at[i].host, port);
        if (g_ascii_strcasecmp(host, own) == 0 ||
            (port == standard && g_ascii_strcasecmp(host, listeners->at[i].host) == 0))
            return port != 0;
    }
    return false;
}

char *cg_sip_listener_url(const cg_sip_listener *listener, const char *scheme, uint16_t port)
{
    g_autofree char *bound = cg_sip_write_host(listener->address);
    return g_strdup_printf("%s:%s:%u;maddr=%s", scheme, listener->host, port, bound);
}
