/* Sofia tells neither which ports it took nor why it could not: the one is read from its transports, the other found by
 * asking for the same ports again. */
#include "signaling/sip/sip_ports.h"

#include "base/ip_address.h"
#include "base/log.h"
#include "signaling/sip/sip_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/tport.h>
#include <string.h>
#include <unistd.h>

void cg_sip_ports_tell(nta_agent_t *agent)
{
    for (const tport_t *port = tport_primaries(nta_agent_tports(agent)); port != NULL; port = tport_next(port)) {
        const su_addrinfo_t *bound = tport_get_address(port);
        struct sockaddr_storage copy = {0};
        char address[INET6_ADDRSTRLEN];
        memcpy(&copy, bound->ai_addr, MIN(bound->ai_addrlen, sizeof copy));
        cg_log(CG_LOG_INFO, "sip.listening", CG_LOG_TEXT("transport", tport_name(port)->tpn_proto),
               CG_LOG_TEXT("address", cg_ip_address_write(&copy, address)),
               CG_LOG_NUMBER("port", cg_ip_address_port(&copy)));
    }
}

/* 0, or errno. */
static int try_port(const char *address, uint16_t port, int type)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type};
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, service, &hints, &found) != 0)
        return EINVAL;
    int fd = socket(found->ai_family, type | SOCK_CLOEXEC, 0);
    bool stream = type == SOCK_STREAM;
    bool free = fd >= 0 && (!stream || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0) &&
                bind(fd, found->ai_addr, found->ai_addrlen) == 0 && (!stream || listen(fd, 1) == 0);
    int fault = free ? 0 : errno;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return fault;
}

/* NULL if there is nothing against it. */
static char *fault_of(const char *address, uint16_t port, const char *transport, const char *option)
{
    int fault = try_port(address, port, strcmp(transport, "UDP") == 0 ? SOCK_DGRAM : SOCK_STREAM);
    bool elsewhere = fault == EADDRNOTAVAIL || fault == EAFNOSUPPORT || fault == EINVAL;
    return fault == 0 ? NULL
                      : g_strdup_printf("%s: cannot listen on %s %s port %u: %s", elsewhere ? "sip.listen" : option,
                                        address, transport, port, g_strerror(fault));
}

char *cg_sip_ports_fault(const cg_sip_config *config)
{
    bool secure = config->tls_certificate != NULL;
    char *fault = NULL;
    for (const char *const *address = config->addresses; fault == NULL && *address != NULL; address++) {
        fault = fault_of(*address, config->port, "UDP", "sip.port");
        if (fault == NULL)
            fault = fault_of(*address, config->port, "TCP", "sip.port");
        if (fault == NULL && secure)
            fault = fault_of(*address, config->tls_port, "TLS", "sip.tls_port");
    }
    if (fault != NULL)
        return fault;
    return g_strdup(secure ? "sip.tls_certificate: TLS cannot be used, or OpenSSL is set to less than TLS 1.2"
                           : "sip.port: cannot listen");
}
