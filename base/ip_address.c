/* The one place that knows both structs. */
#include "base/ip_address.h"

#include <arpa/inet.h>

static bool is_ipv6(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6;
}

bool cg_ip_address_parse(const char *text, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address = {0};
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *) &address)->sin_addr) == 1)
        address.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *) &address)->sin6_addr) == 1)
        address.ss_family = AF_INET6;
    else
        return false;
    *ret_address = address;
    return true;
}

const char *cg_ip_address_write(const struct sockaddr_storage *address, char ret_text[static INET6_ADDRSTRLEN])
{
    size_t size;
    ret_text[0] = '\0';
    inet_ntop(address->ss_family, cg_ip_address_octets(address, &size), ret_text, INET6_ADDRSTRLEN);
    return ret_text;
}

const uint8_t *cg_ip_address_octets(const struct sockaddr_storage *address, size_t *ret_size)
{
    *ret_size = is_ipv6(address) ? 16 : 4;
    return is_ipv6(address) ? ((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr
                            : (const uint8_t *) &((const struct sockaddr_in *) address)->sin_addr;
}

uint16_t cg_ip_address_port(const struct sockaddr_storage *address)
{
    return ntohs(is_ipv6(address) ? ((const struct sockaddr_in6 *) address)->sin6_port
                                  : ((const struct sockaddr_in *) address)->sin_port);
}

void cg_ip_address_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (is_ipv6(address))
        ((struct sockaddr_in6 *) address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *) address)->sin_port = htons(port);
}
