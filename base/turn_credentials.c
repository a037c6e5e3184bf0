/* The user name and its MAC. */
#include "base/turn_credentials.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

enum { SHA1_SIZE = 20 };

cg_turn_credentials cg_turn_credentials_make(const char *secret, const char *name, int64_t expires_at)
{
    cg_turn_credentials credentials;
    guint8 digest[SHA1_SIZE];
    gsize size = sizeof digest;
    g_snprintf(credentials.username, sizeof credentials.username, "%" PRId64 ":%s", expires_at, name);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *) secret, strlen(secret));
    g_hmac_update(hmac, (const guchar *) credentials.username, -1);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    g_autofree char *password = g_base64_encode(digest, size);
    g_strlcpy(credentials.password, password, sizeof credentials.password);
    return credentials;
}
