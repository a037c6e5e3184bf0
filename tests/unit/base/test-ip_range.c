/* Ranges of addresses: what is one, and what lies in it. */
#include "base/ip_range.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage made = {0};
    if (strchr(text, ':') != NULL) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        g_assert_cmpint(inet_pton(AF_INET6, text, &in6.sin6_addr), ==, 1);
        memcpy(&made, &in6, sizeof in6);
    } else {
        struct sockaddr_in in = {.sin_family = AF_INET};
        g_assert_cmpint(inet_pton(AF_INET, text, &in.sin_addr), ==, 1);
        memcpy(&made, &in, sizeof in);
    }
    return made;
}

static void test_contains(void)
{
    static const struct {
        const char *range, *address;
        bool inside;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.8/30", "192.0.2.11", true},
        {"192.0.2.8/30", "192.0.2.12", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"192.0.2.1", "::ffff:192.0.2.2", false},
        {"2001:db8::/32", "2001:db8:1::5", true},
        {"2001:db8::/32", "2001:db9::5", false},
        {"::/0", "192.0.2.1", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_ip_range range;
        struct sockaddr_storage tried = address(rows[i].address);
        g_test_message("%s in %s", rows[i].address, rows[i].range);
        g_assert_true(cg_ip_range_parse(rows[i].range, &range));
        g_assert_cmpint(cg_ip_range_contains(&range, &tried), ==, rows[i].inside);
    }
}

static void test_of_address(void)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};
    struct sockaddr_storage none = {.ss_family = AF_UNIX};
    cg_ip_range range = {.bits = 77};
    g_assert_false(cg_ip_range_of_address(&none, &range));
    g_assert_cmpuint(range.bits, ==, 77);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct sockaddr_storage one = address(texts[i]), other = address(texts[1 - i]);
        g_assert_true(cg_ip_range_of_address(&one, &range));
        g_assert_true(cg_ip_range_contains(&range, &one));
        g_assert_false(cg_ip_range_contains(&range, &other));
        g_assert_cmpuint(range.bits, ==, i == 0 ? 32 : 128);
    }
}

static void test_no_range(void)
{
    static const char *const texts[] = {
        "",           "host",           "192.0.2",        "192.0.2.1/33",   "192.0.2.1/24", "192.0.2.0/-1",
        "192.0.2.0/", "2001:db8::/129", "2001:db8::1/32", "192.0.2.0/24/8", "192.0.2.1 "};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        cg_ip_range range = {.bits = 77};
        g_test_message("\"%s\"", texts[i]);
        g_assert_false(cg_ip_range_parse(texts[i], &range));
        g_assert_cmpuint(range.bits, ==, 77);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ip_range/contains", test_contains);
    g_test_add_func("/ip_range/of_address", test_of_address);
    g_test_add_func("/ip_range/no_range", test_no_range);
    return g_test_run();
}
