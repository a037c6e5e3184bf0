/* Both families on one port, as often as it takes. */
#include "bridge/transport/dual_port.h"

#include <errno.h>
#include <glib.h>

enum { ANY_PORT_ATTEMPTS = 16 };

/* True if it is open, or left out: none of our addresses is of this family, or the host does not have the family (any
 * more). */
static bool open_family(const cg_dual_port *how, const cg_addresses *addresses, int family, uint16_t port, void *user)
{
    struct sockaddr_storage address;
    if (!cg_addresses_bind_address(addresses, family, port, &address) || how->open(&address, user))
        return true;
    return family == AF_INET6 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

static bool open_both(const cg_dual_port *how, const cg_addresses *addresses, uint16_t port, void *user)
{
    if (!open_family(how, addresses, AF_INET, port, user))
        return false;
    uint16_t taken = how->port(AF_INET, user);
    if (open_family(how, addresses, AF_INET6, taken != 0 ? taken : port, user))
        return true;
    how->close(user);
    return false;
}

bool cg_dual_port_open(const cg_dual_port *how, const cg_addresses *addresses, uint16_t port, void *user,
                       char **ret_error)
{
    unsigned attempts = port == 0 ? ANY_PORT_ATTEMPTS : 1;
    for (unsigned i = 0; i < attempts; i++) {
        if (!open_both(how, addresses, port, user))
            continue;
        if (how->port(AF_INET, user) != 0 || how->port(AF_INET6, user) != 0)
            return true;
        *ret_error = g_strdup("none of the media addresses can be bound on this host");
        return false;
    }
    const char *reason = g_strerror(errno), *option = errno == EADDRNOTAVAIL ? "media.addresses" : how->option;
    *ret_error = port == 0 ? g_strdup_printf("%s: cannot bind a %s port: %s", option, how->protocol, reason)
                           : g_strdup_printf("%s: cannot bind %s port %u: %s", option, how->protocol, port, reason);
    return false;
}
