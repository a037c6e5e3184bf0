/* Session descriptions in bodies, and in parts of such. */
#include "signaling/sip/sip_body.h"

#include "signaling/sip/sip.h"

#include <glib.h>
#include <sofia-sip/sip_parser.h>
#include <string.h>

#define PLAIN "Content-Type: application/sdp\r\n"
#define MIXED "Content-Type: multipart/mixed;boundary=b\r\n"
#define ALTERNATIVE "Content-Type: multipart/alternative;boundary=b\r\n"
#define PART(headers, text) "--b\r\n" headers "\r\n" text "\r\n"
#define END "--b--"
#define ISUP PART("Content-Type: application/isup\r\n", "\0\1--b\0")
#define REQUIRED PART("Content-Type: application/isup\r\nContent-Disposition: signal;handling=required\r\n", "i")
#define TEXT(text) text, sizeof text - 1

typedef struct {
    const char *headers, *body;
    size_t size;
    unsigned refusal;
    const char *sdp; /* NULL: none */
} body_case;

static const body_case cases[] = {
    {PLAIN, TEXT("v=0"), 0, "v=0"},
    {PLAIN, TEXT("v=0\0v=1"), 0, ""},
    {PLAIN, TEXT(""), 0, NULL},
    {PLAIN "Content-Encoding: gzip\r\n", TEXT("v=0"), 415, ""},
    {"Content-Type: text/plain\r\n", TEXT("v=0"), 415, ""},
    {"Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n", TEXT("v=0"), 0, NULL},
    {MIXED, TEXT(PART(PLAIN, "v=0") END), 0, "v=0"},
    {MIXED, TEXT("before\r\n" PART(PLAIN, "v=0") END "\r\nbehind"), 0, "v=0"},
    {MIXED, TEXT("--b \n" PLAIN "\nv=0\n--b--"), 0, "v=0"},
    {MIXED, TEXT(ISUP PART(PLAIN, "v=0") PART(PLAIN, "v=1") END), 0, "v=0"},
    {MIXED, TEXT(PART(PLAIN, "v=0\0v=1") END), 0, ""},
    {MIXED, TEXT(PART("X\0Y: z\r\n" PLAIN, "v=0") END), 0, "v=0"},
    {MIXED, TEXT(PART("\0\r\n" PLAIN, "v=0") END), 0, "v=0"},
    {MIXED, TEXT(ISUP END), 0, NULL},
    {MIXED, TEXT("--b\r\n--b\r\n\r\n--b\r\n" PLAIN "\r\n" END), 0, NULL},
    {MIXED, TEXT(PART(PLAIN, "v=0") REQUIRED END), 415, ""},
    {MIXED "Content-Disposition: session;handling=optional\r\n", TEXT(PART(PLAIN, "v=0") REQUIRED END), 0, NULL},
    {MIXED, TEXT(PART(PLAIN "Content-Disposition: early-session\r\n", "v=1") PART(PLAIN, "v=0") END), 0, "v=0"},
    {MIXED, TEXT(PART(PLAIN "Content-Transfer-Encoding: 8bit\r\n", "v=0") END), 0, "v=0"},
    {MIXED, TEXT(PART(PLAIN "Content-Transfer-Encoding: base64\r\n", "dj0w") END), 415, ""},
    {MIXED, TEXT(PART("Content-Type: multipart/related;boundary=c\r\n", "--c\r\n" PLAIN "\r\nv=0\r\n--c--") END), 0,
     "v=0"},
    {MIXED, TEXT(PART("Content-Type: multipart/mixed\r\n", "--c\r\n\r\n--c--") PART(PLAIN, "v=0") END), 400, ""},
    {ALTERNATIVE, TEXT(PART(PLAIN, "v=1") PART(PLAIN, "v=0") REQUIRED END), 0, "v=0"},
    {ALTERNATIVE, TEXT(ISUP END), 415, ""},
    {MIXED, TEXT(PART(PLAIN, "v=0")), 400, ""},
    {MIXED, TEXT(PART(PLAIN, "v=0") "--b"), 400, ""},
    {MIXED, TEXT("--b--"), 400, ""},
    {MIXED, TEXT("-"), 400, ""},
    {"Content-Type: multipart/mixed;boundary=\"b\"\r\n", TEXT(PART(PLAIN, "v=0") END), 0, "v=0"},
    {"Content-Type: multipart/mixed;boundary=\"\"\r\n", TEXT(PART(PLAIN, "v=0") END), 400, ""},
    {"Content-Type: multipart/mixed\r\n", TEXT(PART(PLAIN, "v=0") END), 400, ""},
};

static void check(const body_case *c)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    g_autofree char *start =
        g_strdup_printf("INVITE sip:a@b SIP/2.0\r\n%sContent-Length: %zu\r\n\r\n", c->headers, c->size);
    g_byte_array_append(text, (const guint8 *) start, (guint) strlen(start));
    g_byte_array_append(text, (const guint8 *) c->body, (guint) c->size);
    msg_t *msg = msg_make(sip_default_mclass(), 0, text->data, text->len);
    const sip_t *message = sip_object(msg);
    g_autofree char *sdp = cg_sip_read_body(message);
    g_assert_cmpuint(cg_sip_body_refusal(message), ==, c->refusal);
    g_assert_cmpstr(sdp, ==, c->sdp);
    msg_destroy(msg);
}

static void test_read(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%u: %s%s", i, cases[i].headers, cases[i].body);
        check(&cases[i]);
    }
}

/* One part, which is so long. */
static body_case long_case(GString *body, size_t length)
{
    g_string_assign(body, "--b\r\n" PLAIN "\r\n");
    for (size_t i = 0; i < length; i++)
        g_string_append_c(body, 'x');
    g_string_append(body, "\r\n" END);
    return (body_case){.headers = MIXED, .body = body->str, .size = body->len};
}

static void test_bounds(void)
{
    GString *body = g_string_new(NULL);
    body_case fits = long_case(body, CG_SIP_MAX_BODY);
    g_autofree char *all = g_strnfill(CG_SIP_MAX_BODY, 'x');
    fits.sdp = all;
    check(&fits);
    body_case too_long = long_case(body, CG_SIP_MAX_BODY + 1);
    too_long.sdp = "";
    check(&too_long);
    body_case too_many = long_case(body, 40000);
    too_many.refusal = 413;
    too_many.sdp = "";
    check(&too_many);
    g_string_free(body, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip-body/read", test_read);
    g_test_add_func("/sip-body/bounds", test_bounds);
    return g_test_run();
}
