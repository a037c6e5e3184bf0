/* Origins, hosts and peer addresses. */
#include "signaling/origin.h"
#include "signaling/peer_address.h"

#include <arpa/inet.h>
#include <glib.h>

static const char *const some[] = {"https://agents.example", "http://dev.example:3000", NULL};
static const char *const none[] = {NULL};
static const char *const all[] = {"*", NULL};

static void test_allowed(void)
{
    static const struct {
        const char *origin, *host;
        const char *const *allowed;
        bool expected;
    } cases[] = {
        {NULL, "h.example", none, true}, /* no browser */
        {"https://h.example", "h.example", none, true},
        {"https://H.Example", "h.example", NULL, true},
        {"https://h.example", "h.example:443", none, true},
        {"http://h.example", "h.example:80", none, true},
        {"http://h.example:80", "h.example", none, true},
        {"http://h.example:8080", "h.example:8080", none, true},
        {"https://[::1]:8443", "[::1]:8443", none, true},
        {"http://h.example", "h.example:443", none, false},
        {"https://h.example", "h.example:80", none, false},
        {"http://h.example:8080", "h.example", none, false},
        {"https://h.example.evil.example", "h.example", none, false},
        {"https://h.example", "h.example.evil.example", none, false},
        {"https://h.example", NULL, none, false},
        {"https://", "", none, false},
        {"https://:443", ":443", none, false},
        {"null", "h.example", none, false},
        {"h.example", "h.example", none, false},
        {"", "", none, false},
        {"https://agents.example", "h.example", some, true},
        {"HTTPS://AGENTS.example", "h.example", some, true},
        {"http://agents.example", "h.example", some, false},
        {"https://agents.example:444", "h.example", some, false},
        {"http://dev.example:3000", "h.example", some, true},
        {"http://dev.example", "h.example", some, false},
        {"null", "h.example", all, true},
        {"https://anyone.example", "h.example", all, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s at %s", cases[i].origin, cases[i].host);
        g_assert_cmpint(cg_origin_allowed(cases[i].origin, cases[i].host, cases[i].allowed), ==, cases[i].expected);
    }
}

static void test_hosts(void)
{
    static const struct {
        const char *host;
        bool valid, loopback;
    } cases[] = {
        {"localhost", true, true},
        {"LOCALHOST:80", true, true},
        {"127.0.0.1", true, true},
        {"127.1.2.3:8080", true, true},
        {"[::1]", true, true},
        {"[::1]:443", true, true},
        {"h.example:443", true, false},
        {"localhost.evil.example", true, false},
        {"127.0.0.1.evil", true, false},
        {"[::2]", true, false},
        {"128.0.0.1", true, false},
        {"[::1", true, false},
        {"", false, false},
        {"a b", false, false},
        {"h;script-src *", false, false},
        {"h\r\nX: y", false, false},
        {"a/b", false, false},
        {"::1", true, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].host);
        g_assert_cmpint(cg_host_valid(cases[i].host), ==, cases[i].valid);
        g_assert_cmpint(cg_host_is_loopback(cases[i].host), ==, cases[i].loopback);
    }
    g_autofree char *long_host = g_strnfill(256, 'a');
    g_assert_false(cg_host_valid(long_host));
    g_assert_false(cg_host_is_loopback(long_host));
}

static void test_peer_addresses(void)
{
    static const struct {
        const char *address, *text, *key;
        bool loopback;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7", "192.0.2.7", false},
        {"127.0.0.1", "127.0.0.1", "127.0.0.1", true},
        {"::1", "::1", "::", true},
        {"::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7", false},
        {"::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1", true},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", false},
        {"2001:db8:1:2::ffff", "2001:db8:1:2::ffff", "2001:db8:1:2::", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        bool is_v4 = inet_pton(AF_INET, cases[i].address, &v4.sin_addr) == 1;
        cg_peer_address peer;

        g_assert_true(is_v4 || inet_pton(AF_INET6, cases[i].address, &v6.sin6_addr) == 1);
        cg_peer_address_read(is_v4 ? (const struct sockaddr *) &v4 : (const struct sockaddr *) &v6, &peer);
        g_assert_cmpstr(peer.text, ==, cases[i].text);
        g_assert_cmpstr(peer.key, ==, cases[i].key);
        g_assert_cmpint(peer.is_loopback, ==, cases[i].loopback);
    }
    cg_peer_address peer;
    cg_peer_address_read(&(struct sockaddr){.sa_family = AF_UNIX}, &peer);
    g_assert_cmpstr(peer.text, ==, "?");
    g_assert_false(peer.is_loopback);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin/allowed", test_allowed);
    g_test_add_func("/origin/hosts", test_hosts);
    g_test_add_func("/origin/peer-addresses", test_peer_addresses);
    return g_test_run();
}
