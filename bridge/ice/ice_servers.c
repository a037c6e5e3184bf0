/* Reading the servers' texts, and the passwords that a shared secret gives. */
#include "bridge/ice/ice_servers.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

enum { DEFAULT_PORT = 3478 };

static bool read_port(const char *text, uint16_t *ret_port)
{
    guint64 port;
    if (!g_ascii_string_to_unsigned(text, 10, 1, UINT16_MAX, &port, NULL))
        return false;
    *ret_port = (uint16_t) port;
    return true;
}

static bool is_address(const char *text, int family)
{
    struct in6_addr address;
    return inet_pton(family, text, &address) == 1;
}

/* "192.0.2.1", "192.0.2.1:3478", "[2001:db8::1]", "[2001:db8::1]:3478" */
static bool read_server(const char *text, cg_ice_server *ret_server)
{
    bool ipv6 = text[0] == '[';
    const char *start = ipv6 ? text + 1 : text;
    size_t length = strcspn(start, ipv6 ? "]" : ":");
    const char *rest = start + length;
    cg_ice_server server = {.port = DEFAULT_PORT};
    if (length >= sizeof server.address || (ipv6 && *rest++ != ']'))
        return false;
    memcpy(server.address, start, length);
    if (!is_address(server.address, ipv6 ? AF_INET6 : AF_INET))
        return false;
    if (*rest != '\0' && (*rest != ':' || !read_port(rest + 1, &server.port)))
        return false;
    *ret_server = server;
    return true;
}

static bool read_turn(const char *text, cg_ice_server *ret_server)
{
    if (g_ascii_strncasecmp(text, "turn:", 5) != 0)
        return false;
    g_auto(GStrv) parts = g_strsplit(text + 5, "?transport=", 2);
    cg_ice_server server;
    if (parts[0] == NULL || !read_server(parts[0], &server))
        return false;
    server.tcp = parts[1] != NULL && g_ascii_strcasecmp(parts[1], "tcp") == 0;
    if (parts[1] != NULL && !server.tcp && g_ascii_strcasecmp(parts[1], "udp") != 0)
        return false;
    *ret_server = server;
    return true;
}

static bool read_turn_servers(const char *const *texts, cg_ice_servers *servers, char **ret_error)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        if (servers->turn_count == CG_MAX_TURN_SERVERS) {
            *ret_error = g_strdup_printf("turn_servers: at most %d", CG_MAX_TURN_SERVERS);
            return false;
        }
        if (!read_turn(*texts, &servers->turn[servers->turn_count++])) {
            *ret_error = g_strdup_printf("turn_servers: \"%s\" is not turn:ADDRESS:PORT with an IP address, "
                                         "and ?transport=udp or tcp if at all",
                                         *texts);
            return false;
        }
    }
    return true;
}

static bool read_text(const char *option, const char *text, char ret_text[static CG_TURN_MAX_TEXT + 1],
                      char **ret_error)
{
    if (text == NULL || g_strlcpy(ret_text, text, CG_TURN_MAX_TEXT + 1) <= CG_TURN_MAX_TEXT)
        return true;
    *ret_error = g_strdup_printf("%s: at most %d characters", option, CG_TURN_MAX_TEXT);
    return false;
}

static bool read_credentials(const cg_ice_servers_config *config, cg_ice_servers *servers, char **ret_error)
{
    if (!read_text("turn_username", config->turn_username, servers->username, ret_error) ||
        !read_text("turn_password", config->turn_password, servers->password, ret_error) ||
        !read_text("turn_secret", config->turn_secret, servers->secret, ret_error))
        return false;
    bool named = *servers->username != '\0' && *servers->password != '\0';
    if (servers->turn_count == 0 || named != (*servers->secret != '\0'))
        return true;
    *ret_error = g_strdup("turn_servers: they need either turn_username and turn_password, or turn_secret");
    return false;
}

static bool read_ports(const char *text, cg_ice_servers *servers, char **ret_error)
{
    if (text == NULL)
        return true;
    g_auto(GStrv) parts = g_strsplit(text, "-", 2);
    if (parts[0] != NULL && parts[1] != NULL && read_port(g_strstrip(parts[0]), &servers->min_port) &&
        read_port(g_strstrip(parts[1]), &servers->max_port) && servers->min_port <= servers->max_port)
        return true;
    *ret_error = g_strdup_printf("agent_ports: \"%s\" is not FIRST-LAST with ports from 1 to 65535", text);
    return false;
}

bool cg_ice_servers_read(const cg_ice_servers_config *config, cg_ice_servers *ret_servers, char **ret_error)
{
    cg_ice_servers servers = {0};
    if (config->stun_server != NULL && !read_server(config->stun_server, &servers.stun)) {
        *ret_error = g_strdup_printf("stun_server: \"%s\" is not ADDRESS:PORT with an IP address", config->stun_server);
        return false;
    }
    if (!read_turn_servers(config->turn_servers, &servers, ret_error) ||
        !read_credentials(config, &servers, ret_error) || !read_ports(config->agent_ports, &servers, ret_error))
        return false;
    *ret_servers = servers;
    return true;
}
