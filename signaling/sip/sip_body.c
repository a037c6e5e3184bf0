/* Content-Type, Content-Encoding, Content-Disposition, and what they say of a body or of a part of one. */
#include "signaling/sip/sip_body.h"

#include "signaling/sip/sip.h"
#include "signaling/sip/sip_multipart.h"

#include <string.h>

enum { MAX_DEPTH = 3 }; /* of parts in parts */

/* A body, or one of its parts. */
typedef struct {
    const msg_content_type_t *type;
    const msg_content_disposition_t *disposition;
    const msg_content_encoding_t *encoding;
    const msg_content_transfer_encoding_t *transfer;
    const char *data;
    size_t size;
    unsigned depth; /* 0: the body */
} entity;

/* What is taken of it: with `data` a description; with a status nothing, and that is why. */
typedef struct {
    unsigned status;
    const char *data;
    size_t size;
} finding;

static const finding nothing = {0}, foreign = {.status = 415};

static bool is_encoded(const entity *what)
{
    const char *transfer = what->transfer != NULL ? what->transfer->g_string : NULL;
    for (const msg_param_t *item = what->encoding != NULL ? what->encoding->k_items : NULL;
         item != NULL && *item != NULL; item++)
        if (g_ascii_strcasecmp(*item, "identity") != 0)
            return true;
    return transfer != NULL && g_ascii_strcasecmp(transfer, "binary") != 0 &&
           g_ascii_strcasecmp(transfer, "8bit") != 0 && g_ascii_strcasecmp(transfer, "7bit") != 0;
}

static bool is_of_type(const entity *what, const char *type)
{
    return what->type != NULL && what->type->c_type != NULL && g_ascii_strcasecmp(what->type->c_type, type) == 0;
}

static bool has_parts(const entity *what)
{
    return what->type != NULL && what->type->c_type != NULL &&
           g_ascii_strncasecmp(what->type->c_type, "multipart/", strlen("multipart/")) == 0;
}

/* A part may be the description of something else, as of early media (RFC 3959). */
static bool is_description(const entity *what)
{
    const char *purpose = what->disposition != NULL ? what->disposition->cd_type : NULL;
    return is_of_type(what, "application/sdp") &&
           (what->depth == 0 || purpose == NULL || g_ascii_strcasecmp(purpose, "session") == 0);
}

/* A body is required unless it says otherwise (RFC 3261 section 20.11). Of its parts only those are that say so: trunks
 * put locations and recording data beside descriptions without a word on handling. */
static finding pass_over(const entity *what)
{
    bool required = what->disposition != NULL && what->disposition->cd_required;
    return what->depth == 0 || required ? foreign : nothing;
}

static finding examine(su_home_t *home, const entity *what);

static finding examine_part(su_home_t *home, const entity *whole, const msg_multipart_t *part, const char *copy)
{
    if (part->mp_payload == NULL)
        return nothing;
    entity what = {
        .type = part->mp_content_type,
        .disposition = part->mp_content_disposition,
        .encoding = part->mp_content_encoding,
        .transfer = part->mp_content_transfer_encoding,
        .data = whole->data + (part->mp_payload->pl_data - copy),
        .size = part->mp_payload->pl_len,
        .depth = whole->depth + 1,
    };
    return examine(home, &what);
}

/* Of alternatives the last that is understood counts (RFC 2046 section 5.1.4), of others the first description; kinds
 * that are not known are mixed ones (section 5.1.3). */
static finding examine_parts(su_home_t *home, const entity *whole)
{
    const char *copy;
    bool alternative = is_of_type(whole, "multipart/alternative");
    finding found = nothing;
    const msg_multipart_t *part = cg_sip_multipart_parse(home, whole->type, whole->data, whole->size, &copy);
    if (part == NULL)
        return (finding){.status = whole->size > CG_SIP_MAX_MULTIPART ? 413 : 400};
    for (; part != NULL; part = part->mp_next) {
        finding one = examine_part(home, whole, part, copy);
        if (one.status != 0 && (!alternative || one.status != 415))
            return one;
        if (one.data != NULL && (alternative || found.data == NULL))
            found = one;
    }
    return alternative && found.data == NULL ? pass_over(whole) : found;
}

static finding examine_content(su_home_t *home, const entity *what)
{
    bool description = is_description(what);
    if (description && is_encoded(what)) /* passed over, the request would be one without an offer */
        return foreign;
    if (description)
        return (finding){.data = what->data, .size = what->size};
    return has_parts(what) && !is_encoded(what) && what->depth < MAX_DEPTH ? examine_parts(home, what)
                                                                           : pass_over(what);
}

static finding examine(su_home_t *home, const entity *what)
{
    bool optional = what->disposition != NULL && what->disposition->cd_optional;
    finding found = what->size > 0 ? examine_content(home, what) : nothing;
    return optional && found.status != 0 ? nothing : found;
}

static finding look(const sip_t *message)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    if (message == NULL || message->sip_payload == NULL)
        return nothing;
    entity what = {
        .type = message->sip_content_type,
        .disposition = message->sip_content_disposition,
        .encoding = message->sip_content_encoding,
        .data = message->sip_payload->pl_data,
        .size = message->sip_payload->pl_len,
    };
    finding found = examine(home, &what);
    su_home_deinit(home);
    return found;
}

unsigned cg_sip_body_refusal(const sip_t *message)
{
    return look(message).status;
}

char *cg_sip_read_body(const sip_t *message)
{
    finding found = look(message);
    if (found.data == NULL)
        return found.status != 0 ? g_strdup("") : NULL;
    /* A NUL inside would hide what is behind it. */
    bool usable = found.size <= CG_SIP_MAX_BODY && memchr(found.data, '\0', found.size) == NULL;
    return g_strndup(found.data, usable ? found.size : 0);
}
