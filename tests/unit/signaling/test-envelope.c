/* Envelopes of client messages: what is read, what is refused and with which words. */
#include "signaling/envelope.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *text;
    cg_envelope_status status;
    const char *type;  /* on CG_ENVELOPE_OK */
    const char *id;    /* as it stood; NULL: none */
    const char *error; /* a part of it */
} envelope_case;

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static const envelope_case cases[] = {
    {"{\"type\":\"listen\",\"payload\":{},\"version\":\"1.6\"}", CG_ENVELOPE_OK, "listen", NULL, NULL},
    {" \n{\"payload\":{\"a\":1},\"type\":\"token.expiring\"} ", CG_ENVELOPE_OK, "token.expiring", NULL, NULL},
    {"{\"type\":\"x\",\"id\":\"a\\u00e9\"}", CG_ENVELOPE_OK, "x", "\"a\\u00e9\"", NULL},
    {"{\"type\":\"x\",\"id\":-12}", CG_ENVELOPE_OK, "x", "-12", NULL},
    {"{\"type\":\"" X64 "\"}", CG_ENVELOPE_OK, X64, NULL, NULL},
    {"{\"type\":\"A_b-c.9\",\"id\":0,\"unknown\":[{}]}", CG_ENVELOPE_OK, "A_b-c.9", "0", NULL},
    {"{\"type\":\"" X64 "x\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "type must be 1 to 64"},
    {"{\"type\":\"\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "type must be"},
    {"{\"type\":\"a b\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "type must be"},
    {"{\"type\":\"\\u00e9\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "type must be"},
    {"{\"type\":null,\"id\":7}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, "7", "type must be"},
    {"{\"payload\":{}}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "type must be"},
    {"{\"type\":\"x\",\"payload\":[],\"id\":7}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, "7", "payload must be an object"},
    {"{\"type\":\"x\",\"payload\":\"{}\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "payload must be an object"},
    {"{\"type\":\"x\",\"id\":1.5}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "id must be"},
    {"{\"type\":\"x\",\"id\":true}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "id must be"},
    {"{\"type\":\"x\",\"id\":[1]}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "id must be"},
    {"{\"type\":\"x\",\"id\":\"" X64 "\"}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "at most 64 bytes"},
    {"{\"type\":\"x\",\"id\":99999999999999999999}", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "id must be"},
    {"[]", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "a JSON object"},
    {"\"type\"", CG_ENVELOPE_NOT_A_MESSAGE, NULL, NULL, "a JSON object"},
    {"{\"type\":\"x\"", CG_ENVELOPE_NOT_JSON, NULL, NULL, "at byte"},
    {"{\"type\":\"x\"}{}", CG_ENVELOPE_NOT_JSON, NULL, NULL, "at byte"},
    {"{\"type\":\"x\",\"type\":\"y\"}", CG_ENVELOPE_NOT_JSON, NULL, NULL, "duplicate"},
    {"{\"type\":\"x\\u0000\"}", CG_ENVELOPE_NOT_JSON, NULL, NULL, "at byte"},
    {"", CG_ENVELOPE_NOT_JSON, NULL, NULL, "at byte"},
    {"{\"type\":\"\xc0\xaf\"}", CG_ENVELOPE_NOT_UTF8, NULL, NULL, "not UTF-8"},
    {"{\"type\":\"\xed\xa0\x80\"}", CG_ENVELOPE_NOT_UTF8, NULL, NULL, "not UTF-8"},
};

static void assert_id(const cg_session_message *message, const char *expected)
{
    size_t size = 0;
    const char *raw = message->id ? cg_json_raw(message->id, &size) : NULL;

    if (expected)
        g_assert_cmpmem(raw, size, expected, strlen(expected));
    else
        g_assert_null(raw);
}

static void test_case(const void *data)
{
    const envelope_case *expected = data;
    cg_envelope envelope;
    /* A copy of exact size, so that a sanitizer sees reading beyond it. */
    g_autofree char *text = g_memdup2(expected->text, strlen(expected->text));
    cg_envelope_status status = cg_envelope_parse(text, strlen(expected->text), &envelope);

    g_assert_cmpint(status, ==, expected->status);
    g_assert_cmpstr(envelope.message.type, ==, expected->type);
    assert_id(&envelope.message, expected->id);
    if (expected->error)
        g_assert_nonnull(strstr(envelope.error, expected->error));
    else
        g_assert_cmpstr(envelope.error, ==, "");
    cg_envelope_finish(&envelope);
    cg_envelope_finish(&envelope);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/envelope/%zu", i);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
