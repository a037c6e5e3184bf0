/* Nobody wrote these bodies down; they are read as generously as is safe: any case, spaces round the sign, keys by name
 * or by the number that they have as events (RFC 4733 section 3.2). */
#include "signaling/sip/sip_keys.h"

#include <glib.h>
#include <string.h>

enum { MAX_BODY = 256 }; /* octets; a key and its duration take thirty */

/* Of a text without spaces round it. '\0': it is none. */
static char key_of(const char *text)
{
    static const char keys[] = "0123456789*#ABCD"; /* by their numbers */
    guint64 number;
    if (text[0] == '\0')
        return '\0';
    if (text[1] == '\0')
        return strchr(keys, g_ascii_toupper(text[0])) != NULL ? g_ascii_toupper(text[0]) : '\0';
    return strlen(text) == 2 && g_ascii_string_to_unsigned(text, 10, 10, 15, &number, NULL) ? keys[number] : '\0';
}

/* The value of the one line that names it. */
static char relayed_key(char *body)
{
    g_auto(GStrv) lines = g_strsplit_set(body, "\r\n", -1);
    char key = '\0';
    for (char **line = lines; *line != NULL; line++) {
        char *sign = strchr(*line, '=');
        if (sign == NULL)
            continue;
        *sign = '\0';
        if (g_ascii_strcasecmp(g_strstrip(*line), "Signal") != 0)
            continue;
        if (key != '\0')
            return '\0'; /* which of the two? */
        key = key_of(g_strstrip(sign + 1));
        if (key == '\0')
            return '\0';
    }
    return key;
}

cg_sip_keys_result cg_sip_keys_read(const char *type, const char *body, size_t size, char *ret_key)
{
    bool relay = type != NULL && g_ascii_strcasecmp(type, "application/dtmf-relay") == 0;
    bool plain = type != NULL && g_ascii_strcasecmp(type, "application/dtmf") == 0;
    if (size == 0 && !relay && !plain)
        return CG_SIP_KEYS_NONE;
    if (!relay && !plain)
        return CG_SIP_KEYS_OTHER;
    if (size > MAX_BODY || (size > 0 && memchr(body, '\0', size) != NULL))
        return CG_SIP_KEYS_MALFORMED;
    g_autofree char *copy = g_strndup(size > 0 ? body : "", size);
    char key = relay ? relayed_key(copy) : key_of(g_strstrip(copy));
    if (key == '\0')
        return CG_SIP_KEYS_MALFORMED;
    *ret_key = key;
    return CG_SIP_KEYS_OK;
}
