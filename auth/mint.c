/* Access tokens, made with libjwt. It sorts the claims, which nobody minds; the algorithm is always the request's. */
#include "auth/mint.h"

#include "auth/identity.h"
#include "auth/pem.h"
#include "auth/token.h"
#include "base/json_writer.h"

#include <glib.h>
#include <jwt.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* base64url makes 4 characters of 3 bytes; header and signature need the rest. Also keeps libjwt, which takes its
 * buffers from the stack, small. */
#define MAX_CLAIMS_SIZE (CG_TOKEN_MAX_SIZE / 2)

#define MAX_TIME (1LL << 52) /* sums stay exact in every JSON implementation */

static const char *check_secret(const cg_mint_request *request)
{
    const char *error = NULL;
    if (!request->secret || request->secret[0] == '\0')
        return "there is no secret to sign with";
    if (!cg_algorithm_is_symmetric(request->algorithm))
        cg_pem_check_private(request->secret, request->algorithm, &error);
    else if (g_str_has_prefix(request->secret, "-----BEGIN "))
        error = "HS256, HS384 and HS512 sign with a secret, not with a PEM";
    return error;
}

static const char *check_request(const cg_mint_request *request)
{
    if (!cg_sid_parse(request->account.text, "AC", NULL) || !cg_sid_parse(request->key.text, "SK", NULL))
        return "an access token needs an account (AC) and a key (SK)";
    if (cg_sid_is_set(&request->application) && !cg_sid_parse(request->application.text, "AP", NULL))
        return "the application is not an AP id";
    if (request->identity && !cg_identity_valid(request->identity))
        return "the identity is not 1 to 121 of A-Z a-z 0-9 - . _ ~ @ + = with a letter or digit";
    if (request->incoming && !request->identity)
        return "a client that may be called needs an identity";
    if (request->issued_at < 0 || request->issued_at > MAX_TIME || request->ttl_s <= 0 || request->ttl_s > MAX_TIME)
        return "the times are not usable";
    return check_secret(request);
}

static void write_parameters(cg_json_writer *writer, const cg_form *parameters)
{
    if (!parameters || cg_form_size(parameters) == 0)
        return;
    cg_json_begin_object(writer, "params");
    for (size_t i = 0; i < cg_form_size(parameters); i++) {
        const char *name = cg_form_name_at(parameters, i);
        const char *value = cg_form_value_at(parameters, i);
        if (cg_form_get(parameters, name) == value) /* the first of a name; a second would be a duplicate claim */
            cg_json_write_string(writer, name, value);
    }
    cg_json_end_object(writer);
}

static void write_voice(cg_json_writer *writer, const cg_mint_request *request)
{
    cg_json_begin_object(writer, "voice");
    if (request->incoming) {
        cg_json_begin_object(writer, "incoming");
        cg_json_write_bool(writer, "allow", true);
        cg_json_end_object(writer);
    }
    if (cg_sid_is_set(&request->application)) {
        cg_json_begin_object(writer, "outgoing");
        cg_json_write_string(writer, "application_sid", request->application.text);
        write_parameters(writer, request->parameters);
        cg_json_end_object(writer);
    }
    cg_json_end_object(writer);
}

static char *format_claims(const cg_mint_request *request)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    g_autofree char *id = g_strdup_printf("%s-%" G_GINT64_FORMAT, request->key.text, request->issued_at);
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "jti", id);
    cg_json_begin_object(writer, "grants");
    if (request->identity)
        cg_json_write_string(writer, "identity", request->identity);
    write_voice(writer, request);
    cg_json_end_object(writer);
    if (request->not_before != 0)
        cg_json_write_integer(writer, "nbf", request->not_before);
    cg_json_write_integer(writer, "iat", request->issued_at);
    cg_json_write_integer(writer, "exp", request->issued_at + request->ttl_s);
    cg_json_write_string(writer, "iss", request->key.text);
    cg_json_write_string(writer, "sub", request->account.text);
    cg_json_end_object(writer);
    return cg_json_writer_steal(writer, NULL);
}

static char *sign(const cg_mint_request *request, const char *claims)
{
    jwt_t *jwt = NULL;
    char *token = NULL;
    jwt_alg_t algorithm = jwt_str_alg(cg_algorithm_name(request->algorithm));
    ERR_set_mark();
    if (jwt_new(&jwt) == 0 && jwt_add_header(jwt, "cty", "twilio-fpa;v=1") == 0 &&
        jwt_add_grants_json(jwt, claims) == 0 &&
        jwt_set_alg(jwt, algorithm, (const unsigned char *) request->secret, (int) strlen(request->secret)) == 0)
        token = jwt_encode_str(jwt);
    ERR_pop_to_mark();
    jwt_free(jwt);
    char *copy = g_strdup(token); /* libjwt's memory is the C library's, the caller's is GLib's */
    free(token);
    return copy;
}

char *cg_token_mint(const cg_mint_request *request, char **ret_error)
{
    const char *error = check_request(request);
    if (!error) {
        g_autofree char *claims = format_claims(request);
        g_autofree char *token = strlen(claims) <= MAX_CLAIMS_SIZE ? sign(request, claims) : NULL;
        if (token)
            return g_steal_pointer(&token);
        error = strlen(claims) <= MAX_CLAIMS_SIZE ? "the key cannot sign" : "there are too many parameters";
    }
    *ret_error = g_strdup(error);
    return NULL;
}
