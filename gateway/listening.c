/* Lines of the log: a firewall has to let these through. */
#include "gateway/listening.h"

#include "base/ip_address.h"
#include "base/log.h"
#include "bridge/bridge_ports.h"
#include "bridge/bridge_stats.h"

#include <glib.h>

static char *write_addresses(const struct sockaddr_storage *addresses, size_t count)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        char address[INET6_ADDRSTRLEN];
        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", cg_ip_address_write(&addresses[i], address));
    }
    return g_string_free(text, FALSE);
}

static void log_ports(const char *transport, const char *use, const struct sockaddr_storage *addresses, size_t count,
                      const char *ports)
{
    g_autofree char *text = write_addresses(addresses, count);
    cg_log(CG_LOG_INFO, "media.listening", CG_LOG_TEXT("transport", transport), CG_LOG_TEXT("use", use),
           CG_LOG_TEXT("addresses", text), CG_LOG_TEXT("ports", ports));
}

/* "40000-40003", "40000,51234": a worker's is the one after that of the worker before, unless any would do. */
static char *write_udp_ports(const cg_bridge *bridge)
{
    GString *text = g_string_new(NULL);
    unsigned count = cg_bridge_worker_count(bridge);
    for (unsigned i = 0; i < count; i++) {
        unsigned first = cg_bridge_udp_port(bridge, i), last = first;
        while (i + 1 < count && cg_bridge_udp_port(bridge, i + 1) == last + 1)
            last++, i++;
        g_string_append_printf(text, last > first ? "%s%u-%u" : "%s%u", text->len > 0 ? "," : "", first, last);
    }
    return g_string_free(text, FALSE);
}

static void log_ice(const cg_gateway *gateway)
{
    const cg_addresses *own = cg_bridge_addresses(gateway->bridge);
    const char *agents = gateway->config->media.servers.agent_ports;
    uint16_t tcp = cg_bridge_tcp_port(gateway->bridge);
    g_autofree char *udp = gateway->config->media.ice == CG_ICE_LITE ? write_udp_ports(gateway->bridge)
                                                                     : g_strdup(agents != NULL ? agents : "any");
    log_ports("udp", "ice", own->found, own->found_count, udp);
    if (tcp != 0) {
        g_autofree char *port = g_strdup_printf("%u", tcp);
        log_ports("tcp", "ice", own->found, own->found_count, port);
    }
}

void cg_listening_log(const cg_gateway *gateway)
{
    const cg_rtp_host *rtp = cg_bridge_rtp_host(gateway->bridge);
    log_ice(gateway);
    if (gateway->telephony->sip != NULL) {
        g_autofree char *ports = g_strdup_printf("%u-%u", rtp->port_min, rtp->port_max);
        log_ports("udp", "rtp", rtp->told, rtp->told_count, ports);
    }
}
