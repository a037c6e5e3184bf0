/* Identities go into addresses (client:alice), form fields, log lines, channel names and SIP user parts. The alphabet
 * has none of the characters that mean something there (: / ? # & ; * < > " quotes, blanks, controls), and room for
 * what back ends have at hand: e-mail addresses, UUIDs, base64url. Other names are for the back end to encode. */
#include "auth/identity.h"

#include "auth/token.h"

#include <glib.h>
#include <string.h>

bool cg_identity_valid(const char *text)
{
    size_t size = strlen(text);
    bool named = false; /* "." and ".." would be a path's */
    if (size == 0 || size > CG_IDENTITY_MAX_SIZE)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (g_ascii_isalnum(text[i]))
            named = true;
        else if (!strchr("-._~@+=", text[i]))
            return false;
    }
    return named;
}
