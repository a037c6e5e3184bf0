/* Keys in the bodies of INFO requests. */
#include "signaling/sip/sip_keys.h"

#include <glib.h>
#include <string.h>

#define RELAY "application/dtmf-relay"
#define PLAIN "application/dtmf"

typedef struct {
    const char *type, *body;
    cg_sip_keys_result result;
    char key;
} keys_case;

static const keys_case cases[] = {
    {RELAY, "Signal=5\r\nDuration=160\r\n", CG_SIP_KEYS_OK, '5'},
    {RELAY, "Signal= 5\nDuration= 160", CG_SIP_KEYS_OK, '5'},
    {RELAY, "Duration=160\r\nSIGNAL = *\r\n", CG_SIP_KEYS_OK, '*'},
    {RELAY, "Signal=#", CG_SIP_KEYS_OK, '#'},
    {RELAY, "Signal=11\r\n", CG_SIP_KEYS_OK, '#'},
    {RELAY, "Signal=d\r\n", CG_SIP_KEYS_OK, 'D'},
    {"Application/DTMF-Relay", "Signal=0", CG_SIP_KEYS_OK, '0'},
    {PLAIN, "7", CG_SIP_KEYS_OK, '7'},
    {PLAIN, " 10\r\n", CG_SIP_KEYS_OK, '*'},
    {PLAIN, "15", CG_SIP_KEYS_OK, 'D'},
    {NULL, "", CG_SIP_KEYS_NONE, 0},
    {"text/plain", "", CG_SIP_KEYS_NONE, 0},
    {NULL, "5", CG_SIP_KEYS_OTHER, 0},
    {"application/sdp", "5", CG_SIP_KEYS_OTHER, 0},
    {RELAY, "", CG_SIP_KEYS_MALFORMED, 0},
    {PLAIN, "", CG_SIP_KEYS_MALFORMED, 0},
    {PLAIN, "55", CG_SIP_KEYS_MALFORMED, 0},
    {PLAIN, "16", CG_SIP_KEYS_MALFORMED, 0}, /* flash */
    {PLAIN, "x", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Duration=160\r\n", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Signal\r\n", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Signal=\r\n", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Signal=1 2\r\n", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Signal=1\r\nSignal=2\r\n", CG_SIP_KEYS_MALFORMED, 0},
    {RELAY, "Signal=1=2\r\n", CG_SIP_KEYS_MALFORMED, 0},
};

static void test_read(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const keys_case *c = &cases[i];
        char key = 0;
        g_test_message("%s: %s", c->type, c->body);
        g_assert_cmpint(cg_sip_keys_read(c->type, c->body, strlen(c->body), &key), ==, c->result);
        g_assert_cmpint(key, ==, c->key);
    }
}

static void test_bounds(void)
{
    char key = 0, many[300];
    memset(many, ' ', sizeof many);
    many[0] = '5';
    g_assert_cmpint(cg_sip_keys_read(PLAIN, many, 256, &key), ==, CG_SIP_KEYS_OK);
    g_assert_cmpint(cg_sip_keys_read(PLAIN, many, 257, &key), ==, CG_SIP_KEYS_MALFORMED);
    g_assert_cmpint(cg_sip_keys_read(PLAIN, "5\0", 2, &key), ==, CG_SIP_KEYS_MALFORMED);
    g_assert_cmpint(cg_sip_keys_read(RELAY, NULL, 0, &key), ==, CG_SIP_KEYS_MALFORMED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip-keys/read", test_read);
    g_test_add_func("/sip-keys/bounds", test_bounds);
    return g_test_run();
}
