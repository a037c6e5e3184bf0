/* The `scope` claim of capability tokens: blank-separated "scope:<service>:<privilege>?<query>", where appParams is a
 * query inside the query and so escaped twice (a%3Db%2520c is a=b%20c is "a" = "b c"). */
#include "auth/grants.h"

#include "auth/identity.h"

#include <glib.h>
#include <string.h>

#define INCOMING "scope:client:incoming"
#define OUTGOING "scope:client:outgoing"
#define MAX_SCOPES 32 /* helper libraries write one to three */

/* The value of a field that may stand once at most. False if it stands twice. */
static bool get_single(const cg_form *query, const char *name, const char **ret_value)
{
    size_t count = 0;
    for (size_t i = 0; i < cg_form_size(query); i++)
        count += strcmp(cg_form_name_at(query, i), name) == 0;
    *ret_value = cg_form_get(query, name);
    return count <= 1;
}

/* Each scope may name the client; they must mean the same one. */
static cg_token_status take_identity(const char *name, cg_grants *grants)
{
    if (!name)
        return CG_TOKEN_OK;
    if (!cg_identity_valid(name) || (grants->identity && strcmp(grants->identity, name) != 0))
        return CG_TOKEN_IDENTITY;
    if (!grants->identity)
        grants->identity = g_strdup(name);
    return CG_TOKEN_OK;
}

static cg_token_status read_incoming(const cg_form *query, cg_grants *grants)
{
    const char *name = NULL;
    if (grants->incoming || !get_single(query, "clientName", &name))
        return CG_TOKEN_GRANTS;
    if (!name)
        return CG_TOKEN_IDENTITY;
    grants->incoming = true;
    return take_identity(name, grants);
}

static bool read_parameters(const char *text, cg_form *parameters)
{
    if (!text)
        return true;
    g_autoptr(cg_form) inner = cg_form_parse(text, strlen(text));
    if (!inner)
        return false;
    for (size_t i = 0; i < cg_form_size(inner); i++) {
        const char *name = cg_form_name_at(inner, i);
        if (cg_form_get(parameters, name))
            return false; /* which of the two did the back end mean? */
        cg_form_set(parameters, name, cg_form_value_at(inner, i));
    }
    return true;
}

static cg_token_status read_outgoing(const cg_form *query, cg_grants *grants)
{
    const char *application = NULL;
    const char *name = NULL;
    const char *parameters = NULL;
    if (grants->outgoing || !get_single(query, "appSid", &application) || !get_single(query, "clientName", &name) ||
        !get_single(query, "appParams", &parameters))
        return CG_TOKEN_GRANTS;
    if (!application || !read_parameters(parameters, grants->parameters))
        return CG_TOKEN_GRANTS;
    if (!cg_sid_parse(application, "AP", &grants->application))
        return CG_TOKEN_APPLICATION;
    grants->outgoing = true;
    return take_identity(name, grants);
}

static cg_token_status read_scope(const char *scope, cg_grants *grants)
{
    const char *mark = strchr(scope, '?');
    const char *query_text = mark ? mark + 1 : "";
    g_autofree char *name = mark ? g_strndup(scope, (size_t) (mark - scope)) : g_strdup(scope);
    bool incoming = strcmp(name, INCOMING) == 0;
    if (!incoming && strcmp(name, OUTGOING) != 0)
        return CG_TOKEN_OK; /* scope:stream:subscribe and others that we do not know */
    g_autoptr(cg_form) query = cg_form_parse(query_text, strlen(query_text));
    if (!query)
        return CG_TOKEN_GRANTS;
    return incoming ? read_incoming(query, grants) : read_outgoing(query, grants);
}

cg_token_status cg_grants_read_capability(const cg_json_value *claims, cg_grants *grants)
{
    const char *text = cg_json_string(cg_json_get(claims, "scope"));
    if (!text)
        return CG_TOKEN_GRANTS;
    g_auto(GStrv) scopes = g_strsplit(text, " ", MAX_SCOPES + 1);
    if (g_strv_length(scopes) > MAX_SCOPES)
        return CG_TOKEN_GRANTS;
    for (size_t i = 0; scopes[i]; i++) {
        cg_token_status status = read_scope(scopes[i], grants);
        if (status != CG_TOKEN_OK)
            return status;
    }
    /* As with access tokens: a token that says nothing about calls is not one for here. */
    return grants->incoming || grants->outgoing ? CG_TOKEN_OK : CG_TOKEN_GRANTS;
}
