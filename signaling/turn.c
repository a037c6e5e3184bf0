/* The grammar of TURN URLs, and pseudonyms. */
#include "signaling/turn.h"

#include <glib.h>
#include <string.h>

enum { NAME_LENGTH = 16, MAX_URL = 255 };

/* Ends where the host does, or NULL if there is none. */
static const char *skip_host(const char *text)
{
    if (*text != '[') {
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
        return length > 0 ? text + length : NULL;
    }
    size_t length = strspn(text + 1, "0123456789abcdefABCDEF:.");
    return length > 0 && text[1 + length] == ']' ? text + length + 2 : NULL;
}

/* The same of a port and its colon, which may be left out. */
static const char *skip_port(const char *text)
{
    if (*text != ':')
        return text;
    size_t length = strspn(text + 1, "0123456789");
    g_autofree char *digits = g_strndup(text + 1, length);
    return g_ascii_string_to_unsigned(digits, 10, 1, UINT16_MAX, NULL, NULL) ? text + 1 + length : NULL;
}

bool cg_turn_url_is_valid(const char *url)
{
    const char *rest = g_str_has_prefix(url, "turn:") ? url + 5 : g_str_has_prefix(url, "turns:") ? url + 6 : NULL;
    if (rest == NULL || strlen(url) > MAX_URL || (rest = skip_host(rest)) == NULL || (rest = skip_port(rest)) == NULL)
        return false;
    return *rest == '\0' || g_str_equal(rest, "?transport=udp") || g_str_equal(rest, "?transport=tcp");
}

/* Not the identity itself: TURN carries it unencrypted. The first words keep this MAC apart from passwords. */
static char *pseudonym(const char *secret, const char *account, const char *identity)
{
    g_autofree char *who = g_strdup_printf("callgate client %s %s", account, identity != NULL ? identity : "");
    char *name = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *) secret, strlen(secret), who, -1);
    name[NAME_LENGTH] = '\0';
    return name;
}

cg_turn_credentials cg_turn_client_credentials(const char *secret, const char *account, const char *identity,
                                               int64_t expires_at)
{
    g_autofree char *name = pseudonym(secret, account, identity);
    return cg_turn_credentials_make(secret, name, expires_at);
}
