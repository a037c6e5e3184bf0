/* Content-Type, Content-Encoding, Content-Disposition, and what they say of a body. */
#include "signaling/sip/sip_body.h"

#include "signaling/sip/sip.h"

#include <string.h>

static bool has_body(const sip_t *message)
{
    return message != NULL && message->sip_payload != NULL && message->sip_payload->pl_len > 0;
}

static bool is_encoded(const sip_t *message)
{
    const sip_content_encoding_t *encoding = message->sip_content_encoding;
    for (const msg_param_t *item = encoding != NULL ? encoding->k_items : NULL; item != NULL && *item != NULL; item++)
        if (g_ascii_strcasecmp(*item, "identity") != 0)
            return true;
    return false;
}

static bool is_description(const sip_t *message)
{
    const sip_content_type_t *type = message->sip_content_type;
    return type != NULL && type->c_type != NULL && g_ascii_strcasecmp(type->c_type, "application/sdp") == 0 &&
           !is_encoded(message);
}

static bool is_optional(const sip_t *message)
{
    return message->sip_content_disposition != NULL && message->sip_content_disposition->cd_optional;
}

bool cg_sip_body_is_foreign(const sip_t *message)
{
    return has_body(message) && !is_description(message) && !is_optional(message);
}

char *cg_sip_read_body(const sip_t *message)
{
    if (!has_body(message) || (!is_description(message) && is_optional(message)))
        return NULL;
    const sip_payload_t *payload = message->sip_payload;
    /* A NUL inside would hide what is behind it. */
    bool usable = is_description(message) && payload->pl_len <= CG_SIP_MAX_BODY &&
                  memchr(payload->pl_data, '\0', payload->pl_len) == NULL;
    return usable ? g_strndup(payload->pl_data, payload->pl_len) : g_strdup("");
}
