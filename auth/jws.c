/* Taking a token apart, strictly. libjwt would read the same text with a lenient base64 decoder and a JSON parser that
 * lets the last of two equal names win; nothing it reads is used, so what is signed is what is read here. */
#include "auth/jws.h"

#include "auth/base64url.h"

#include <glib.h>
#include <string.h>

#define CONTENT_TYPE "twilio-fpa;v=1" /* docs/tokens.md */

void cg_jws_free(cg_jws *jws)
{
    if (!jws)
        return;
    g_free(jws->text);
    cg_json_free(jws->header);
    cg_json_free(jws->claims);
    g_free(jws);
}

static cg_json *parse_object(const char *text, size_t size)
{
    size_t length = 0;
    g_autofree uint8_t *bytes = cg_base64url_decode(text, size, &length);
    g_autoptr(cg_json) json = bytes ? cg_json_parse((const char *) bytes, length, NULL) : NULL;
    return json && cg_json_type_of(cg_json_root(json)) == CG_JSON_OBJECT ? g_steal_pointer(&json) : NULL;
}

static bool parse_signature(const char *text, size_t size, size_t *ret_size)
{
    g_autofree uint8_t *bytes = cg_base64url_decode(text, size, ret_size);
    return bytes != NULL;
}

static bool parse_parts(cg_jws *jws, const char *token, size_t size)
{
    const char *end = token + size;
    const char *first = memchr(token, '.', size);
    const char *second = first ? memchr(first + 1, '.', (size_t) (end - first - 1)) : NULL;
    if (!second)
        return false;
    /* A third dot is outside the alphabet: parse_signature refuses it. */
    if (!parse_signature(second + 1, (size_t) (end - second - 1), &jws->signature_size))
        return false;
    jws->header = parse_object(token, (size_t) (first - token));
    if (!jws->header)
        return false;
    jws->claims = parse_object(first + 1, (size_t) (second - first - 1));
    return jws->claims != NULL;
}

cg_token_status cg_jws_parse(const char *token, size_t size, cg_jws **ret_jws)
{
    if (!token || size == 0)
        return CG_TOKEN_MISSING;
    if (size > CG_TOKEN_MAX_SIZE)
        return CG_TOKEN_TOO_LONG;
    g_autoptr(cg_jws) jws = g_new0(cg_jws, 1);
    if (!parse_parts(jws, token, size))
        return CG_TOKEN_MALFORMED;
    jws->text = g_strndup(token, size);
    *ret_jws = g_steal_pointer(&jws);
    return CG_TOKEN_OK;
}

/* A header parameter that must be absent or a text. False if it is something else. */
static bool get_text(const cg_json_value *header, const char *name, const char **ret_text)
{
    const cg_json_value *value = cg_json_get(header, name);
    *ret_text = cg_json_string(value);
    return !value || *ret_text;
}

cg_token_status cg_jws_check_header(const cg_jws *jws, cg_algorithm *ret_algorithm)
{
    const cg_json_value *header = cg_json_root(jws->header);
    const char *type = NULL;
    const char *content_type = NULL;
    if (!get_text(header, "typ", &type) || !get_text(header, "cty", &content_type))
        return CG_TOKEN_HEADER;
    if (type && g_ascii_strcasecmp(type, "JWT") != 0)
        return CG_TOKEN_HEADER;
    if (content_type && strcmp(content_type, CONTENT_TYPE) != 0)
        return CG_TOKEN_HEADER;
    /* RFC 7515 section 4.1.11: an extension that is marked critical and not understood refuses the token; we know none.
     */
    if (cg_json_get(header, "crit"))
        return CG_TOKEN_HEADER;
    if (!cg_algorithm_parse(cg_json_string(cg_json_get(header, "alg")), ret_algorithm))
        return CG_TOKEN_ALGORITHM;
    return CG_TOKEN_OK;
}
