/* Origin and Host checks. Pure. */
#include "signaling/origin.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define MAX_HOST 255

/* Length of `authority` without the port that its scheme implies; `port` is ":80" or ":443". */
static size_t length_without_port(const char *authority, const char *port)
{
    size_t length = strlen(authority);

    return g_str_has_suffix(authority, port) ? length - strlen(port) : length;
}

static bool is_same_origin(const char *origin, const char *host)
{
    const char *authority = strstr(origin, "://");

    if (!authority || !host)
        return false;
    const char *port = g_ascii_strncasecmp(origin, "https://", 8) == 0 ? ":443" : ":80";
    authority += 3;
    size_t length = length_without_port(authority, port);
    return length > 0 && length == length_without_port(host, port) && g_ascii_strncasecmp(authority, host, length) == 0;
}

bool cg_origin_allowed(const char *origin, const char *host, const char *const *allowed)
{
    if (!origin || is_same_origin(origin, host))
        return true;
    for (; allowed && *allowed; allowed++)
        if (g_str_equal(*allowed, "*") || g_ascii_strcasecmp(*allowed, origin) == 0)
            return true;
    return false;
}

bool cg_host_valid(const char *host)
{
    size_t length = strlen(host);

    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(host[i]) && !strchr(".-_:[]", host[i]))
            return false;
    return length > 0 && length <= MAX_HOST;
}

/* Copies the host without its port; empty if it is too long or an IPv6 literal without brackets. */
static void copy_name(const char *host, char ret_name[static MAX_HOST + 1])
{
    const char *end = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
    size_t length = end ? (size_t) (end - host) + (host[0] == '[') : strlen(host);

    g_strlcpy(ret_name, host, MIN(length + 1, MAX_HOST + 1));
}

bool cg_host_is_loopback(const char *host)
{
    char name[MAX_HOST + 1];
    struct in_addr address;

    copy_name(host, name);
    if (g_ascii_strcasecmp(name, "localhost") == 0 || g_str_equal(name, "[::1]"))
        return true;
    return inet_pton(AF_INET, name, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}
