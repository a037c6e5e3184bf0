/* Addresses of both families there and back, and what is none. */
#include "base/ip_address.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *text, *written; /* NULL: it is no address */
    int family;
    size_t size;
} cases[] = {
    {"192.0.2.1", "192.0.2.1", AF_INET, 4},
    {"0.0.0.0", "0.0.0.0", AF_INET, 4},
    {"2001:DB8:0:0::1", "2001:db8::1", AF_INET6, 16},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", AF_INET6, 16},
    {"::", "::", AF_INET6, 16},
    {"", NULL, 0, 0},
    {"192.0.2", NULL, 0, 0},
    {"192.0.2.1:80", NULL, 0, 0},
    {"[2001:db8::1]", NULL, 0, 0},
    {"fe80::1%lo", NULL, 0, 0},
    {"localhost", NULL, 0, 0},
};

static void test_text(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sockaddr_storage address = {.ss_family = AF_UNIX};
        char text[INET6_ADDRSTRLEN];
        size_t size;
        g_assert_cmpint(cg_ip_address_parse(cases[i].text, &address), ==, cases[i].written != NULL);
        if (cases[i].written == NULL) {
            g_assert_cmpint(address.ss_family, ==, AF_UNIX);
            continue;
        }
        g_assert_cmpint(address.ss_family, ==, cases[i].family);
        g_assert_cmpuint(cg_ip_address_port(&address), ==, 0);
        g_assert_cmpstr(cg_ip_address_write(&address, text), ==, cases[i].written);
        g_assert_nonnull(cg_ip_address_octets(&address, &size));
        g_assert_cmpuint(size, ==, cases[i].size);
    }
}

static void test_neither_family(void)
{
    const struct sockaddr_storage nothing = {.ss_family = AF_UNSPEC};
    char text[INET6_ADDRSTRLEN];
    g_assert_cmpstr(cg_ip_address_write(&nothing, text), ==, "");
}

static void test_port(void)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct sockaddr_storage address;
        char text[INET6_ADDRSTRLEN];
        g_assert_true(cg_ip_address_parse(texts[i], &address));
        cg_ip_address_set_port(&address, 5060);
        g_assert_cmpuint(cg_ip_address_port(&address), ==, 5060);
        g_assert_cmpstr(cg_ip_address_write(&address, text), ==, texts[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ip-address/text", test_text);
    g_test_add_func("/ip-address/neither-family", test_neither_family);
    g_test_add_func("/ip-address/port", test_port);
    return g_test_run();
}
