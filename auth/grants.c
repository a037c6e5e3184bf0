/* The `grants` claim of access tokens. A member that is `null` counts as absent: absent never permits more. */
#include "auth/grants.h"

#include "auth/identity.h"

#include <glib.h>

void cg_grants_free(cg_grants *grants)
{
    if (!grants)
        return;
    g_free(grants->identity);
    g_free(grants->endpoint_id);
    cg_form_free(grants->parameters);
    g_free(grants);
}

static bool is_absent(const cg_json_value *value)
{
    return !value || cg_json_type_of(value) == CG_JSON_NULL;
}

static bool is_object_or_absent(const cg_json_value *value)
{
    return is_absent(value) || cg_json_type_of(value) == CG_JSON_OBJECT;
}

/* The text of a parameter: a string as it is, a number or truth value as the token spells it. NULL for anything else.
 */
static char *parameter_text(const cg_json_value *value)
{
    size_t size = 0;
    const char *raw = NULL;
    switch (cg_json_type_of(value)) {
    case CG_JSON_STRING:
        return g_strdup(cg_json_string(value));
    case CG_JSON_NUMBER:
    case CG_JSON_BOOL:
        raw = cg_json_raw(value, &size);
        return g_strndup(raw, size);
    case CG_JSON_NULL:
    case CG_JSON_ARRAY:
    case CG_JSON_OBJECT:
        break;
    }
    return NULL;
}

static bool read_parameters(const cg_json_value *parameters, cg_form *form)
{
    if (!is_object_or_absent(parameters) || cg_json_size(parameters) > CG_FORM_MAX_FIELDS)
        return false;
    for (const cg_json_value *value = cg_json_first(parameters); value; value = cg_json_next(value)) {
        if (is_absent(value))
            continue;
        g_autofree char *text = parameter_text(value);
        if (!text)
            return false;
        cg_form_set(form, cg_json_name(value), text);
    }
    return true;
}

static bool read_incoming(const cg_json_value *incoming, cg_grants *grants)
{
    const cg_json_value *allow = cg_json_get(incoming, "allow");
    if (!is_object_or_absent(incoming))
        return false;
    return is_absent(allow) || cg_json_bool(allow, &grants->incoming);
}

static cg_token_status read_outgoing(const cg_json_value *outgoing, cg_grants *grants)
{
    if (is_absent(outgoing))
        return CG_TOKEN_OK;
    const char *application = cg_json_string(cg_json_get(outgoing, "application_sid"));
    if (!application || !read_parameters(cg_json_get(outgoing, "params"), grants->parameters))
        return CG_TOKEN_GRANTS;
    if (!cg_sid_parse(application, "AP", &grants->application))
        return CG_TOKEN_APPLICATION;
    grants->outgoing = true;
    return CG_TOKEN_OK;
}

static cg_token_status read_voice(const cg_json_value *voice, cg_grants *grants)
{
    const cg_json_value *endpoint = cg_json_get(voice, "endpoint_id");
    if (cg_json_type_of(voice) != CG_JSON_OBJECT || !read_incoming(cg_json_get(voice, "incoming"), grants))
        return CG_TOKEN_GRANTS;
    if (!is_absent(endpoint) && !cg_json_string(endpoint))
        return CG_TOKEN_GRANTS;
    grants->endpoint_id = g_strdup(cg_json_string(endpoint));
    return read_outgoing(cg_json_get(voice, "outgoing"), grants);
}

cg_token_status cg_grants_read_access(const cg_json_value *claims, cg_grants *grants)
{
    const cg_json_value *all = cg_json_get(claims, "grants");
    const cg_json_value *identity = cg_json_get(all, "identity");
    cg_token_status status = read_voice(cg_json_get(all, "voice"), grants);
    if (status != CG_TOKEN_OK)
        return status;
    if (!is_absent(identity)) {
        if (!cg_json_string(identity) || !cg_identity_valid(cg_json_string(identity)))
            return CG_TOKEN_IDENTITY;
        grants->identity = g_strdup(cg_json_string(identity));
    }
    return grants->incoming && !grants->identity ? CG_TOKEN_IDENTITY : CG_TOKEN_OK;
}
