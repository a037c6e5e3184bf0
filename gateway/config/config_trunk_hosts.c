/* What is left of a host is written into URIs as it is. */
#include "gateway/config/config_trunk_hosts.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ORDER = 65535 }; /* of a priority or a weight, as RFC 2782 has them */

/* Takes ";name=NUMBER" out of a host. False if that is no such number. */
static bool take_number(char *host, const char *name, unsigned min, unsigned *ret)
{
    char *at = strstr(host, name);
    guint64 value;
    if (at == NULL)
        return true;
    size_t skip = strlen(name), length = strcspn(at + skip, ";");
    g_autofree char *text = g_strndup(at + skip, length);
    if (!g_ascii_string_to_unsigned(text, 10, min, MAX_ORDER, &value, NULL))
        return false;
    memmove(at, at + skip + length, strlen(at + skip + length) + 1);
    *ret = (unsigned) value;
    return true;
}

/* "host", "host:port", "[address]:port", each with ";transport=udp", tcp or tls behind it. */
static bool is_host(const char *host)
{
    const char *bracket = strchr(host, ']'), *colon = strchr(bracket != NULL ? bracket : host, ':');
    unsigned long port = colon != NULL ? strtoul(colon + 1, NULL, 10) : 1;
    return port >= 1 && port <= UINT16_MAX &&
           g_regex_match_simple("^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?$",
                                host, G_REGEX_DOLLAR_ENDONLY, 0);
}

bool cg_config_take_host(cg_trunk *trunk, size_t i)
{
    trunk->priorities[i] = (unsigned) i + 1;
    trunk->weights[i] = 1;
    return take_number(trunk->hosts[i], ";priority=", 0, &trunk->priorities[i]) &&
           take_number(trunk->hosts[i], ";weight=", 1, &trunk->weights[i]) && is_host(trunk->hosts[i]);
}

bool cg_config_host_address(const char *host, cg_ip_range *ret_address)
{
    size_t skip = host[0] == '[' ? 1 : 0;
    g_autofree char *address = g_strndup(host + skip, strcspn(host + skip, skip ? "]" : ":;"));
    return cg_ip_range_parse(address, ret_address);
}
