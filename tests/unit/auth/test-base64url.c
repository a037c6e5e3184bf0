/* Strict base64url: RFC 4648 section 10's vectors without padding, and every spelling that must not pass. */
#include "auth/base64url.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *text;
    const char *bytes;
} vectors[] = {
    {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
    {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_-_", "\xfb\xff\xbf"},
};

static void test_vectors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        size_t size = 0;
        g_autofree uint8_t *bytes = cg_base64url_decode(vectors[i].text, strlen(vectors[i].text), &size);
        g_assert_cmpmem(bytes, size, vectors[i].bytes, strlen(vectors[i].bytes));
        g_assert_cmpint(bytes[size], ==, '\0');
    }
}

static void test_refused(void)
{
    static const char *const refused[] = {
        "Z",       "Zm9vY",            /* lengths that no bytes have */
        "Zg==",    "Zm8=",  "====",    /* padding */
        "Zh",      "Zm9",              /* bits set that no byte uses: "Zg" and "Zm8" spelled otherwise */
        "+/+/",                        /* the other alphabet */
        "Zm 9",    "Zm\n9", "Zm9v\n",  /* white space */
        "Zm9\xc3", "Zm9.",  "Zm9\x7f", /* anything else */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        size_t size = 12345;
        g_assert_null(cg_base64url_decode(refused[i], strlen(refused[i]), &size));
        g_assert_cmpuint(size, ==, 12345);
    }
    size_t size = 0;
    g_assert_null(cg_base64url_decode("Zm9\0", 4, &size));
}

/* Every byte sequence of up to two bytes has exactly one text. */
static void test_one_spelling(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t pairs = 0;
    size_t triples = 0;
    for (size_t i = 0; i < 64 * 64 * 64; i++) {
        size_t size = 0;
        const char text[3] = {alphabet[i / 4096], alphabet[i / 64 % 64], alphabet[i % 64]};
        g_autofree uint8_t *two = cg_base64url_decode(text, 3, &size);
        triples += two != NULL;
        g_autofree uint8_t *one = i < 4096 ? cg_base64url_decode(text + 1, 2, &size) : NULL;
        pairs += one != NULL;
    }
    g_assert_cmpuint(pairs, ==, 256);
    g_assert_cmpuint(triples, ==, 65536);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base64url/vectors", test_vectors);
    g_test_add_func("/base64url/refused", test_refused);
    g_test_add_func("/base64url/one-spelling", test_one_spelling);
    return g_test_run();
}
