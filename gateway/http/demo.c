/* The demo configuration and its token endpoint. */
#include "gateway/http/demo.h"

#include "auth/identity.h"
#include "auth/mint.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/random.h"

#include <string.h>

#define TOKEN_TTL_S 3600
#define TONE_NUMBER "+15550100"

/* Two trunks to the phones that gateway/run starts; the tone's has a name, which the number becomes. */
static void add_phones(GString *text, const char *account, unsigned port)
{
    g_string_append_printf(text,
                           "[sip]\nlisten = 127.0.0.1\nport = 0\n[media]\nrtp_address = 127.0.0.1\n"
                           "[trunk demo-echo]\naccount = %s\nhosts = 127.0.0.1:%u\n"
                           "[trunk demo-tone]\naccount = %s\nhosts = 127.0.0.1:%u\nprefixes = " TONE_NUMBER
                           "\nstrip = %zu\n"
                           "add = tone\n"
                           "[demo]\ndial = sip:echo@127.0.0.1 lets you hear yourself, " TONE_NUMBER " plays a tone\n",
                           account, port, account, port + 2, strlen(TONE_NUMBER));
}

char *cg_demo_config_text(unsigned phones_port)
{
    cg_sid account = cg_sid_new("AC"), key = cg_sid_new("SK"), application = cg_sid_new("AP");
    char secret[41];
    cg_random_text(secret, 40);
    GString *text = g_string_new(NULL);
    g_string_printf(text,
                    "[account %s]\nname = Demo\n"
                    "[key %s]\naccount = %s\nalgorithm = HS256\nsecret = %s\n"
                    "[application %s]\naccount = %s\nname = Demo\nmode = direct\n"
                    "[demo]\nenabled = true\nkey = %s\napplication = %s\n",
                    account.text, key.text, account.text, secret, application.text, account.text, key.text,
                    application.text);
    if (phones_port != 0)
        add_phones(text, account.text, phones_port);
    return g_string_free(text, FALSE);
}

/* Each is an address, and what is said of it. */
static void write_destinations(cg_json_writer *writer, const char *const *dial)
{
    cg_json_begin_array(writer, "destinations");
    for (; dial != NULL && *dial != NULL; dial++) {
        size_t length = strcspn(*dial, " ");
        g_autofree char *address = g_strndup(*dial, length);
        cg_json_begin_object(writer, NULL);
        cg_json_write_string(writer, "address", address);
        cg_json_write_string(writer, "text", *dial + length + strspn(*dial + length, " "));
        cg_json_end_object(writer);
    }
    cg_json_end_array(writer);
}

static void respond_token(cg_http_response *response, const char *token, const char *identity, const char *const *dial)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "token", token);
    cg_json_write_string(writer, "identity", identity);
    cg_json_write_integer(writer, "ttl", TOKEN_TTL_S);
    write_destinations(writer, dial);
    cg_json_end_object(writer);
    cg_http_respond_json(response, 200, cg_json_writer_steal(writer, NULL));
}

static const cg_key *demo_key(const cg_config *config)
{
    cg_sid sid;
    return cg_sid_parse(config->demo_key, "SK", &sid) ? cg_directory_find_key(config->directory, &sid) : NULL;
}

static const cg_application *demo_application(const cg_config *config)
{
    cg_sid sid;
    return cg_sid_parse(config->demo_application, "AP", &sid) ? cg_directory_find_application(config->directory, &sid)
                                                              : NULL;
}

void cg_demo_handle_token(const cg_http_request *request, cg_http_response *response, const cg_config *config)
{
    g_autoptr(cg_json) json = cg_json_parse(request->body, request->body_size, NULL);
    const char *identity = cg_json_string(cg_json_get(cg_json_root(json), "identity"));
    g_autofree char *error = NULL;

    if (!config->demo) {
        cg_http_respond_error(response, 404,
                              "there is no demo here: get a token from your own back end (docs/tokens.md)");
        return;
    }
    if (identity == NULL || !cg_identity_valid(identity)) {
        cg_http_respond_error(response, 400,
                              identity == NULL
                                  ? "the body must be like {\"identity\":\"alice\"}"
                                  : "A blank, an accent or another character of this name is not for identities.");
        return;
    }
    const cg_key *key = demo_key(config);
    const cg_application *application = demo_application(config);
    g_assert(key != NULL && application != NULL); /* an enabled demo without them is refused with its file */
    cg_mint_request mint = {
        .account = key->account,
        .key = key->sid,
        .algorithm = key->algorithm,
        .secret = key->secret,
        .identity = identity,
        .incoming = true,
        .application = application->sid,
        .issued_at = cg_clock_wall_ms() / 1000,
        .ttl_s = TOKEN_TTL_S,
    };
    g_autofree char *token = cg_token_mint(&mint, &error);
    if (token == NULL)
        cg_http_respond_error(response, 500, error);
    else
        respond_token(response, token, identity, config->demo_dial);
}
